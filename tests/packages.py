"""Writes generator packages without a tensor library."""

import array
import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from shared.architectures import DcganArchitecture, TensorSpec
from shared.cards import ModelCard, Training, TrainingSet, WeightFile
from shared.fidelity import METRICS, FidelityReport, FidelityRow, ModeCollapse
from shared.packages import Package, write_package
from shared.sample_grids import Grid, grid_png

A_PICTURE = grid_png(Grid(3, 2, bytes([0, 50, 100, 150, 200, 250])))
TINY = DcganArchitecture(image_size=16, latent_size=4, width=4)


def safetensors_bytes(tensors: Mapping[str, TensorSpec], value: float = 0.5) -> bytes:
    """Return a file with every value of every tensor the same."""
    header, data = {}, b""
    for name, spec in tensors.items():
        values = array.array("f", [value] * math.prod(spec.shape)).tobytes()
        offsets = [len(data), len(data) + len(values)]
        header[name] = {"dtype": spec.dtype, "shape": list(spec.shape), "data_offsets": offsets}
        data += values
    text = json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text + data


def write_tiny_package(
    folder: Path, content: bytes | None = None, *, samples: bytes | None = None, **card: Any
) -> Package:
    """Write a package of a tiny generator; `content` replaces its weight file."""
    whole = safetensors_bytes(TINY.generator_tensors()) if content is None else content
    return write_tiny_ensemble(folder, {"weights.safetensors": whole}, samples=samples, **card)


def tiny_contents(count: int) -> dict[str, bytes]:
    """Return different weight files by the names that a training gives them."""
    names = [f"weights-epoch-{500 + 50 * number:04d}.safetensors" for number in range(count - 1)]
    tensors = TINY.generator_tensors()
    return {
        name: safetensors_bytes(tensors, 0.01 * (number + 1))
        for number, name in enumerate([*names, "weights.safetensors"])
    }


def write_tiny_ensemble(
    folder: Path,
    contents: Mapping[str, bytes],
    *,
    shares: Sequence[float] | None = None,
    samples: bytes | None = None,
    **card: Any,
) -> Package:
    """Write a package of several weight files."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / name for name in contents]
    for path in paths:
        path.write_bytes(contents[path.name])
    fields: dict[str, Any] = {
        "centre": "centre-b",
        "name": "lesions-dcgan",
        "title": "Tiny",
        "architecture": TINY,
        "training_set": TrainingSet(
            data_set="phantoms", lesion_kinds=("mass",), patients=9, patches=12
        ),
        "training": Training(
            loss="dcgan", epochs=1, batch_size=2, seed=0, genshare_version="0.1.0"
        ),
        "licence": "CC0 1.0",
        "use_terms": "Tests",
        "contact": "tests",
        **card,
    }

    def card_of(copies: tuple[WeightFile, ...]) -> ModelCard:
        even: Sequence[float | None] = [None] * len(copies)
        weights = tuple(
            file.model_copy(update={"share": share})
            for file, share in zip(copies, even if shares is None else shares, strict=True)
        )
        return ModelCard(**{"weights": weights, **fields})

    return write_package(folder / "package", paths, card_of, samples=samples)


def a_fidelity_report(patches: int = 40) -> FidelityReport:
    """Return a made-up report; below 20 patches nothing is judged."""
    judged = patches >= 20

    def row(kid: float, auroc: float) -> FidelityRow:
        values: dict[str, Any] = dict.fromkeys(METRICS, 0.5)
        values |= {"kid": kid, "auroc": auroc, "kid_interval": (kid - 0.1, kid + 0.1)}
        undefined = dict.fromkeys(METRICS)
        return FidelityRow.model_validate(
            {
                "patches": patches,
                **(values if judged else undefined),
                "reasons": {} if judged else dict.fromkeys(METRICS, "fewer than 20 patches"),
            }
        )

    return FidelityReport(
        features="radiomics",
        feature_count=558,
        extractor_sha256=None,
        split_by_patient=True,
        seed=0,
        frechet_dimensions=10 if judged else None,
        real_real=row(0.01, 0.52),
        synthetic=row(6.5, 0.97),
        other_centre=None,
        mode_collapse=ModeCollapse(
            verdict="none seen",
            spread_share=0.9,
            duplicate_share=0.06,
            statement="The samples are about as varied as the real patches.",
        ),
    )
