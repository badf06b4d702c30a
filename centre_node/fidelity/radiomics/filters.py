"""The images that features are taken from: original, Laplacians of Gaussian, wavelet bands."""

import math
from functools import lru_cache

import torch
from torch import Tensor

SIGMAS_PX = (2, 3, 4, 5)
REACH_SIGMAS = 6
IMAGES = (
    "original",
    *(f"log-sigma-{sigma}-px" for sigma in SIGMAS_PX),
    *(f"wavelet-{band}" for band in ("LL", "LH", "HL", "HH")),
)

_ROOT_7, _SCALE = math.sqrt(7), 16 * math.sqrt(2)
COIFLET_LOW = tuple(
    tap / _SCALE
    for tap in (
        _ROOT_7 - 3,
        1 - _ROOT_7,
        14 - 2 * _ROOT_7,
        14 + 2 * _ROOT_7,
        5 + _ROOT_7,
        1 - _ROOT_7,
    )
)
"""The low-pass taps of the first coiflet; they sum to the square root of 2."""

COIFLET_HIGH = tuple((-1) ** (index + 1) * tap for index, tap in enumerate(COIFLET_LOW[::-1]))
"""The quadrature mirror of the low-pass taps; they sum to 0."""


def filtered(patches: Tensor) -> Tensor:
    """Return each patch as it is and under eight filters, in the order of `IMAGES`.

    Filters run in float64, so that the device and the number of patches leave no trace in the
    float32 result but by a rounding in a hundred million.

    Args:
        patches: uint8, shape (n, side, side).

    Returns:
        Grey values and their changes, float32, shape (n, 9, side, side).
    """
    pixels = patches.double()
    images = [pixels, *_laplacians(pixels), *_wavelet_bands(pixels)]
    return torch.stack([image.float() for image in images], dim=1)


def _laplacians(pixels: Tensor) -> list[Tensor]:
    """Return the Laplacian of Gaussian, times sigma squared, for each sigma; (n, side, side).

    Border pixels repeat outwards.

    Deviation: pyradiomics filters recursively, which only comes near a Gaussian; this is the
    sampled Gaussian itself.
    """
    count, side, _ = pixels.shape
    kernels = _gaussian_matrices(side).to(pixels.device)  # (2, sigmas, side, side)
    smooth, second = kernels
    # One product for all, since a batch of small ones takes four times as long.
    across = pixels.flatten(0, 1) @ kernels.flatten(0, 2).T
    across_smooth, across_second = across.view(count, side, 2, -1, side).permute(2, 0, 3, 1, 4)
    return list((smooth @ across_second + second @ across_smooth).unbind(1))


@lru_cache(maxsize=4)
def _gaussian_matrices(side: int) -> Tensor:
    """Return what smooths a line and what takes its second derivative; (2, sigmas, side, side)."""
    pairs = [torch.stack(_gaussian_matrix_pair(side, sigma)) for sigma in SIGMAS_PX]
    return torch.stack(pairs, dim=1)


def _gaussian_matrix_pair(side: int, sigma: float) -> tuple[Tensor, Tensor]:
    reach = math.ceil(REACH_SIGMAS * sigma)
    offsets = torch.arange(-reach, reach + 1, dtype=torch.float64)
    gaussian = torch.exp(-(offsets**2) / (2 * sigma**2))
    gaussian /= gaussian.sum()
    second = ((offsets / sigma) ** 2 - 1) * gaussian
    second -= second.sum() * gaussian  # a flat patch answers with exactly nothing
    return _line_matrix(gaussian, side), _line_matrix(second, side)


def _line_matrix(kernel: Tensor, side: int) -> Tensor:
    """Return the (side, side) matrix that correlates a line, its ends repeated, with a kernel."""
    reach = len(kernel) // 2
    rows = torch.arange(side)[:, None].expand(side, len(kernel))
    columns = (rows + torch.arange(-reach, reach + 1)).clamp(0, side - 1)
    matrix = torch.zeros(side, side, dtype=kernel.dtype)
    return matrix.index_put_((rows, columns), kernel.expand_as(rows), accumulate=True)


def _wavelet_bands(pixels: Tensor) -> list[Tensor]:
    """Return the bands of one level of the stationary coiflet transform; (n, side, side).

    The first letter of a band is for the pass along x, the second for that along y; patches wrap
    around. Equal to pyradiomics' (which is PyWavelets' swt2 with coif1) where the side is even.
    """
    return [
        _circular(_circular(pixels, along_x, dim=2), along_y, dim=1)
        for along_x in (COIFLET_LOW, COIFLET_HIGH)
        for along_y in (COIFLET_LOW, COIFLET_HIGH)
    ]


def _circular(pixels: Tensor, taps: tuple[float, ...], *, dim: int) -> Tensor:
    """Return sum_k taps[k] * pixels[i + 3 - k] along one dimension, wrapping around."""
    side, half = pixels.shape[dim], len(taps) // 2
    indices = torch.arange(-half + 1, side + half, device=pixels.device) % side
    wrapped = pixels.index_select(dim, indices)  # half - 1 more before, half more after
    total = torch.zeros_like(pixels)
    for index, tap in enumerate(reversed(taps)):
        total.add_(wrapped.narrow(dim, index, side), alpha=tap)
    return total
