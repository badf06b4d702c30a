"""Adds lesions, and what is mistaken for them, to an attenuation map."""

import cv2
import numpy as np

from centre_node.mammography.phantoms import strands
from centre_node.mammography.phantoms.blurring import blurred
from centre_node.mammography.phantoms.lesions import Finding, PlacedLesion, draw_finding, place
from centre_node.mammography.phantoms.noise import Field
from centre_node.mammography.phantoms.outline import Outline
from centre_node.mammography.phantoms.specks import PlacedSpeck, draw_speck

_SUBPIXEL_BITS = 4
_PIXEL_RADIUS = 0.5


def add_lesion(tissue: Field, lesion: PlacedLesion, px_per_mm: float, texture: Field) -> None:
    """Add a lesion to `tissue`, shape (height, width), in place.

    Args:
        texture: Zero-mean unit noise of the same shape that mottles a mass.
    """
    for speck in lesion.specks:
        _add_speck(tissue, speck, px_per_mm)
    if lesion.finding.form == "cluster":
        return
    window, corner_mm = _window(lesion, tissue.shape, px_per_mm)
    shape = tissue[window].shape
    body = _body(lesion, shape, corner_mm, px_per_mm)
    tissue[window] += lesion.finding.contrast * body * (1 + 0.22 * texture[window])
    if lesion.finding.form == "spiculated":
        random = np.random.default_rng(lesion.seed)
        lines = _spicules(lesion, shape, corner_mm, px_per_mm, random)
        tissue[window] += 0.8 * lesion.finding.contrast * lines * (1 - 0.7 * body)


def add_decoys(
    tissue: Field, outline: Outline, px_per_mm: float, texture: Field, random: np.random.Generator
) -> None:
    """Add overlapping dense tissue and single benign specks to `tissue` in place."""
    for _ in range(int(random.integers(2, 6))):
        finding = draw_finding(random)
        knot = Finding(
            form="lobulated",
            pathology="benign",
            diameter_mm=finding.diameter_mm * float(random.uniform(0.6, 1.1)),
            contrast=finding.contrast * float(random.uniform(0.45, 0.9)),
            margin_mm=float(random.uniform(2.0, 4.5)),
            nipple_distance_mm=finding.nipple_distance_mm,
        )
        placed = place(knot, outline, random)
        window, corner_mm = _window(placed, tissue.shape, px_per_mm)
        body = _body(placed, tissue[window].shape, corner_mm, px_per_mm)
        tissue[window] += knot.contrast * body * np.clip(0.8 + 0.5 * texture[window], 0, None)
    for _ in range(int(random.integers(1, 7))):
        y = outline.nipple_y_mm + random.uniform(-0.7, 0.7) * outline.lower_mm
        x = random.uniform(0.05, 0.9) * float(outline.skin_mm(np.array([y]))[0])
        tilt = float(random.uniform(0, np.pi))
        _add_speck(tissue, PlacedSpeck(draw_speck(random), (float(x), float(y)), tilt), px_per_mm)


def _window(
    lesion: PlacedLesion, shape: tuple[int, ...], px_per_mm: float
) -> tuple[tuple[slice, slice], tuple[float, float]]:
    """Return the part of the image that a lesion can touch, and its corner in millimetres."""
    reach = (1.3 * lesion.finding.diameter_mm + 3 * lesion.finding.margin_mm) * px_per_mm
    x, y = (round(part * px_per_mm) for part in lesion.centre)
    left, top = max(int(x - reach), 0), max(int(y - reach), 0)
    window = np.s_[top : min(int(y + reach), shape[0]), left : min(int(x + reach), shape[1])]
    return window, (left / px_per_mm, top / px_per_mm)


def _body(
    lesion: PlacedLesion,
    shape: tuple[int, ...],
    corner_mm: tuple[float, float],
    px_per_mm: float,
) -> Field:
    """Return the mass's profile, 0 to 1: a dome with a border as soft as its margin."""
    corners = ((np.array(lesion.corners) - corner_mm) * px_per_mm - 0.5) * 2**_SUBPIXEL_BITS
    flat = np.zeros(shape, dtype=np.float32)
    cv2.fillPoly(flat, [np.round(corners).astype(np.int32)], 1.0, cv2.LINE_8, _SUBPIXEL_BITS)
    edge = blurred(flat, max(0.7, 0.6 * lesion.finding.margin_mm * px_per_mm))
    dome = blurred(flat, 0.22 * lesion.finding.diameter_mm * px_per_mm)
    return np.asarray(edge * (0.35 + 0.65 * dome / dome.max()))


def _spicules(
    lesion: PlacedLesion,
    shape: tuple[int, ...],
    corner_mm: tuple[float, float],
    px_per_mm: float,
    random: np.random.Generator,
) -> Field:
    """Return lines that leave the mass's outline, 0 to 1."""
    count = int(random.integers(14, 30))
    angle = random.uniform(0, 2 * np.pi, count)
    radius = lesion.finding.diameter_mm / 2
    reach = radius * random.uniform(1.25, 2.3, count)
    step = np.linspace(0.35, 1, 10)
    bent = angle[:, None] + random.normal(0, 0.16, (count, 1)) * step**2
    along = reach[:, None] * step
    curves = np.stack([np.cos(bent) * along, np.sin(bent) * along], axis=2)
    lines = strands.draw(
        curves + np.array(lesion.centre) - corner_mm,
        shape,
        px_per_mm,
        width_mm=0.5,
        strengths=random.uniform(0.4, 1.0, count),
    )
    return blurred(lines, max(0.3 * px_per_mm, 0.7))


def _add_speck(tissue: Field, placed: PlacedSpeck, px_per_mm: float) -> None:
    """Add a bright oval dot in place, half as high at its outline as at its centre."""
    # A pixel's own width, so that a dot between two pixels is seen in both.
    length, width = (
        np.hypot(side * px_per_mm / 2, _PIXEL_RADIUS)
        for side in (placed.speck.length_mm, placed.speck.width_mm)
    )
    centre_x, centre_y = (part * px_per_mm for part in placed.centre)
    reach = int(np.ceil(3 * length)) + 1
    left, top = max(int(centre_x) - reach, 0), max(int(centre_y) - reach, 0)
    window = tissue[top : int(centre_y) + reach + 1, left : int(centre_x) + reach + 1]
    x = (np.arange(window.shape[1]) + left + 0.5 - centre_x)[None, :]
    y = (np.arange(window.shape[0]) + top + 0.5 - centre_y)[:, None]
    along = (x * np.cos(placed.tilt) + y * np.sin(placed.tilt)) / length
    across = (y * np.cos(placed.tilt) - x * np.sin(placed.tilt)) / width
    window += placed.speck.contrast * 0.5 ** ((along**2 + across**2) ** 1.5)
