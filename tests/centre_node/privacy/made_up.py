"""Candidates, samples and leaks of known size, without a generator."""

import numpy as np
from numpy.typing import NDArray

from centre_node.privacy.candidates import Candidates, candidates

Patches = NDArray[np.uint8]
SIDE = 16


def textures(count: int, random: np.random.Generator, side: int = SIDE) -> Patches:
    """Return smooth random fields, shape (count, side, side)."""
    frequency = np.hypot(*np.meshgrid(np.fft.fftfreq(side), np.fft.fftfreq(side)))
    spectrum = np.fft.fft2(random.normal(size=(count, side, side))) / (frequency + 0.08) ** 1.5
    smooth = np.fft.ifft2(spectrum).real
    deviation = np.sqrt(((frequency + 0.08) ** -3).mean())  # of all such, not of this draw
    values = smooth / deviation * 35 + 120 + random.normal(0, 5, smooth.shape)
    patches: Patches = values.round().clip(0, 255).astype(np.uint8)
    return patches


def patients_of(patches: int, each: int, first: int = 0) -> list[str]:
    """Return whose each patch is, `each` for a patient."""
    return [f"p{first + number // each:04d}" for number in range(patches)]


def population(
    members: int, others: int, random: np.random.Generator, *, each: int = 2
) -> Candidates:
    """Return so many members' and others' patches, all drawn alike."""
    return candidates(
        textures(members, random),
        patients_of(members, each),
        textures(others, random),
        patients_of(others, each, first=members),
    )


def samples_leaking(
    of: Candidates, count: int, share: float, random: np.random.Generator, *, noise: float = 12.0
) -> Patches:
    """Return samples like the population, of which a share are noisy copies of members."""
    samples = textures(count, random)
    members = of.pixels[of.is_member]
    copies = int(count * share)
    chosen = members[random.integers(0, len(members), copies)]
    noisy = chosen + random.normal(0, noise, chosen.shape)
    samples[:copies] = noisy.round().clip(0, 255).astype(np.uint8)
    return samples


def mean_features(patches: Patches) -> NDArray[np.float64]:
    """Return the means of 4 x 4 blocks: features that know nobody."""
    parts = patches.reshape(len(patches), SIDE // 4, 4, SIDE // 4, 4).astype(np.float64)
    means: NDArray[np.float64] = parts.mean(axis=(2, 4)).reshape(len(patches), -1)
    return means
