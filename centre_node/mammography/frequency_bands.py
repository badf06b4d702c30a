"""How strong the fine and the coarse structure of patches is: bands of frequencies and gains."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]
Bands = NDArray[np.float32]

SIGMAS_PX = (1.0, 2.0, 4.0, 8.0)
"""Of the Gaussians that part the bands, an octave each, in pixels of a patch. Grain and sharpness
are below 1 px, margins of a lesion at some, and what is above 8 px is the lesion itself and the
tissue around it: that is no matter of look, and greys have a curve of their own."""

LARGEST_GAIN = 3.0
"""No band is made stronger than three times or weaker than a third. Film and digital archives
differ by about that much; a band that an archive hardly has is rounding and compression, and three
times the rounding (0.29 grey levels) is still less than one grey level."""

ROUNDS = 3
"""Of fitting gains: bands overlap, so that a gain makes the neighbours stronger too. After three,
strengths are those wanted within some per cent."""


@dataclass(frozen=True)
class BandGains:
    """By what factor each band of a patch becomes stronger, the finest band first.

    Attributes:
        gains: One for each of `SIGMAS_PX`, from 1 / `LARGEST_GAIN` to `LARGEST_GAIN`; with gains
            of 1 a patch is what it was.
    """

    gains: tuple[float, ...]

    def applied(self, patches: Pixels) -> Pixels:
        """Return patches, shape (n, size, size), with other bands, cut off at black and white."""
        made = np.empty_like(patches)
        more = np.asarray(self.gains, dtype=np.float32) - 1
        for place, patch in enumerate(patches):
            changed = patch + np.tensordot(more, bands(patch), axes=1)
            made[place] = np.clip(np.rint(changed), 0, 255)
        return made


def bands(patch: Pixels) -> Bands:
    """Return how a patch differs from itself more and more blurred, from blur to blur.

    The patch is the sum of its bands and of the most blurred of all; a patch of one grey has none.

    Args:
        patch: Shape (size, size).

    Returns:
        Shape (4, size, size), the finest band first, in grey levels.
    """
    sharp = patch.astype(np.float32)
    blurred = [
        cv2.GaussianBlur(sharp, (0, 0), sigma, borderType=cv2.BORDER_REFLECT) for sigma in SIGMAS_PX
    ]
    return -np.diff(np.stack([sharp, *blurred]), axis=0)


def strengths(patches: Pixels) -> NDArray[np.float64]:
    """Return how strong each band of some patches is, in grey levels, shape (4,).

    It is the middle one of the patches' standard deviations: a label or the edge of a film in some
    of them does not move it.

    Args:
        patches: Shape (n, size, size), n at least one.
    """
    of_each = [bands(patch).std(axis=(1, 2), dtype=np.float64) for patch in patches]
    return np.asarray(np.median(of_each, axis=0), dtype=np.float64)


def fitted_gains(patches: Pixels, towards: Pixels) -> BandGains:
    """Return the gains that give patches the strengths of others, as far as gains go.

    A band that the patches do not have is left as it is, since no factor makes one of nothing.

    Args:
        patches: Whose bands are to change, shape (n, size, size), n at least one.
        towards: Whose strengths they get, shape (m, size, size), m at least one.
    """
    gains, get = np.ones(len(SIGMAS_PX)), strengths(towards)
    for _ in range(ROUNDS):
        have = strengths(BandGains(tuple(gains.tolist())).applied(patches))
        ratios = np.divide(get, have, out=np.ones_like(have), where=have > 0)
        gains = np.clip(gains * ratios, 1 / LARGEST_GAIN, LARGEST_GAIN)
    return BandGains(tuple(gains.tolist()))
