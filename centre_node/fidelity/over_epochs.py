"""How fidelity went along a training. To look at: no checkpoint is chosen by it."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import Field

from centre_node.fidelity.features import Matrix
from centre_node.fidelity.halvings import HALVINGS, Halving, draw_halvings
from centre_node.fidelity.kernel_distance import kernel_distance, resampled_kernel_distances
from centre_node.fidelity.measuring import RADIOMICS
from centre_node.fidelity.neighbourhoods import neighbourhoods
from centre_node.fidelity.pictures import metric_curves
from centre_node.fidelity.radiomics.extraction import radiomic_features
from shared.models import StrictModel

RESAMPLES = 500
INTERVAL = (0.025, 0.975)
SHARES = ("precision", "recall", "coverage")
FEWEST_EPOCHS = 2


class FidelityPoint(StrictModel):
    """What `FidelityRow` says of the same names; means over random halvings."""

    kid: float
    kid_interval: tuple[float, float]
    precision: float
    recall: float
    coverage: float


class FidelityOverEpochs(StrictModel):
    """The samples of some epochs and one half of the real patches, each beside the other half.

    Attributes:
        patches: In each set that is compared; numbers of sets of another size, such as those of
            the card, differ by that alone.
    """

    features: str
    patches: int = Field(ge=1)
    seed: int = Field(ge=0)
    real_real: FidelityPoint
    epochs: tuple[int, ...]
    synthetic: tuple[FidelityPoint, ...]


def measure_over_epochs(
    samples: Mapping[int, NDArray[np.uint8]],
    real: Matrix,
    *,
    patients: Sequence[str],
    seed: int,
    device: torch.device,
    on_count: Callable[[int], object] = lambda _more: None,
) -> FidelityOverEpochs | None:
    """Compare the samples of each epoch with one half of the real patches.

    All epochs are compared with the same halves.

    Args:
        samples: 8-bit, shape (m, side, side), by epoch in order.
        real: Radiomic features of the real patches, shape (n, 558).
        patients: Whose each real patch is.
        seed: Of the halves and the bootstrap.
        on_count: Told of how many more samples are measured.

    Returns:
        None for fewer than two epochs or too few patches.
    """
    if len(samples) < FEWEST_EPOCHS:
        return None
    features = [radiomic_features(patches, device, on_count) for patches in samples.values()]
    random = np.random.default_rng(seed)
    largest = max(map(len, features))
    halvings = draw_halvings(real, features, patients=patients, largest_set=largest, random=random)
    if not halvings[0].is_large_enough:
        return None
    real_real, *synthetic = (
        _point(halvings, candidate, random) for candidate in range(len(features) + 1)
    )
    return FidelityOverEpochs(
        features=RADIOMICS.name,
        patches=len(halvings[0].reference),
        seed=seed,
        real_real=real_real,
        epochs=tuple(samples),
        synthetic=tuple(synthetic),
    )


def _point(
    halvings: Sequence[Halving], candidate: int, random: np.random.Generator
) -> FidelityPoint:
    pairs = [(halving.reference, halving.candidates[candidate]) for halving in halvings]
    around = [neighbourhoods(*pair) for pair in pairs]
    resampled = [
        resampled_kernel_distances(*pair, resamples=RESAMPLES // HALVINGS, random=random)
        for pair in pairs
    ]
    low, high = np.quantile(resampled, INTERVAL)
    shares = {name: float(np.mean([getattr(found, name) for found in around])) for name in SHARES}
    return FidelityPoint(
        kid=float(np.mean([kernel_distance(*pair) for pair in pairs])),
        kid_interval=(float(low), float(high)),
        **shares,
    )


def fidelity_curves(found: FidelityOverEpochs) -> bytes:
    """Return a PNG with a panel for each metric; the real halves are a dashed line."""
    metrics = ("kid", *SHARES)
    return metric_curves(
        found.epochs,
        {name: [getattr(point, name) for point in found.synthetic] for name in metrics},
        {name: getattr(found.real_real, name) for name in metrics},
        {"kid": [point.kid_interval for point in found.synthetic]},
    )
