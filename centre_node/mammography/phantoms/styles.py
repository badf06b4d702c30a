"""Three ways to take the picture: clean digital, scanned film, soft low-dose."""

import cv2
import numpy as np
from numpy.typing import NDArray

from centre_node.mammography.configuration import AcquisitionStyle
from centre_node.mammography.phantoms.noise import Field
from centre_node.mammography.phantoms.outline import IMAGE_HEIGHT_MM


def expose(
    rays: Field,
    skin_distance_mm: Field,
    *,
    style: AcquisitionStyle,
    marker: str,
    random: np.random.Generator,
) -> NDArray[np.uint8]:
    """Return the 8-bit image that a style makes of a breast, shape (height, width), min-max scaled.

    Args:
        rays: Attenuation inside the breast, about 0 to 1.
        skin_distance_mm: Distance to the skin; 0 outside the breast.
        marker: What the film's label says.
    """
    if style == "digital":
        image = _digital(rays, skin_distance_mm, random)
    elif style == "film":
        image = _film(rays, skin_distance_mm, marker, random)
    else:
        image = _soft(rays, skin_distance_mm, random)
    low, high = float(image.min()), float(image.max())
    return np.round((image - low) * (255 / (high - low))).astype(np.uint8)


def _digital(rays: Field, skin_distance_mm: Field, random: np.random.Generator) -> Field:
    """Sharp and contrasty: detail enhanced, thickness evened out up to the skin."""
    px_per_mm = rays.shape[0] / IMAGE_HEIGHT_MM
    inside = _through(skin_distance_mm, rise_mm=2.5) * rays + _skin_line(skin_distance_mm, 0.09)
    detail = inside - cv2.GaussianBlur(inside, (0, 0), 1.6 * px_per_mm)
    curve = _sigmoid(6.6 * (inside + 0.5 * detail - 0.50))
    quantum = np.float32(0.006) * random.standard_normal(rays.shape, dtype=np.float32)
    image = np.clip(curve + quantum, 0.01, None) * _edge(skin_distance_mm, px_per_mm)
    return np.asarray(image, dtype=np.float32)


def _film(rays: Field, skin_distance_mm: Field, marker: str, random: np.random.Generator) -> Field:
    """Scanned film: flat greys, dark towards the skin, grain, uneven light, a label, dust."""
    height, width = rays.shape
    px_per_mm = height / IMAGE_HEIGHT_MM
    inside = _through(skin_distance_mm, rise_mm=9.0) * rays + _skin_line(skin_distance_mm, 0.015)
    image = 0.86 * _sigmoid(4.4 * (inside - 0.46)) * _edge(skin_distance_mm, px_per_mm)
    scanned = cv2.GaussianBlur(image, (0, 0), max(0.22 * px_per_mm, 0.5))
    x, y = np.linspace(-1, 1, width)[None, :], np.linspace(-1, 1, height)[:, None]
    image = np.asarray(scanned * (1 - 0.10 * (x**2 + y**2)) + 0.012, dtype=np.float32)
    grain = random.standard_normal(rays.shape, dtype=np.float32)
    grain = 0.6 * grain + 1.1 * cv2.GaussianBlur(grain, (0, 0), 0.8)
    image += (0.004 + 0.022 * np.sqrt(np.clip(image, 0, 1))) * grain
    _add_label(image, skin_distance_mm, marker, random)
    _add_dust(image, random)
    return np.asarray(np.clip(image, 0, 1))


def _soft(rays: Field, skin_distance_mm: Field, random: np.random.Generator) -> Field:
    """Low dose, heavily smoothed: blurred tissue, coarse mottle, a curve that lifts the shadows."""
    px_per_mm = rays.shape[0] / IMAGE_HEIGHT_MM
    inside = _through(skin_distance_mm, rise_mm=5.0) * rays + _skin_line(skin_distance_mm, 0.04)
    image = np.clip(inside, 0.05, None) ** 0.75 * _edge(skin_distance_mm, px_per_mm)
    smooth = cv2.GaussianBlur(image, (0, 0), 0.6 * px_per_mm)
    mottle = cv2.GaussianBlur(random.standard_normal(rays.shape, dtype=np.float32), (0, 0), 1.1)
    return np.asarray(np.clip(smooth * (1 + 0.045 * mottle), 0, 1), dtype=np.float32)


def _through(skin_distance_mm: Field, *, rise_mm: float) -> Field:
    """Return how much tissue a ray meets, 0 at the skin to 1 where the breast is pressed flat."""
    return np.asarray(np.sqrt(1 - np.exp(-skin_distance_mm / np.float32(rise_mm))))


def _skin_line(skin_distance_mm: Field, strength: float) -> Field:
    line = strength * np.exp(-(((skin_distance_mm - 0.9) / 0.7) ** 2))
    return np.asarray(line, dtype=np.float32)


def _edge(skin_distance_mm: Field, px_per_mm: float) -> Field:
    return np.asarray(np.clip(skin_distance_mm * np.float32(0.7 * px_per_mm), 0, 1))


def _sigmoid(x: NDArray[np.floating]) -> Field:
    return np.asarray(1 / (1 + np.exp(-x)), dtype=np.float32)


def _add_label(
    image: Field, skin_distance_mm: Field, marker: str, random: np.random.Generator
) -> None:
    """Lay a lead label into the upper corner away from the chest wall, if it is free."""
    height, width = image.shape
    tall = height // 9
    wide = round(1.5 * tall)
    label = np.zeros((tall, wide), dtype=np.uint8)
    scale, thickness = height / 720, max(1, height // 320)
    origin = (tall // 6, round(tall * 0.65))
    cv2.putText(label, marker, origin, cv2.FONT_HERSHEY_SIMPLEX, scale, 255, thickness, cv2.LINE_AA)
    turn = cv2.getRotationMatrix2D((wide / 2, tall / 2), float(random.normal(0, 12)), 0.9)
    lead = cv2.warpAffine(label, turn, (wide, tall)).astype(np.float32) / np.float32(255)
    gap = height // 50
    chest_left = skin_distance_mm[:, 0].max() >= skin_distance_mm[:, -1].max()
    left = width - gap - wide if chest_left else gap
    spot = np.s_[gap : gap + tall, left : left + wide]
    if skin_distance_mm[spot].max() == 0:
        image[spot] = np.maximum(image[spot], np.float32(random.uniform(0.75, 1)) * lead)


def _add_dust(image: Field, random: np.random.Generator) -> None:
    """Add specks and fine scratches from handling and scanning."""
    height, width = image.shape
    for _ in range(int(random.integers(4, 14))):
        at = (int(random.integers(width)), int(random.integers(height)))
        image[at[1], at[0]] += np.float32(random.uniform(0.1, 0.5))
    scratches = np.zeros(image.shape, dtype=np.uint8)
    for _ in range(int(random.integers(0, 4))):
        x, y = random.uniform(0, width), random.uniform(0, height)
        angle, length = random.uniform(0, np.pi), random.uniform(0.03, 0.14) * height
        end = (round(x + length * np.cos(angle)), round(y + length * np.sin(angle)))
        cv2.line(scratches, (round(x), round(y)), end, 255, 1, cv2.LINE_AA)
    image += np.float32(0.07 / 255) * scratches
