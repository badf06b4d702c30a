"""Healthy tissue on a coarse grid: how strongly each ray is attenuated, about 0 to 1."""

import cv2
import numpy as np
from numpy.typing import NDArray

from centre_node.mammography.phantoms import noise
from centre_node.mammography.phantoms.noise import GRID, Field
from centre_node.mammography.phantoms.outline import IMAGE_HEIGHT_MM, IMAGE_WIDTH_MM, Outline

GRID_SPACING_MM = IMAGE_HEIGHT_MM / GRID
GRID_SHAPE = (GRID, round(GRID * IMAGE_WIDTH_MM / IMAGE_HEIGHT_MM))

_FAT = 0.30
_GLANDULAR_SHARE = {1: 0.10, 2: 0.26, 3: 0.46, 4: 0.68}


def attenuation(
    outline: Outline, density: int, skin_distance_mm: Field, random: np.random.Generator
) -> Field:
    """Return fat, fibroglandular tissue and chest muscle, shape `GRID_SHAPE`.

    Args:
        density: ACR class, 1 to 4: how much of the breast is fibroglandular.
        skin_distance_mm: Distance to the skin, shape `GRID_SHAPE`; 0 outside the breast.
    """
    cloud, mottle = (
        field[:, : GRID_SHAPE[1]] for field in noise.power_law(random, slope=3.3, count=2)
    )
    strands, threads, fine_threads = _fibres(outline, random)
    score = _prior(outline, skin_distance_mm) + 0.8 * cloud + 0.35 * strands + 0.45 * threads
    share = _GLANDULAR_SHARE[density] * random.uniform(0.85, 1.15)
    inside = (skin_distance_mm > 6) & ~_muscle(outline)
    gland = _sigmoid((score - np.quantile(score[inside], 1 - share)) / 0.55)
    glow = 0.62 + 0.15 * cloud + 0.14 * strands + 0.30 * threads + 0.24 * fine_threads
    fat = _FAT + 0.022 * mottle + 0.020 * strands + 0.050 * threads + 0.035 * fine_threads
    tissue = fat + 0.33 * gland * np.clip(glow, 0.12, 1.6)
    return _with_muscle(tissue, outline, mottle, strands, random)


def grid_mm() -> tuple[Field, Field]:
    """Return x, shape (1, columns), and y, shape (rows, 1), of the grid points in millimetres."""
    x = (np.arange(GRID_SHAPE[1], dtype=np.float32) + 0.5) * np.float32(GRID_SPACING_MM)
    y = (np.arange(GRID_SHAPE[0], dtype=np.float32) + 0.5) * np.float32(GRID_SPACING_MM)
    return x[None, :], y[:, None]


def _fibres(outline: Outline, random: np.random.Generator) -> list[Field]:
    """Return strands, threads and fine threads that run towards the nipple.

    They are made straight, along x, and bent: x becomes the distance to a point before the nipple,
    y the angle around it; a slow random warp curls them.
    """
    (strands,) = noise.power_law(random, slope=3.0, stretch=2.0, count=1)
    coarse = noise.band(random, cycles=12, stretch=1.4, count=2)
    fine = noise.band(random, cycles=28, stretch=1.3, count=2)
    straight = cv2.merge([strands, _ridges(coarse), _ridges(fine)])
    warp_x, warp_y = (
        field[:, : GRID_SHAPE[1]] for field in noise.power_law(random, slope=3.8, count=2)
    )
    x, y = grid_mm()
    focus_x, focus_y = outline.nipple[0] + 35, outline.nipple[1]
    distance = np.hypot(x - focus_x, y - focus_y)
    angle = np.arctan2(y - focus_y, focus_x - x)
    along = (distance + 7 * warp_x) / np.float32(GRID_SPACING_MM)
    across = (angle * 95 + 7 * warp_y) / np.float32(GRID_SPACING_MM)
    bent = cv2.remap(
        straight,
        np.mod(along, GRID).astype(np.float32),
        np.mod(across, GRID).astype(np.float32),
        cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_WRAP,
    )
    return [np.asarray(field) for field in cv2.split(bent)]


def _ridges(fields: list[Field]) -> Field:
    """Return thin bright curves where a field crosses zero, mean about 0."""
    crests = sum(np.exp(-((field / 0.45) ** 2)) for field in fields)
    return np.asarray(crests / len(fields) - 0.41, dtype=np.float32)


def _prior(outline: Outline, skin_distance_mm: Field) -> Field:
    """Return where fibroglandular tissue is likely: behind the nipple, off skin and chest wall."""
    x, y = grid_mm()
    depth = x / np.float32(outline.depth_mm)
    half = np.where(y < outline.nipple_y_mm, outline.upper_mm, outline.lower_mm)
    aside = (y - outline.nipple_y_mm) / half.astype(np.float32)
    reach = np.clip(1.15 - depth, 0.1, None) ** 0.5
    prior = 1.5 - 1.9 * (depth - 0.6) ** 2 / 0.25 - 1.5 * (aside / reach) ** 2
    near_skin = np.clip(1 - skin_distance_mm / 13, 0, 1)
    near_nipple = np.exp(
        -(((x - outline.depth_mm) / 18) ** 2 + ((y - outline.nipple_y_mm) / 9) ** 2)
    )
    return np.asarray(prior - 2.2 * near_skin * (1 - near_nipple), dtype=np.float32)


def _muscle(outline: Outline) -> NDArray[np.bool_]:
    x, y = grid_mm()
    return np.asarray(x < outline.muscle_mm(y.astype(np.float64)))


def _with_muscle(
    tissue: Field, outline: Outline, mottle: Field, strands: Field, random: np.random.Generator
) -> Field:
    if not outline.muscle[1]:
        return tissue
    x, y = grid_mm()
    inside = (outline.muscle_mm(y.astype(np.float64)) - x + 1.2 * mottle).astype(np.float32)
    amount = _sigmoid(inside / 1.3)
    bright = random.uniform(0.43, 0.52) + 0.0028 * np.clip(inside, 0, 45)
    muscle = bright + 0.02 * mottle + 0.015 * strands
    return np.asarray(tissue * (1 - amount) + np.maximum(muscle, 0.9 * tissue) * amount)


def _sigmoid(x: Field) -> Field:
    return np.asarray(1 / (1 + np.exp(-np.clip(x, -30, 30))), dtype=np.float32)
