"""Which generator comes closest to real patches in the same time, on your own data.

    python benchmarks/generator_fidelity.py FOLDER --seconds 480 --seeds 1,2,3 --out comparison

Each generator trains on one thread for about the same processor time, as a probe of three epochs
tells, on the training patients' masses; its samples are compared with masses of other patients.
Every row stands beside the real-real row. Processor time, so that a busy machine slows nobody.
"""

import statistics
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated

import numpy as np
import torch
import typer
from numpy.typing import NDArray

from centre_node.fidelity.comparison import FeatureKind, fidelity_report
from centre_node.fidelity.radiomics.extraction import radiomic_features
from centre_node.generators.sampling import sample_patches
from centre_node.generators.training import train_generator
from centre_node.mammography.datasets import read_folder
from centre_node.mammography.extraction import extract_patches
from centre_node.mammography.mammograms import Mammogram
from centre_node.mammography.patch_store import PatchStore
from centre_node.mammography.pictures import contact_sheet, write_png
from centre_node.mammography.splits import split_patients, with_kinds
from node_api.generator_training import GeneratorTraining
from node_api.patches import PatchConfiguration
from shared.architectures import Architecture, DcganArchitecture, ResidualArchitecture
from shared.fidelity import FidelityRow

PROBE_EPOCHS = 3
SHORT_RELATIVISTIC = {
    "batch_size": 16,
    "learning_rate": 1e-3,
    "learning_rate_end": 1e-4,
    "penalty_weight": 0.2,
    "penalty_weight_end": 0.02,
}
"""For minutes instead of days: faster than the defaults, with a weaker penalty."""

Contender = tuple[str, Architecture, GeneratorTraining]

CPU = torch.device("cpu")


def main(
    folder: Annotated[Path, typer.Argument(help="A data set's folder.")],
    out: Annotated[Path, typer.Option(help="Gets trainings, sample grids and the table.")],
    only: Annotated[
        str, typer.Option(help="Some of the generators, by commas; all by default.")
    ] = "all",
    seeds: Annotated[str, typer.Option(help="Of the trainings, by commas.")] = "1",
    seconds: Annotated[float, typer.Option(help="Training time of each generator.")] = 480,
    patches: Annotated[
        int | None, typer.Option(help="To train on, drawn at random; all by default.", min=16)
    ] = None,
    size: Annotated[int, typer.Option(help="Side of a patch in pixels.")] = 64,
    width: Annotated[int, typer.Option(help="Channels of the last hidden map.")] = 16,
    margin_px: Annotated[int, typer.Option()] = 14,
    smallest_side_px: Annotated[int, typer.Option()] = 32,
) -> None:
    """Train, sample, compare, and print the table."""
    torch.set_num_threads(1)
    cutting = PatchConfiguration(
        margin_px=margin_px,
        smallest_side_px=smallest_side_px,
        tissue="breast_mask",
        healthy_from="all_mammograms",
    )
    train, held_out = _masses(folder, cutting, out)
    drawn = np.random.default_rng(0).permutation(len(train.records))[:patches]
    seen = train.crops(sorted(drawn.tolist()), size=size)
    unseen = held_out.crops(range(len(held_out.records)), size=size)
    write_png(out / "real.png", contact_sheet(seen[:64], columns=8))
    typer.echo(f"{len(seen)} patches to train on, {len(unseen)} of other patients")
    patients = [record.patient_id for record in held_out.records]
    real = radiomic_features(unseen, CPU)
    rows: dict[str, list[FidelityRow]] = {}
    for name, architecture, training in _contenders(size, width):
        if only != "all" and name not in only.split(","):
            continue
        for seed in map(int, seeds.split(",")):
            started = time.process_time()
            epochs, samples = _train(
                seen,
                architecture,
                training.model_copy(update={"seed": seed}),
                out / f"{name}-{seed}",
                seconds,
                len(unseen),
            )
            taken = time.process_time() - started
            write_png(out / f"{name}-{seed}.png", contact_sheet(samples[:64], columns=8))
            report = fidelity_report(
                real,
                radiomic_features(samples, CPU),
                kind=FeatureKind("radiomics"),
                seed=0,
                patients=patients,
            )
            (out / f"{name}-{seed}.json").write_text(report.model_dump_json(indent=2))
            typer.echo(_line("real-real", report.real_real))
            typer.echo(
                _line(f"{name}, seed {seed}, {epochs} epochs, {taken:.0f} s", report.synthetic)
            )
            typer.echo(f"  {report.mode_collapse.statement}")
            rows.setdefault(name, []).append(report.synthetic)
    for name, found in rows.items():
        typer.echo(_over_seeds(name, found))


def _masses(
    folder: Path, configuration: PatchConfiguration, out: Path
) -> tuple[PatchStore, PatchStore]:
    """Return the masses of the training patients and those of all others."""
    mammograms = with_kinds(read_folder(folder, "auto", {}).mammograms, ("mass",))
    split = split_patients(mammograms, shares=(0.7, 0.15, 0.15), seed=0)
    train = [m for m in mammograms if m.patient_id in set(split.train)]
    others = [m for m in mammograms if m.patient_id not in set(split.train)]
    return (
        _extract(train, configuration, out / "patches-train"),
        _extract(others, configuration, out / "patches-others"),
    )


def _extract(
    mammograms: list[Mammogram], configuration: PatchConfiguration, folder: Path
) -> PatchStore:
    return extract_patches(
        mammograms,
        folder=folder,
        configuration=configuration,
        lesion_kinds=("mass",),
        healthy=0,
        seed=0,
        on_progress=lambda _done, _total: None,
    )


def _contenders(size: int, width: int) -> Iterator[Contender]:
    dcgan = DcganArchitecture(image_size=size, width=width)
    residual = ResidualArchitecture(image_size=size, width=width)
    for name, architecture, settings in (
        ("dcgan", dcgan, {"recipe": "paper"}),
        ("dcgan-averaged", dcgan, {"augmentation": None}),
        ("dcgan-improved", dcgan, {}),
        ("wgan-gp", dcgan, {"recipe": "paper", "loss": "wgan-gp"}),
        ("relativistic-dcgan", dcgan, {"loss": "relativistic", **SHORT_RELATIVISTIC}),
        ("relativistic", residual, {"loss": "relativistic", **SHORT_RELATIVISTIC}),
    ):
        training = GeneratorTraining.model_validate({"precision": "bfloat16", **settings})
        yield name, architecture, training


def _train(
    patches: NDArray[np.uint8],
    architecture: Architecture,
    training: GeneratorTraining,
    folder: Path,
    seconds: float,
    count: int,
) -> tuple[int, NDArray[np.uint8]]:
    """Train for as many epochs as fit the time, and sample as many patches as are held out."""
    probe = training.model_copy(update={"epochs": PROBE_EPOCHS, "keep_weights_from_epoch": None})
    started = time.process_time()
    train_generator(
        patches,
        architecture=architecture,
        training=probe,
        folder=folder / "probe",
        device=CPU,
        on_epoch=lambda _event: None,
    )
    epochs = max(PROBE_EPOCHS, int(PROBE_EPOCHS * seconds / (time.process_time() - started)))
    weights = train_generator(
        patches,
        architecture=architecture,
        training=probe.model_copy(update={"epochs": epochs}),
        folder=folder / "training",
        device=CPU,
        on_epoch=lambda _event: None,
    )
    return epochs, sample_patches(weights, architecture, count=count, seed=7, device=CPU)


def _over_seeds(name: str, rows: Sequence[FidelityRow]) -> str:
    """Return a row of a Markdown table: the median over seeds, and the range."""
    cells = []
    for metric in ("kid", "precision", "recall", "coverage"):
        values = sorted(getattr(row, metric) for row in rows)
        cells.append(f"{statistics.median(values):.2f} ({values[0]:.2f} to {values[-1]:.2f})")
    return f"| {name} | {' | '.join(cells)} |"


def _line(name: str, row: FidelityRow) -> str:
    low, high = row.kid_interval or (float("nan"),) * 2
    return (
        f"{name:<48} KID {row.kid:.3f} ({low:.3f} to {high:.3f})  precision {row.precision:.2f}  "
        f"recall {row.recall:.2f}  density {row.density:.2f}  coverage {row.coverage:.2f}  "
        f"AUROC {row.auroc:.2f}  Frechet ratio {row.frechet_ratio:.2f}"
    )


if __name__ == "__main__":
    typer.run(main)
