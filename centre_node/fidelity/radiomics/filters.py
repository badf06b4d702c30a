"""The images that features are taken from: original, Laplacians of Gaussian, wavelet bands."""

import math
from functools import lru_cache

import torch
from torch import Tensor
from torch.nn.functional import pad

SIGMAS_PX = (2, 3, 4, 5)
REACH_SIGMAS = 6
DECIMALS = 9
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
    float32 result but by a rounding in a hundred million. Rounding to nine decimals before leaves
    exactly nothing where there is nothing to find, as in the black beside a breast.

    Args:
        patches: uint8, shape (n, side, side).

    Returns:
        Grey values and their changes, float32, shape (n, 9, side, side).
    """
    pixels = patches.double()
    images = pixels.new_empty(len(pixels), len(IMAGES), *pixels.shape[1:], dtype=torch.float32)
    for place, image in enumerate((pixels, *_laplacians(pixels), *_wavelet_bands(pixels))):
        images[:, place] = image.round(decimals=DECIMALS)
    return images


def _laplacians(pixels: Tensor) -> Tensor:
    """Return the Laplacian of Gaussian, times sigma squared; shape (sigmas, n, side, side).

    Border pixels repeat outwards. Kernels that are the same from both ends keep an even line even
    about its middle and an odd one odd: the four parts of a patch need a quarter of it each.

    Deviation: pyradiomics filters recursively, which only comes near a Gaussian; this is the
    sampled Gaussian itself.
    """
    count, side, _ = pixels.shape
    down, across = _half_matrices(side, pixels.device)
    parts = _folded(_folded(pixels, dim=1), dim=3)  # (2 along x, 2 along y, n, half, half)
    half = parts.shape[-1]
    columns = parts.transpose(2, 3).reshape(4, half, count * half)
    smooth, second = (torch.bmm(kernels, columns).view(-1, half * count, half) for kernels in down)
    responses = torch.bmm(second, across[0]).baddbmm_(smooth, across[1])
    responses = _unfolded(responses.view(2, 2, -1, half, count, half), side, dim=4)
    return _unfolded(responses, side, dim=1).transpose(1, 2)


@lru_cache(maxsize=4)
def _half_matrices(side: int, device: torch.device) -> tuple[Tensor, Tensor]:
    """Return what filters the four parts of a patch along y, and what does along x.

    The first smooths, the second takes the second derivative: (2, 4, sigmas * half, half) from
    the left, and (2, 4 * sigmas, half, half) from the right.
    """
    pairs = [torch.stack(_gaussian_matrix_pair(side, sigma)) for sigma in SIGMAS_PX]
    halves = 2 * _folded(torch.stack(pairs, dim=1), dim=3)
    half = halves.shape[-1]
    if side % 2:
        halves[0, ..., -1] /= 2  # the middle has no counterpart
    halves = halves[..., :half, :].transpose(0, 1).to(device)  # (2, 2 parts, sigmas, half, half)
    down = halves.flatten(2, 3).repeat(1, 2, 1, 1)
    across = halves.mT.repeat_interleave(2, dim=1).flatten(1, 2)
    return down, across


def _folded(values: Tensor, *, dim: int) -> Tensor:
    """Return the even part of lines, then the odd: the first half of each, the middle included."""
    half = (values.shape[dim] + 1) // 2
    start, end = (lines.narrow(dim, 0, half) for lines in (values, values.flip(dim)))
    return torch.stack([start + end, start - end]).div_(2)


def _unfolded(parts: Tensor, side: int, *, dim: int) -> Tensor:
    """Return the lines of `side` pixels that have the parts, the inverse of `_folded`."""
    even, odd = parts
    half = even.shape[dim]
    end = (even - odd).narrow(dim, 0, side - half).flip(dim)
    return torch.cat([even + odd, end], dim)


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
    count, side, _ = pixels.shape
    half = len(COIFLET_LOW) // 2
    wrapped = pad(pixels[None], (half - 1, half) * 2, mode="circular")[0]
    width = wrapped.shape[2]
    bands = [
        _filtered_along(_filtered_along(wrapped.flatten(), along_x, step=1), along_y, step=width)
        for along_x in (COIFLET_LOW, COIFLET_HIGH)
        for along_y in (COIFLET_LOW, COIFLET_HIGH)
    ]
    return [band.as_strided((count, side, side), (width**2, width, 1)) for band in bands]


def _filtered_along(values: Tensor, taps: tuple[float, ...], *, step: int) -> Tensor:
    """Return sum_k taps[5 - k] * values[i + k * step], as far as values reach.

    All rows as one line are several times as fast as rows one by one.
    """
    length = len(values) - (len(taps) - 1) * step
    shifted = [values[index * step :][:length] for index in range(len(taps))]
    total = shifted[-1] * taps[0]
    for part, tap in zip(shifted, reversed(taps[1:]), strict=False):
        total.add_(part, alpha=tap)
    return total
