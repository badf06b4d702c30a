"""The outline of a compressed breast, in millimetres, with the chest wall at x = 0.

Left breasts lie as drawn here; right breasts are mirrored when they are rendered.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

View = Literal["CC", "MLO"]

IMAGE_HEIGHT_MM = 225.0
IMAGE_WIDTH_MM = 0.75 * IMAGE_HEIGHT_MM

_JOIN_MM = 5.0
_NIPPLE_HALF_WIDTH_MM = 5.0


@dataclass(frozen=True, slots=True)
class Outline:
    """Where skin and chest muscle run. All lengths in millimetres.

    Attributes:
        depth_mm: From the chest wall to the skin at the nipple.
        nipple_y_mm: Row of the nipple.
        upper_mm: From the nipple's row up to where the breast meets the chest wall.
        lower_mm: The same, downwards.
        fullness: Exponent of the profile: 2 is an ellipse, less is more pointed.
        waviness: Amplitude and phase of a slow wave on the skin line.
        axilla_mm: Depth of the tissue above the breast; 0 in CC.
        muscle: Width at the top edge and height of the chest muscle; zeros in CC.
    """

    view: View
    depth_mm: float
    nipple_y_mm: float
    upper_mm: float
    lower_mm: float
    fullness: float
    waviness: tuple[float, float]
    nipple_mm: float
    axilla_mm: float
    muscle: tuple[float, float]

    def skin_mm(self, y_mm: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return how far tissue reaches from the chest wall in each row; negative where none."""
        away = y_mm - self.nipple_y_mm
        share = np.abs(away) / np.where(away < 0, self.upper_mm, self.lower_mm)
        amplitude, phase = self.waviness
        profile = np.clip(1 - share**self.fullness, 0, None) ** (1 / 1.9)
        breast = self.depth_mm * profile * (1 + amplitude * np.sin(4 * share + phase) * share)
        breast = np.where(share < 1, breast, -_JOIN_MM)
        bump = self.nipple_mm * np.exp(-((away / _NIPPLE_HALF_WIDTH_MM) ** 4))
        if self.view == "CC":
            return breast + bump
        axilla = self.axilla_mm * (1.1 - 0.5 * y_mm / self.nipple_y_mm)
        axilla = np.where(away < 0, axilla, axilla - away)
        return _smooth_maximum(breast, axilla) + bump

    def muscle_mm(self, y_mm: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return how far the chest muscle reaches in each row; negative where there is none."""
        width, height = self.muscle
        if not height:
            return np.full_like(y_mm, -_JOIN_MM)
        below = _JOIN_MM * np.clip(y_mm / height - 1, 0, 1)
        return np.asarray(width * np.clip(1 - y_mm / height, 0, None) ** 0.85 - 4 * below)

    @property
    def nipple(self) -> tuple[float, float]:
        """Where the ducts converge, (x, y) in millimetres."""
        return self.depth_mm, self.nipple_y_mm


def draw_outline(random: np.random.Generator, view: View, *, size: float) -> Outline:
    """Draw the outline of one view of a breast. `size` is about 1."""
    if view == "CC":
        return Outline(
            view=view,
            depth_mm=float(98 * size * random.uniform(0.94, 1.06)),
            nipple_y_mm=float(IMAGE_HEIGHT_MM / 2 + random.normal(0, 6)),
            upper_mm=float(106 * size**0.5 * random.uniform(0.96, 1.06)),
            lower_mm=float(106 * size**0.5 * random.uniform(0.96, 1.06)),
            fullness=float(random.uniform(1.9, 2.4)),
            waviness=(float(random.uniform(0, 0.04)), float(random.uniform(0, 6.3))),
            nipple_mm=float(random.uniform(0, 5)),
            axilla_mm=0.0,
            muscle=(0.0, 0.0),
        )
    nipple_y = float(random.uniform(132, 148))
    return Outline(
        view=view,
        depth_mm=float(102 * size * random.uniform(0.94, 1.06)),
        nipple_y_mm=nipple_y,
        upper_mm=float(nipple_y * random.uniform(0.95, 1.1)),
        lower_mm=float((IMAGE_HEIGHT_MM - nipple_y) * random.uniform(0.84, 0.96)),
        fullness=float(random.uniform(1.7, 2.1)),
        waviness=(float(random.uniform(0, 0.04)), float(random.uniform(0, 6.3))),
        nipple_mm=float(random.uniform(0, 5)),
        axilla_mm=float(random.uniform(46, 66) * size**0.5),
        muscle=(float(random.uniform(34, 58)), float(random.uniform(95, 155))),
    )


def _smooth_maximum(a: NDArray[np.float64], b: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(np.logaddexp(a / _JOIN_MM, b / _JOIN_MM) * _JOIN_MM)
