"""How dense samples lie around a patch: by kernels, and by a ball around it."""

import numpy as np
import torch
from numpy.typing import NDArray

from centre_node.privacy.distances import Groups, Rows, blocks


def log_densities(
    queries: Rows, support: Rows, device: torch.device, *, groups: Groups | None = None
) -> NDArray[np.float64]:
    """Return the log density of the support at each query, shape (n,), by Gaussian kernels.

    The axes should be in units of their standard deviation. The bandwidth is Scott's,
    m ** (-1 / (d + 4)). A factor that is the same for all queries is left out.

    Args:
        queries: Shape (n, d).
        support: Shape (m, d), m at least 1.
        groups: Rows of the support in a query's group count for nothing.
    """
    bandwidth = len(support) ** (-1 / (support.shape[1] + 4))
    total = torch.full((len(queries),), -torch.inf, dtype=torch.float64, device=device)
    for block in blocks(queries, support, device, groups=groups):
        part = torch.logsumexp(block.squares.double() / (-2 * bandwidth**2), dim=1)
        total[block.queries] = torch.logaddexp(total[block.queries], part)
    counted = np.full(len(queries), len(support), dtype=np.float64)
    if groups is not None:
        of, sizes = np.unique(groups.support, return_counts=True)
        own = dict(zip(of.tolist(), sizes.tolist(), strict=True))
        counted -= [own.get(group, 0) for group in groups.queries.tolist()]
    exponent = support.shape[1] * np.log(bandwidth)
    densities: NDArray[np.float64] = total.cpu().numpy() - np.log(counted) - exponent
    return densities


def mass_in_ball(
    queries: Rows, support: Rows, radius: float, device: torch.device
) -> NDArray[np.float64]:
    """Return how much of the support lies in a ball around each query, shape (n,).

    A row at distance r within the radius R counts as log(R / r), and so much the more, the
    nearer it is; one at 0 counts as if it were at R / 1000.

    Source: Hilprecht et al. 2019 (arXiv 1906.03006), section 4.2. Deviation: the distance is
    measured in radii, so that no row within the ball counts less than nothing.
    """
    total = torch.zeros(len(queries), dtype=torch.float64, device=device)
    for block in blocks(queries, support, device):
        radii = (block.squares.sqrt() / radius).clamp(1e-3, 1.0)
        total[block.queries] -= radii.log().double().sum(dim=1)
    mass: NDArray[np.float64] = (total / len(support)).cpu().numpy()
    return mass
