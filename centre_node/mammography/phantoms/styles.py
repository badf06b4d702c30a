"""Three ways to take the picture: clean digital, scanned film, soft low-dose."""

import cv2
import numpy as np
from numpy.typing import NDArray

from centre_node.mammography.phantoms.blurring import blurred
from centre_node.mammography.phantoms.machines import Machine
from centre_node.mammography.phantoms.noise import Field
from centre_node.mammography.phantoms.outline import IMAGE_HEIGHT_MM

_NOISE_PX_PER_MM = 2.5


def expose(
    rays: Field,
    skin_distance_mm: Field,
    *,
    machine: Machine,
    marker: str,
    random: np.random.Generator,
) -> NDArray[np.uint8]:
    """Return the image that a machine makes, shape (height, width), 8 bit, min-max scaled.

    Args:
        rays: Attenuation inside the breast, about 0 to 1.
        skin_distance_mm: Distance to the skin; 0 outside the breast.
        marker: What the film's label says.
    """
    if machine.style == "digital":
        image = _digital(rays, skin_distance_mm, machine, random)
    elif machine.style == "film":
        image = _film(rays, skin_distance_mm, machine, marker, random)
    else:
        image = _soft(rays, skin_distance_mm, machine, random)
    low, high = float(image.min()), float(image.max())
    return np.round((image - low) * (255 / (high - low))).astype(np.uint8)


def _digital(
    rays: Field, skin_distance_mm: Field, machine: Machine, random: np.random.Generator
) -> Field:
    """Sharp and contrasty: detail enhanced, thickness evened out up to the skin."""
    px_per_mm = rays.shape[0] / IMAGE_HEIGHT_MM
    inside = _through(skin_distance_mm, rise_mm=2.5) * rays + _skin_line(skin_distance_mm, 0.09)
    inside = blurred(inside, 0.07 * machine.blur * px_per_mm)
    # Fewer rays come through dense tissue, so it is noisier.
    quanta = random.standard_normal(rays.shape, dtype=np.float32)
    inside += _noise(0.0017, machine, px_per_mm) * np.exp(1.1 * inside) * quanta
    detail = inside - blurred(inside, 1.6 * px_per_mm)
    slope = np.float32(6.6 * machine.contrast)
    curve = _sigmoid(slope * (inside + np.float32(0.5) * detail - np.float32(0.5 + machine.level)))
    image = np.clip(curve, 0.01, None) * _edge(skin_distance_mm, px_per_mm)
    return np.asarray(image, dtype=np.float32)


def _film(
    rays: Field,
    skin_distance_mm: Field,
    machine: Machine,
    marker: str,
    random: np.random.Generator,
) -> Field:
    """Scanned film: flat greys, dark towards the skin, grain, uneven light, a label, dust."""
    height, width = rays.shape
    px_per_mm = height / IMAGE_HEIGHT_MM
    inside = _through(skin_distance_mm, rise_mm=9.0) * rays + _skin_line(skin_distance_mm, 0.015)
    slope, middle = np.float32(4.4 * machine.contrast), np.float32(0.46 + machine.level)
    image = np.float32(0.86) * _sigmoid(slope * (inside - middle))
    image *= _edge(skin_distance_mm, px_per_mm)
    scanned = blurred(image, max(0.19 * machine.blur * px_per_mm, 0.5))
    x = np.linspace(-1, 1, width, dtype=np.float32)[None, :]
    y = np.linspace(-1, 1, height, dtype=np.float32)[:, None]
    image = scanned * (1 - np.float32(0.10) * (x**2 + y**2)) + np.float32(0.012)
    grain = random.standard_normal(rays.shape, dtype=np.float32)
    grain = np.float32(0.6) * grain + np.float32(1.1) * blurred(grain, 0.8)
    strength = _noise(0.024, machine, px_per_mm)
    image += (np.float32(0.004) + strength * np.sqrt(np.clip(image, 0, 1))) * grain
    _add_label(image, skin_distance_mm, marker, random)
    _add_dust(image, random)
    return np.asarray(np.clip(image, 0, 1), dtype=np.float32)


def _soft(
    rays: Field, skin_distance_mm: Field, machine: Machine, random: np.random.Generator
) -> Field:
    """Low dose, heavily smoothed: blurred tissue, coarse mottle, a curve that lifts the shadows."""
    px_per_mm = rays.shape[0] / IMAGE_HEIGHT_MM
    inside = _through(skin_distance_mm, rise_mm=5.0) * rays + _skin_line(skin_distance_mm, 0.04)
    lifted = np.clip(inside - np.float32(machine.level), 0.05, None)
    image = lifted ** np.float32(0.75 * machine.contrast) * _edge(skin_distance_mm, px_per_mm)
    # A veil over a sharper picture: the smallest calcifications are pale, but not gone.
    veil = blurred(image, 0.8 * machine.blur * px_per_mm)
    sharper = blurred(image, 0.22 * machine.blur * px_per_mm)
    smooth = np.float32(0.62) * veil + np.float32(0.38) * sharper
    mottle = blurred(random.standard_normal(rays.shape, dtype=np.float32), 1.1)
    mottled = smooth * (1 + _noise(0.045, machine, px_per_mm) * mottle)
    return np.asarray(np.clip(mottled, 0, 1), dtype=np.float32)


def _noise(deviation: float, machine: Machine, px_per_mm: float) -> np.float32:
    """Return the deviation of noise: smaller pixels catch fewer rays each."""
    return np.float32(deviation * machine.noise * (px_per_mm / _NOISE_PX_PER_MM) ** 0.4)


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
