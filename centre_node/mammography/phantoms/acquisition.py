"""Three ways to take the picture: sharp and digital, scanned film, soft and low-dose."""

import cv2
import numpy as np
from numpy.typing import NDArray

from centre_node.mammography.configuration import AcquisitionStyle

Field = NDArray[np.float32]


def acquired(
    opacity: Field, style: AcquisitionStyle, random: np.random.Generator, *, marker: str
) -> NDArray[np.uint8]:
    """Return a breast's 8-bit image in a style, shape (height, width), min-max scaled.

    Film carries `marker`, such as `L CC`, on its label.
    """
    if style == "film":
        image = _film(opacity, random, marker)
    else:
        image = {"digital": _digital, "soft": _soft}[style](opacity, random)
    low, high = float(image.min()), float(image.max())
    return np.round((image - low) / (high - low) * 255).astype(np.uint8)


def _digital(opacity: Field, random: np.random.Generator) -> Field:
    """Clean and contrasty: a steep grey curve, quantum noise in the breast alone."""
    image = 1 / (1 + np.exp(-(opacity - 0.42) * 7.5)) - 1 / (1 + np.exp(0.42 * 7.5))
    noise = random.standard_normal(opacity.shape, dtype=np.float32)
    return np.asarray(image + 0.008 * noise * (opacity > 0), dtype=np.float32)


def _film(opacity: Field, random: np.random.Generator, marker: str) -> Field:
    """Scanned film: grain, flatter greys, uneven lighting, a marker, dust."""
    height, width = opacity.shape
    image = 0.85 * opacity**0.8
    grain = random.standard_normal(opacity.shape, dtype=np.float32)
    image += 0.022 * cv2.GaussianBlur(grain, (0, 0), 0.7)
    y = np.linspace(-1, 1, height, dtype=np.float32)[:, None]
    x = np.linspace(-1, 1, width, dtype=np.float32)[None, :]
    image *= 1 - 0.10 * (x**2 + y**2)
    _label(image, opacity, marker)
    for _ in range(random.poisson(3)):
        row, column = int(random.integers(height - 2)), int(random.integers(width - 2))
        image[row : row + 2, column : column + 2] = random.uniform(0.5, 0.8)
    return np.asarray(image.clip(0), dtype=np.float32)


def _label(image: Field, opacity: Field, marker: str) -> None:
    """Draw the view's label in the darker upper or lower corner, off the breast."""
    height, width = image.shape
    side, tall = round(width * 0.13), round(height * 0.05)
    corners = [(x, y) for x in (4, width - side - 4) for y in (4, height - tall - 4)]
    x, y = min(corners, key=lambda c: float(opacity[c[1] : c[1] + tall, c[0] : c[0] + side].sum()))
    if opacity[y : y + tall, x : x + side].any():
        return
    label = np.full((tall, side), 190, dtype=np.uint8)
    place, size = (side // 12, round(tall * 0.7)), side / 115
    cv2.putText(label, marker, place, cv2.FONT_HERSHEY_SIMPLEX, size, 25, 1, cv2.LINE_AA)
    image[y : y + tall, x : x + side] = label / np.float32(255)


def _soft(opacity: Field, random: np.random.Generator) -> Field:
    """Low dose and smoothed: blurred tissue, coarse noise, a curve that lifts shadows."""
    scale = opacity.shape[0] / 640
    image = cv2.GaussianBlur(opacity, (0, 0), 1.5 * scale) ** 0.6
    coarse = cv2.GaussianBlur(random.standard_normal(opacity.shape, dtype=np.float32), (0, 0), 1.3)
    return (image + 0.035 * coarse * (opacity > 0)).astype(np.float32)
