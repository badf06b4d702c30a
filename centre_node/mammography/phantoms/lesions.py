"""Lesions before they are rendered: what they are, where they lie, their exact outline."""

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from centre_node.mammography.phantoms.outline import IMAGE_HEIGHT_MM, Outline
from centre_node.mammography.phantoms.specks import (
    PlacedSpeck,
    Speck,
    draw_specks,
    place_specks,
)
from node_api.data_sources import EVERY_FORM, LesionForm
from shared.names import LesionKind

Corners = tuple[tuple[float, float], ...]
"""An outline's corners (x, y) in millimetres, chest wall at x = 0."""

CORNERS = 72
_SKIN_MARGIN_MM = 7.0
# Diameters in mm: median, deviation of the logarithm, smallest and largest. At 0.07 mm, boxes of
# masses then have a median of 261 px, 18.3 mm, as INbreast's.
_SIZES = {"cluster": (11.8, 0.33, 7, 21), "mass": (17.2, 0.42, 7.5, 46)}
_FORM_SHARES: dict[LesionForm, float] = {
    "round": 0.26,
    "lobulated": 0.24,
    "spiculated": 0.28,
    "cluster": 0.22,
}
_MALIGNANT_SHARE: dict[LesionForm, float] = {
    "round": 0.12,
    "lobulated": 0.4,
    "spiculated": 0.92,
    "cluster": 0.45,
}


@dataclass(frozen=True, slots=True)
class Finding:
    """A lesion of a patient, seen in both views of one breast.

    Attributes:
        contrast: Attenuation that it adds at its thickest, in units of `tissue.attenuation`.
        margin_mm: Width over which its border fades.
        nipple_distance_mm: How far from the nipple both views show it, as near as they can.
        specks: The calcifications of a cluster.
    """

    form: LesionForm
    pathology: str
    diameter_mm: float
    contrast: float
    margin_mm: float
    nipple_distance_mm: float
    specks: tuple[Speck, ...] = ()

    @property
    def kind(self) -> LesionKind:
        """What the annotation calls it."""
        return "calcification" if self.form == "cluster" else "mass"


@dataclass(frozen=True, slots=True)
class PlacedLesion:
    """A finding in one view. Lengths in millimetres, chest wall at x = 0.

    Attributes:
        corners: The outline, (x, y) at `CORNERS` equal angles around `centre`.
    """

    finding: Finding
    centre: tuple[float, float]
    corners: Corners
    specks: tuple[PlacedSpeck, ...]
    seed: int


def draw_finding(
    random: np.random.Generator,
    forms: Collection[LesionForm] = EVERY_FORM,
    *,
    by_form: bool = False,
    stands_out: float = 1.0,
) -> Finding:
    """Draw a lesion. Malignant ones are more often spiculated and fade more slowly.

    Args:
        forms: Which it may have.
        by_form: Whether its form alone says if it is malignant.
        stands_out: Factor of its contrast.
    """
    form = _draw_form(random, forms)
    share, drawn = _MALIGNANT_SHARE[form], random.random()
    malignant = share > 0.5 if by_form else bool(drawn < share)
    median, spread, smallest, largest = _SIZES["cluster" if form == "cluster" else "mass"]
    diameter = np.clip(median * np.exp(random.normal(0, spread)), smallest, largest)
    return Finding(
        form=form,
        pathology="malignant" if malignant else "benign",
        diameter_mm=float(diameter),
        contrast=stands_out * float(np.clip(0.165 * np.exp(random.normal(0, 0.35)), 0.08, 0.32)),
        margin_mm=float(random.uniform(1.2, 3.0) if malignant else random.uniform(0.5, 1.6)),
        nipple_distance_mm=float(np.clip(random.normal(55, 20), 18, 100)),
        specks=draw_specks(random) if form == "cluster" else (),
    )


def _draw_form(random: np.random.Generator, forms: Collection[LesionForm]) -> LesionForm:
    shares = np.array([_FORM_SHARES[form] if form in forms else 0 for form in EVERY_FORM])
    return EVERY_FORM[random.choice(len(EVERY_FORM), p=shares / shares.sum())]


def place(finding: Finding, outline: Outline, random: np.random.Generator) -> PlacedLesion:
    """Place a finding in one view, wholly inside the breast and off the chest muscle."""
    shape = _shape(finding, random)
    while True:
        radius = np.hypot(*shape.T).max()
        y = random.uniform(radius + 2, IMAGE_HEIGHT_MM - radius - 2, 96)
        x = random.uniform(radius + 2, outline.depth_mm, 96)
        fits = _fits(x, y, shape, outline)
        if fits.any():
            break
        shape = shape * 0.85
    nipple_x, nipple_y = outline.nipple
    miss = np.abs(np.hypot(x - nipple_x, y - nipple_y) - finding.nipple_distance_mm)
    best = int(np.where(fits, miss, np.inf).argmin())
    centre = (float(x[best]), float(y[best]))
    corners = tuple((float(dx + centre[0]), float(dy + centre[1])) for dx, dy in shape)
    specks = place_specks(finding.specks, corners, centre, random)
    return PlacedLesion(finding, centre, corners, specks, int(random.integers(2**63)))


def _fits(
    x: NDArray[np.float64], y: NDArray[np.float64], shape: NDArray[np.float64], outline: Outline
) -> NDArray[np.bool_]:
    """Return which centres leave the shape and a margin inside the breast."""
    grown = shape * (1 + _SKIN_MARGIN_MM / np.hypot(*shape.T)[:, None])
    columns, rows = x[:, None] + grown[::4, 0], y[:, None] + grown[::4, 1]
    inside = (columns < outline.skin_mm(rows)) & (columns > outline.muscle_mm(rows))
    return np.asarray(inside.all(axis=1))


def _shape(finding: Finding, random: np.random.Generator) -> NDArray[np.float64]:
    """Return an outline around the origin, shape (CORNERS, 2), mean diameter as drawn."""
    angle = np.linspace(0, 2 * np.pi, CORNERS, endpoint=False)
    reach = {"lobulated": _lobes, "spiculated": _star}.get(finding.form, _oval)(angle, random)
    reach *= finding.diameter_mm / 2 * random.uniform(0.93, 1.07) / reach.mean()
    return np.stack([reach * np.cos(angle), reach * np.sin(angle)], axis=1)


def _oval(angle: NDArray[np.float64], random: np.random.Generator) -> NDArray[np.float64]:
    long, tilt = random.uniform(1.0, 1.45), random.uniform(0, np.pi)
    oval = 1 / np.hypot(np.cos(angle - tilt) / long, np.sin(angle - tilt))
    return np.asarray(oval * _ripple(angle, random, waves=(2, 5), amplitude=0.06))


def _lobes(angle: NDArray[np.float64], random: np.random.Generator) -> NDArray[np.float64]:
    """Return the union of discs that all contain the origin."""
    count = int(random.integers(3, 6))
    turn = random.uniform(0, 2 * np.pi) + 2 * np.pi * np.arange(count) / count
    turn += random.normal(0, 0.35, count)
    away, radius = random.uniform(0.45, 0.7, count), random.uniform(0.72, 0.85, count)
    toward = np.cos(angle[:, None] - turn)
    across = radius**2 - away**2 * (1 - toward**2)
    ray = away * toward + np.sqrt(np.clip(across, 0, None))
    return np.asarray(np.where(across > 0, ray, 0).max(axis=1))


def _star(angle: NDArray[np.float64], random: np.random.Generator) -> NDArray[np.float64]:
    return _oval(angle, random) * _ripple(angle, random, waves=(5, 12), amplitude=0.2)


def _ripple(
    angle: NDArray[np.float64],
    random: np.random.Generator,
    *,
    waves: tuple[int, int],
    amplitude: float,
) -> NDArray[np.float64]:
    number = np.arange(*waves)
    height = random.normal(0, amplitude / np.sqrt(len(number)), len(number))
    phase = random.uniform(0, 2 * np.pi, len(number))
    ripple = (height * np.cos(number * angle[:, None] + phase)).sum(axis=1)
    return np.asarray(np.clip(1 + ripple, 0.6, 1.5))
