"""How close a trained generator's samples are to the patches that it was trained on."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from centre_node.fidelity.comparison import LARGEST_SET, FeatureKind, fidelity_report
from centre_node.fidelity.features import Matrix
from centre_node.fidelity.pictures import nearest_neighbours, side_by_side
from centre_node.fidelity.radiomics.extraction import radiomic_features
from centre_node.generators.sampling import sample_patches
from shared.architectures import Architecture
from shared.fidelity import FidelityReport

RADIOMICS = FeatureKind("radiomics of this package: 558 features, 32 grey levels")


@dataclass(frozen=True, slots=True)
class MeasuredFidelity:
    """A report, and pictures that show real patches and so stay in the centre.

    Attributes:
        pictures: PNG files by name.
        real: Features of the real patches, shape (n, d), for further comparisons.
    """

    report: FidelityReport
    pictures: dict[str, bytes]
    real: Matrix


def measured_fidelity(
    weights: Path,
    architecture: Architecture,
    patches: NDArray[np.uint8],
    *,
    patients: Sequence[str],
    seed: int,
    device: torch.device,
) -> MeasuredFidelity:
    """Sample as many patches as the generator was trained on, at most 2000, and compare.

    Args:
        weights: The generator's safetensors file.
        patches: What it was trained on, 8 bit, shape (n, side, side).
        patients: Whose each patch is.
        seed: Of the samples and of all that is drawn for the comparison.
    """
    count = min(len(patches), LARGEST_SET)
    samples = sample_patches(weights, architecture, count=count, seed=seed, device=device)
    real, synthetic = (radiomic_features(group, device) for group in (patches, samples))
    report = fidelity_report(real, synthetic, kind=RADIOMICS, seed=seed, patients=patients)
    return MeasuredFidelity(
        report,
        {
            "side-by-side.png": side_by_side(patches, samples),
            "nearest-neighbours.png": nearest_neighbours(
                samples, patches, synthetic_features=synthetic, real_features=real
            ),
        },
        real,
    )
