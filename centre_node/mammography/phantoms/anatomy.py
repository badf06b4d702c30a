"""What is in a phantom breast and where: drawn from a seed, nothing rendered yet."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from shared.names import LesionKind

View = Literal["CC", "MLO"]
Shape = Literal["round", "lobulated", "spiculated", "cluster"]
VIEWS: tuple[View, ...] = ("CC", "MLO")

ASPECT = 0.78
MEDIAN_DIAMETER = 0.075
SMALLEST_DIAMETER, LARGEST_DIAMETER = 0.045, 0.15
CONTOUR_POINTS = 72


@dataclass(frozen=True, slots=True)
class Finding:
    """A lesion. `contour` has shape (points, 2), (x, y) in pixels; `contrast` is added tissue."""

    kind: LesionKind
    shape: Shape
    pathology: str
    contour: NDArray[np.float64]
    centre: tuple[float, float]
    radius: float
    contrast: float


@dataclass(frozen=True, slots=True)
class Breast:
    """A compressed breast. Lengths in pixels; the chest wall is the left border before mirroring.

    Attributes:
        seed: Seeds everything that is rendered.
        depth: How far the breast reaches from the chest wall.
        middle: Row of the nipple.
        half_height: From the nipple's row to the upper and lower ends.
        pectoral: Width and height of the muscle's triangle at the upper chest wall; 0 in CC.
    """

    seed: tuple[int, ...]
    width: int
    height: int
    view: View
    laterality: Literal["L", "R"]
    density: int
    depth: float
    middle: float
    half_height: float
    pectoral: tuple[float, float]
    findings: tuple[Finding, ...] = ()

    def reach(self, rows: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return how far tissue reaches from the chest wall in each row, in pixels."""
        away = np.clip(np.abs(rows - self.middle) / self.half_height, 0, 1)
        breast = self.depth * np.sqrt(1 - away**2.4)
        if not self.pectoral[1]:
            return breast
        # Above an MLO breast the axilla continues the skin line, so the muscle lies in tissue.
        axilla = (self.pectoral[0] + 0.07 * self.width) * (1 - 0.35 * rows / self.middle)
        joint = 0.07 * self.width
        joined = joint * np.logaddexp(breast / joint, axilla / joint)
        return np.where(rows < self.middle, joined, breast)


def drawn_breast(*, seed: tuple[int, int], view: View, height: int, has_lesion: bool) -> Breast:
    """Draw one view; both views of a patient share density, side and the kind of lesion."""
    patient = np.random.default_rng(seed)
    laterality: Literal["L", "R"] = "L" if patient.random() < 0.5 else "R"
    density = int(patient.choice([1, 2, 3, 4], p=[0.15, 0.35, 0.35, 0.15]))
    size = patient.uniform(0.62, 0.92)
    shapes: list[Shape] = ["round", "lobulated", "spiculated", "cluster"]
    shape = shapes[patient.choice(4, p=[0.2, 0.3, 0.3, 0.2])]
    diameter = MEDIAN_DIAMETER * np.exp(patient.normal(0, 0.32))
    diameter = float(np.clip(diameter, SMALLEST_DIAMETER, LARGEST_DIAMETER))
    malignant = patient.random() < (0.85 if shape == "spiculated" else 0.3)

    number = VIEWS.index(view)
    random = np.random.default_rng([*seed, number])
    width = round(height * ASPECT)
    middle = height * (random.uniform(0.46, 0.54) if view == "CC" else random.uniform(0.55, 0.62))
    breast = Breast(
        seed=(*seed, number),
        width=width,
        height=height,
        view=view,
        laterality=laterality,
        density=density,
        depth=width * size * random.uniform(0.94, 1.04),
        middle=middle,
        half_height=height * random.uniform(0.40, 0.47),
        pectoral=(0.0, 0.0)
        if view == "CC"
        else (width * random.uniform(0.22, 0.36), height * random.uniform(0.4, 0.6)),
    )
    if not has_lesion:
        return breast
    finding = _finding(breast, shape, diameter * height, random, malignant=malignant)
    return Breast(
        **{name: getattr(breast, name) for name in Breast.__slots__[:-1]}, findings=(finding,)
    )


def _finding(
    breast: Breast, shape: Shape, diameter: float, random: np.random.Generator, *, malignant: bool
) -> Finding:
    radius = diameter / 2
    x, y = _place(breast, radius * 1.4, random)
    contour = _contour(shape, radius, random) + np.array([x, y])
    if breast.laterality == "R":
        x = breast.width - 1 - x
        contour[:, 0] = breast.width - 1 - contour[:, 0]
    return Finding(
        kind="calcification" if shape == "cluster" else "mass",
        shape=shape,
        pathology="malignant" if malignant else "benign",
        contour=contour,
        centre=(x, y),
        radius=radius,
        contrast=random.uniform(0.10, 0.24),
    )


def _place(breast: Breast, clearance: float, random: np.random.Generator) -> tuple[float, float]:
    """Return a point at least `clearance` inside the breast and outside the muscle."""
    for _ in range(200):
        y = breast.middle + random.uniform(-0.7, 0.7) * breast.half_height
        rows = np.array([y - clearance, y, y + clearance])
        limit = float(breast.reach(rows).min()) - clearance
        muscle = (
            breast.pectoral[0] * max(0.0, 1 - y / breast.pectoral[1]) if breast.pectoral[1] else 0
        )
        low = max(clearance, muscle + clearance * 0.6)
        if limit > low:
            return float(random.uniform(low, limit)), float(y)
    return breast.depth * 0.45, breast.middle


def _contour(shape: Shape, radius: float, random: np.random.Generator) -> NDArray[np.float64]:
    """Return a closed curve around the origin, shape (points, 2)."""
    angle = np.linspace(0, 2 * np.pi, CONTOUR_POINTS, endpoint=False)
    r = np.ones(CONTOUR_POINTS)
    waves = {
        "round": (0.05, 3),
        "lobulated": (0.16, 5),
        "spiculated": (0.12, 9),
        "cluster": (0.1, 4),
    }
    amplitude, highest = waves[shape]
    for k in range(2, highest + 1):
        r += amplitude / np.sqrt(k) * random.normal() * np.cos(k * angle + random.uniform(0, 6.3))
    r = np.clip(r, 0.55, 1.35) * radius
    squeeze = random.uniform(0.75, 1.0)
    tilt = random.uniform(0, np.pi)
    x, y = r * np.cos(angle), r * np.sin(angle) * squeeze
    return np.stack(
        [x * np.cos(tilt) - y * np.sin(tilt), x * np.sin(tilt) + y * np.cos(tilt)], axis=1
    )
