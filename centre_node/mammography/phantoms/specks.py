"""Single calcifications: their size, their place in a cluster, their exact outline."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

_CORNERS = 16
_MEDIAN_MM = 0.49  # its box at 0.07 mm is 8 px wide, as the median of INbreast's
_FEWEST, _MOST = 9, 25


@dataclass(frozen=True, slots=True)
class Speck:
    """A calcification as both views show it.

    Attributes:
        contrast: Attenuation that it adds at its centre, in units of `tissue.attenuation`.
    """

    length_mm: float
    width_mm: float
    contrast: float


@dataclass(frozen=True, slots=True)
class PlacedSpeck:
    """A calcification in one view. Lengths in millimetres, chest wall at x = 0.

    Attributes:
        tilt: Angle of its length to the rows, in radians.
    """

    speck: Speck
    centre: tuple[float, float]
    tilt: float

    @property
    def corners(self) -> tuple[tuple[float, float], ...]:
        """Its outline where it adds half of its contrast."""
        turn = np.linspace(0, 2 * np.pi, _CORNERS, endpoint=False)
        along, across = np.cos(turn) * self.speck.length_mm, np.sin(turn) * self.speck.width_mm
        cosine, sine = np.cos(self.tilt) / 2, np.sin(self.tilt) / 2
        x = self.centre[0] + cosine * along - sine * across
        y = self.centre[1] + sine * along + cosine * across
        return tuple(zip(x.tolist(), y.tolist(), strict=True))


def draw_specks(random: np.random.Generator) -> tuple[Speck, ...]:
    """Draw the calcifications of a cluster."""
    return tuple(draw_speck(random) for _ in range(random.integers(_FEWEST, _MOST + 1)))


def draw_speck(random: np.random.Generator) -> Speck:
    """Draw a calcification; large ones attenuate more."""
    diameter = float(np.clip(_MEDIAN_MM * np.exp(random.normal(0, 0.42)), 0.14, 1.5))
    stretch = float(random.uniform(1, 1.3))
    contrast = 0.28 * (diameter / _MEDIAN_MM) ** 0.6 * float(np.exp(random.normal(0, 0.35)))
    return Speck(diameter * stretch, diameter / stretch, float(np.clip(contrast, 0.12, 0.65)))


def place_specks(
    specks: Sequence[Speck],
    corners: Sequence[tuple[float, float]],
    centre: tuple[float, float],
    random: np.random.Generator,
) -> tuple[PlacedSpeck, ...]:
    """Scatter calcifications evenly inside an outline around `centre`, in millimetres."""
    outline, middle = np.array(corners), np.array(centre)
    chosen = outline[random.integers(len(outline), size=len(specks))]
    away = 0.95 * np.sqrt(random.random((len(specks), 1)))
    places = middle + away * (chosen - middle)
    tilts = random.uniform(0, np.pi, len(specks))
    return tuple(
        PlacedSpeck(speck, (float(x), float(y)), float(tilt))
        for speck, (x, y), tilt in zip(specks, places, tilts, strict=True)
    )
