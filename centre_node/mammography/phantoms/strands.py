"""Thin bright lines: Cooper's ligaments, vessels, and the lines around spiculated masses."""

import cv2
import numpy as np
from numpy.typing import NDArray

from centre_node.mammography.phantoms.blurring import blurred
from centre_node.mammography.phantoms.noise import Field
from centre_node.mammography.phantoms.outline import Outline

_STEPS = 14
_SUBPIXEL_BITS = 4


def ligaments(
    outline: Outline, shape: tuple[int, int], px_per_mm: float, random: np.random.Generator
) -> Field:
    """Return curved threads and a few vessels, shape (height, width), 0 to 1."""
    threads = _curves(outline, random, count=110, length_mm=(12, 48), bend=0.5)
    vessels = _curves(
        outline, random, count=int(random.integers(3, 8)), length_mm=(60, 120), bend=0.7
    )
    sharp = draw(threads, shape, px_per_mm, width_mm=0.4, strengths=random.uniform(0.15, 0.8, 110))
    wide = draw(vessels, shape, px_per_mm, width_mm=1.5, strengths=random.uniform(0.3, 0.6, 8))
    soft_vessels = blurred(wide, 0.5 * px_per_mm)
    return np.maximum(blurred(sharp, max(0.25 * px_per_mm, 0.6)), soft_vessels)


def draw(
    curves: NDArray[np.float64],
    shape: tuple[int, ...],
    px_per_mm: float,
    *,
    width_mm: float,
    strengths: NDArray[np.float64],
) -> Field:
    """Return curves that fade towards both ends, shape `shape`, 0 to 1.

    Args:
        curves: In millimetres, shape (count, steps, 2).
        strengths: Brightness of each curve, 0 to 1; at least as many as curves.
    """
    canvas = np.zeros(shape, dtype=np.uint8)
    points = np.round((curves * px_per_mm - 0.5) * 2**_SUBPIXEL_BITS).astype(int)
    fade = np.sin(np.linspace(0.12, 1, curves.shape[1] - 1) * np.pi * 0.94)
    thickness = max(1, round(width_mm * px_per_mm))
    for curve, strength in zip(points, strengths, strict=False):
        for start, end, level in zip(curve[:-1], curve[1:], 255 * strength * fade, strict=True):
            cv2.line(canvas, start, end, float(level), thickness, cv2.LINE_AA, _SUBPIXEL_BITS)
    return canvas.astype(np.float32) / np.float32(255)


def _curves(
    outline: Outline,
    random: np.random.Generator,
    *,
    count: int,
    length_mm: tuple[float, float],
    bend: float,
) -> NDArray[np.float64]:
    """Return random walks that head for the nipple, shape (count, _STEPS, 2), in millimetres."""
    y = random.uniform(
        outline.nipple_y_mm - outline.upper_mm, outline.nipple_y_mm + outline.lower_mm, count
    )
    x = random.uniform(0, 0.97, count) * outline.skin_mm(y)
    heading = np.arctan2(outline.nipple_y_mm - y, outline.depth_mm + 15 - x)
    heading = heading + random.normal(0, 0.4, count)
    turns = random.normal(0, bend / _STEPS, (count, 1)) + random.normal(
        0, bend / 5, (count, _STEPS)
    )
    headings = heading[:, None] + np.cumsum(turns, axis=1)
    step = random.uniform(*length_mm, (count, 1)) / _STEPS
    return np.stack(
        [
            x[:, None] + np.cumsum(np.cos(headings) * step, axis=1),
            y[:, None] + np.cumsum(np.sin(headings) * step, axis=1),
        ],
        axis=2,
    )
