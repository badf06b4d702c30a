"""A study on phantoms that is small enough for every day."""

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from centre_node.generators.networks import DcganGenerator
from centre_node.generators.weights import export_weights
from centre_node.mammography.mammograms import Reading
from centre_node.mammography.phantoms import read_phantoms
from centre_node.study.preparation import StudyInputs
from node_api.data_sources import PhantomSet
from node_api.patches import PatchConfiguration
from node_api.studies import Arm, StudyConfiguration
from shared.architectures import DcganArchitecture
from shared.cards import ModelCard, Training, TrainingSet, WeightFile
from shared.cuttings import Cutting
from shared.packages import Package, write_package

TINY = DcganArchitecture(image_size=16, latent_size=4, width=4)


def untrained_package(
    folder: Path, *, centre: str = "centre-b", seed: int = 0, cutting: Cutting | None = None
) -> Package:
    """Return a generator of noise."""
    folder.mkdir(exist_ok=True)
    weights = folder / "weights.safetensors"
    torch.manual_seed(seed)
    export_weights(DcganGenerator(TINY), TINY, weights)

    trained_on = TrainingSet(
        data_set="none", lesion_kinds=("mass",), patients=5, patches=5, cutting=cutting
    )

    def card_of(copies: tuple[WeightFile, ...]) -> ModelCard:
        return ModelCard(
            centre=centre,
            name="lesions",
            title="Untrained",
            architecture=TINY,
            weights=copies,
            training_set=trained_on,
            training=Training(loss="dcgan", epochs=1, batch_size=2, seed=0, genshare_version="0"),
            licence="CC0-1.0",
            use_terms="Tests",
            contact="tests",
        )

    return write_package(folder / "package", [weights], card_of)


@cache
def phantoms(*, patients: int = 24, seed: int = 2) -> Reading:
    """Return a centre's mammograms, or with another seed another's; each is drawn once."""
    reading = read_phantoms(
        PhantomSet(style="digital", patients=patients, seed=seed, image_height_px=256)
    )
    kept = tuple(replace(one, load=_drawn_once(one.load)) for one in reading.mammograms)
    return replace(reading, mammograms=kept)


def _drawn_once(load: Callable[[], NDArray[np.uint8]]) -> Callable[[], NDArray[np.uint8]]:
    @cache
    def drawn() -> NDArray[np.uint8]:
        pixels = load()
        pixels.flags.writeable = False
        return pixels

    return drawn


def tiny_study(package: Package, **changes: Any) -> StudyConfiguration:
    """Return a grid of eight runs in three arms, or a changed one."""
    options: dict[str, Any] = {
        "patches": PatchConfiguration(margin_px=6, smallest_side_px=16),
        "image_size": 16,
        "split_shares": (0.6, 0.2, 0.2),
        "train_fractions": (1.0, 0.5),
        "classifier_training": {"epochs": 2},
        "synthetic_patches": 10,
        "arms": (
            Arm(name="none"),
            Arm(name="extra healthy only", extra_healthy=True),
            Arm(name="B", generators=(package.digest,)),
        ),
        "seeds": (0, 1),
        "resamples": 100,
        **changes,
    }
    return StudyConfiguration.model_validate(options)


def tiny_inputs(package: Package) -> StudyInputs:
    """Return what a tiny study is made of, with a donor."""
    return StudyInputs(
        own=phantoms(), donors={"centre-b": phantoms(seed=5)}, packages={package.digest: package}
    )
