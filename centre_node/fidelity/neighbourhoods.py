"""Precision, recall, density and coverage: whose neighbourhoods hold whose patches."""

from dataclasses import dataclass

from centre_node.fidelity.distances import distances, to_nearest_others
from centre_node.fidelity.features import Matrix

NEIGHBOURS = 5


@dataclass(frozen=True, slots=True)
class Neighbourhoods:
    """Shares are 0 to 1; density is 0 up, and 1 is expected for equal distributions."""

    precision: float
    recall: float
    density: float
    coverage: float


def neighbourhoods(
    reference: Matrix, samples: Matrix, *, nearest: int = NEIGHBOURS
) -> Neighbourhoods:
    """Compare two sets of features by balls that reach to the `nearest`-th neighbour.

    Args:
        reference: Real patches, shape (n, d), n greater than `nearest`.
        samples: The patches to judge, shape (m, d), m greater than `nearest`.

    Source: Kynkaanniemi et al. 2019 (arXiv 1904.06991) for precision and recall; Naeem et al.
    2020 (arXiv 2002.09797) for density and coverage.
    """
    apart = distances(reference, samples)  # (n, m)
    around_real = to_nearest_others(reference, nearest)[:, None]
    around_sample = to_nearest_others(samples, nearest)[None, :]
    in_real = apart < around_real
    return Neighbourhoods(
        precision=float(in_real.any(axis=0).mean()),
        recall=float((apart < around_sample).any(axis=1).mean()),
        density=float(in_real.sum(axis=0).mean() / nearest),
        coverage=float(in_real.any(axis=1).mean()),
    )
