"""How close a trained generator's samples are to the patches that it was trained on."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from centre_node.fidelity.comparison import LARGEST_SET, FeatureKind, fidelity_report
from centre_node.fidelity.features import Features, Matrix, standardised
from centre_node.fidelity.pictures import nearest_neighbours, side_by_side
from centre_node.fidelity.radiomics.extraction import radiomic_features
from centre_node.generators.collapse import COMPARED, diversity
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


def measure_fidelity(
    weights: Path,
    architecture: Architecture,
    patches: NDArray[np.uint8],
    *,
    patients: Sequence[str],
    seed: int,
    device: torch.device,
    on_count: Callable[[int], object] = lambda _more: None,
) -> MeasuredFidelity:
    """Sample as many patches as the generator was trained on, at most 2000, and compare.

    Args:
        weights: The generator's safetensors file.
        patches: What it was trained on, 8 bit, shape (n, side, side).
        patients: Whose each patch is.
        seed: Of the samples and of all that is drawn for the comparison.
        on_count: Told of how many more patches are measured, real ones and sampled ones.
    """
    count = sampled_for(len(patches))
    samples = sample_patches(weights, architecture, count=count, seed=seed, device=device)
    return compare_samples(
        patches,
        samples,
        features=lambda group: radiomic_features(group, device, on_count),
        kind=RADIOMICS,
        patients=patients,
        seed=seed,
    )


def sampled_for(patches: int) -> int:
    """Return how many patches are sampled to be compared with so many real ones."""
    return min(patches, LARGEST_SET)


def compare_samples(
    patches: NDArray[np.uint8],
    samples: NDArray[np.uint8],
    *,
    features: Features,
    kind: FeatureKind,
    patients: Sequence[str],
    seed: int,
    other_centre: NDArray[np.uint8] | None = None,
) -> MeasuredFidelity:
    """Compare samples with real patches, and draw both.

    Args:
        patches: Real, 8 bit, shape (n, side, side).
        samples: Synthetic, shape (m, side, side).
        patients: Whose each real patch is.
        seed: Of all that is drawn for the comparison.
        other_centre: Real patches of another centre, shape (k, side, side), for a row of their own.
    """
    real, synthetic = features(patches), features(samples)
    report = fidelity_report(
        real,
        synthetic,
        kind=kind,
        seed=seed,
        patients=patients,
        other_centre=None if other_centre is None else features(other_centre),
        pixel_diversity=diversity(_some(samples), _some(patches)),
    )
    in_one_unit = standardised(real, synthetic)
    return MeasuredFidelity(
        report,
        {
            "side-by-side.png": side_by_side(patches, samples),
            "nearest-neighbours.png": nearest_neighbours(
                samples, patches, real_features=in_one_unit[0], synthetic_features=in_one_unit[1]
            ),
        },
        real,
    )


def _some(patches: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return as many patches as a training compares, evenly spread."""
    count = min(len(patches), COMPARED)
    chosen: NDArray[np.uint8] = patches[np.linspace(0, len(patches) - 1, count).astype(int)]
    return chosen
