"""Random fields whose power falls with a power of the frequency."""

from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

Field = NDArray[np.float32]

GRID = 512
"""Side of every periodic field, in grid points."""


def power_law(
    random: np.random.Generator, *, slope: float, stretch: float = 1.0, count: int = 1
) -> list[Field]:
    """Return independent periodic fields, shape (GRID, GRID), zero mean, unit deviation.

    Args:
        slope: Power falls as 1 / frequency ** slope.
        stretch: How much longer structures are along x than along y.
    """
    return _fields(random, _power_law_amplitude(slope, stretch), count)


def band(
    random: np.random.Generator, *, cycles: float, stretch: float = 1.0, count: int = 1
) -> list[Field]:
    """Return periodic fields of about one scale, `cycles` waves across the grid."""
    return _fields(random, _band_amplitude(cycles, stretch), count)


def add_fine_octaves(field: Field, random: np.random.Generator, *, amplitude: Field) -> Field:
    """Return a field that was enlarged from the grid with the octaves that the grid lacks.

    Args:
        field: Shape (height, width), any height.
        amplitude: Deviation of the first octave beyond the grid, broadcast against `field`.
    """
    height, width = field.shape
    octaves = max(1, round(np.log2(height / GRID)))
    fine = np.zeros_like(field)
    for octave in range(octaves):
        size = (-(-width >> (octaves - 1 - octave)), -(-height >> (octaves - 1 - octave)))
        strength = np.float32(4.0 * 0.7**octave)
        white = random.standard_normal(size[::-1], dtype=np.float32)
        coarse = cv2.GaussianBlur(white, (0, 0), 0.8) - cv2.GaussianBlur(white, (0, 0), 1.6)
        if octave < octaves - 1:
            size = (width, height)
            fine += strength * cv2.resize(coarse, size, interpolation=cv2.INTER_LINEAR)
        else:
            fine += strength * coarse
    return field + amplitude * fine


def _fields(random: np.random.Generator, amplitude: Field, count: int) -> list[Field]:
    fields: list[Field] = []
    while len(fields) < count:
        white = random.standard_normal((GRID, GRID, 2), dtype=np.float32)
        noise = np.fft.ifft2(white.view(np.complex64)[..., 0] * amplitude)
        # Real and imaginary part are two independent fields for the price of one.
        fields += [
            np.ascontiguousarray(part, dtype=np.float32) for part in (noise.real, noise.imag)
        ]
    return [field / field.std() for field in fields[:count]]


def _frequency(stretch: float) -> Field:
    cycles = np.fft.fftfreq(GRID, 1 / GRID)
    return np.asarray(np.hypot(cycles[:, None], cycles[None, :] * stretch), dtype=np.float32)


@lru_cache(maxsize=8)
def _power_law_amplitude(slope: float, stretch: float) -> Field:
    frequency = _frequency(stretch)
    frequency[0, 0] = 1
    amplitude = np.maximum(frequency, 2) ** (-slope / 2)
    amplitude[0, 0] = 0
    return amplitude.astype(np.float32)


@lru_cache(maxsize=8)
def _band_amplitude(cycles: float, stretch: float) -> Field:
    frequency = np.maximum(_frequency(stretch), 0.5)
    return np.asarray(np.exp(-((np.log2(frequency / cycles) / 0.7) ** 2)), dtype=np.float32)
