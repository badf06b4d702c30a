"""Renders a phantom breast: how much radio-opaque tissue each ray meets, roughly 0 to 1."""

import cv2
import numpy as np
from numpy.typing import NDArray

from centre_node.mammography.phantoms.anatomy import Breast, Finding

Field = NDArray[np.float32]

SPECTRUM_EXPONENT = 3.0


def rendered(breast: Breast, random: np.random.Generator) -> Field:
    """Return the breast's opacity, shape (height, width); 0 outside the breast.

    The texture's power spectrum falls with about the third power of the frequency, as measured on
    real mammograms.
    """
    mask = _mask(breast)
    depth = cv2.distanceTransform(mask, cv2.DIST_L2, 5).astype(np.float32)
    scale = breast.height / 640
    thickness = np.sqrt(np.clip(depth / (70 * scale), 0, 1))
    fine = _texture(breast, random)
    tissue = 0.20 + 0.05 * _texture(breast, random)
    tissue += _fibroglandular(breast, fine, random)
    tissue += 0.055 * _ligaments(breast, random)
    tissue += _decoys(breast, random) * (1 + 0.3 * fine)
    tissue *= 0.3 + 0.7 * thickness
    tissue += 0.10 * np.exp(-((depth - 2.5 * scale) ** 2) / (2 * (1.6 * scale) ** 2))
    tissue += _pectoral(breast, fine, random)
    if breast.laterality == "R":
        tissue, mask = tissue[:, ::-1].copy(), mask[:, ::-1].copy()
    for finding in breast.findings:
        tissue += _lesion(finding, mask.shape, random) * (1 + 0.25 * fine)
    edge = cv2.GaussianBlur(mask.astype(np.float32), (0, 0), 0.8 * scale)
    return np.asarray(np.clip(tissue, 0.02, None) * edge * (mask > 0), dtype=np.float32)


def _mask(breast: Breast) -> NDArray[np.uint8]:
    columns = np.arange(breast.width)[None, :]
    reach = breast.reach(np.arange(breast.height, dtype=np.float64))[:, None]
    mask = (columns < reach).astype(np.uint8)
    if breast.pectoral[1]:
        mask |= (_above_muscle_line(breast) > 0).astype(np.uint8)
    return mask


def _above_muscle_line(breast: Breast) -> Field:
    """Return the signed distance, in shares of the muscle's width, to its border."""
    x = np.arange(breast.width, dtype=np.float32)[None, :] / breast.pectoral[0]
    y = np.arange(breast.height, dtype=np.float32)[:, None] / breast.pectoral[1]
    return np.asarray(1 - x - y, dtype=np.float32)


def _pectoral(breast: Breast, fine: Field, random: np.random.Generator) -> Field:
    if not breast.pectoral[1]:
        return np.zeros((breast.height, breast.width), dtype=np.float32)
    inside = 1 / (1 + np.exp(-np.clip(_above_muscle_line(breast) * 60, -30, 30)))
    return (inside * (random.uniform(0.22, 0.34) + 0.03 * fine)).astype(np.float32)


def _texture(breast: Breast, random: np.random.Generator) -> Field:
    """Return noise with zero mean, unit variance and a power-law spectrum."""
    height, width = breast.height, breast.width
    fy = np.fft.fftfreq(height)[:, None] * height
    fx = np.fft.rfftfreq(width)[None, :] * width
    radius = np.sqrt((fy * (width / height)) ** 2 + fx**2)
    amplitude = (radius + 1.5) ** (-SPECTRUM_EXPONENT / 2)
    spectrum = np.fft.rfft2(random.standard_normal((height, width), dtype=np.float32)) * amplitude
    field = np.fft.irfft2(spectrum, s=(height, width))
    return np.asarray((field - field.mean()) / field.std(), dtype=np.float32)


def _fibroglandular(breast: Breast, fine: Field, random: np.random.Generator) -> Field:
    """Return bright tissue, most of it behind the nipple, more of it in dense breasts."""
    rows = (
        np.arange(breast.height, dtype=np.float32)[:, None] - breast.middle
    ) / breast.half_height
    columns = np.arange(breast.width, dtype=np.float32)[None, :] / breast.depth
    prior = 1.35 - 2.6 * (columns - 0.52) ** 2 / 0.30 - 1.5 * np.abs(rows) ** 1.8
    amount = {1: -1.5, 2: -0.75, 3: -0.1, 4: 0.55}[breast.density]
    field = 0.9 * _texture(breast, random) + prior + amount
    soft = np.log1p(np.exp(np.clip(field * 2.2, -20, 20))) / 2.2
    return np.asarray(0.30 * np.tanh(soft * 0.9) * (1 + 0.22 * fine), dtype=np.float32)


def _ligaments(breast: Breast, random: np.random.Generator) -> Field:
    """Return Cooper's ligaments and vessels: thin bright arcs that run towards the nipple."""
    layer = np.zeros((breast.height, breast.width), dtype=np.float32)
    scale = breast.height / 640
    for index in range(70):
        y = breast.middle + random.uniform(-0.95, 0.95) * breast.half_height
        x = random.uniform(0.05, 0.95) * float(breast.reach(np.array([y]))[0])
        length = random.uniform(30, 130) * scale * (1.8 if index < 6 else 1)
        heading = np.arctan2(breast.middle - y, breast.depth - x) + random.normal(0, 0.7)
        bend = random.normal(0, 0.012) / scale
        t = np.linspace(0, length, 24)
        turn = heading + bend * t + 0.15 * np.sin(t / (9 * scale) + random.uniform(0, 6.3))
        step = length / 24
        points = np.stack(
            [x + np.cumsum(np.cos(turn)) * step, y + np.cumsum(np.sin(turn)) * step], 1
        )
        thick = max(1, round(random.uniform(0.6, 1.4 if index >= 6 else 2.6) * scale))
        strength = random.uniform(0.4, 1.2)
        curve = np.round(points * 8).astype(np.int32)
        cv2.polylines(layer, [curve], False, strength, thick, cv2.LINE_AA, 3)
    return cv2.GaussianBlur(layer, (0, 0), 0.9 * scale).astype(np.float32)


def _decoys(breast: Breast, random: np.random.Generator) -> Field:
    """Return overlapping tissue that resembles lesions: dense blobs and single benign specks."""
    layer = np.zeros((breast.height, breast.width), dtype=np.float32)
    scale = breast.height / 640
    for _ in range(random.poisson(5)):
        x, y = _anywhere(breast, random)
        layer += random.uniform(0.04, 0.15) * _blob(layer.shape, x, y, scale, random)
    for _ in range(random.poisson(5)):
        x, y = _anywhere(breast, random)
        _add_dot(layer, x, y, random.uniform(0.8, 1.8) * scale, random.uniform(0.1, 0.35))
    return layer


def _anywhere(breast: Breast, random: np.random.Generator) -> tuple[float, float]:
    y = breast.middle + random.uniform(-0.8, 0.8) * breast.half_height
    return random.uniform(0.05, 0.9) * float(breast.reach(np.array([y]))[0]), y


def _blob(
    shape: tuple[int, ...], x: float, y: float, scale: float, random: np.random.Generator
) -> Field:
    """Return a soft ellipse of height 1, steeper at its border than a Gaussian."""
    long, short = random.uniform(14, 42) * scale, random.uniform(8, 24) * scale
    tilt = random.uniform(0, np.pi)
    columns = np.arange(shape[1], dtype=np.float32)[None, :] - np.float32(x)
    rows = np.arange(shape[0], dtype=np.float32)[:, None] - np.float32(y)
    along = (columns * np.float32(np.cos(tilt)) + rows * np.float32(np.sin(tilt))) / np.float32(
        long
    )
    across = (rows * np.float32(np.cos(tilt)) - columns * np.float32(np.sin(tilt))) / np.float32(
        short
    )
    return np.asarray(np.exp(-((along**2 + across**2) ** 2)), dtype=np.float32)


def _add_dot(layer: Field, x: float, y: float, sigma: float, strength: float) -> None:
    """Add a bright point with a Gaussian profile to a layer."""
    height, width = layer.shape
    reach = int(np.ceil(4 * sigma))
    top, bottom = max(int(y) - reach, 0), min(int(y) + reach + 1, height)
    left, right = max(int(x) - reach, 0), min(int(x) + reach + 1, width)
    rows = np.arange(top, bottom)[:, None] - y
    columns = np.arange(left, right)[None, :] - x
    layer[top:bottom, left:right] += strength * np.exp(-(rows**2 + columns**2) / (2 * sigma**2))


def _lesion(finding: Finding, shape: tuple[int, ...], random: np.random.Generator) -> Field:
    if finding.shape == "cluster":
        return _cluster(finding, shape, random)
    mass: Field = np.zeros(shape, dtype=np.float32)
    cv2.fillPoly(mass, [np.round(finding.contour * 8).astype(np.int32)], 1.0, cv2.LINE_AA, 3)
    softness = {"round": 0.08, "lobulated": 0.10, "spiculated": 0.16}[finding.shape]
    mass = np.asarray(
        cv2.GaussianBlur(mass, (0, 0), max(0.8, softness * finding.radius)), dtype=np.float32
    )
    if finding.shape == "spiculated":
        mass = np.maximum(mass, _spicules(finding, shape, random))
    return (finding.contrast * mass).astype(np.float32)


def _spicules(finding: Finding, shape: tuple[int, ...], random: np.random.Generator) -> Field:
    layer = np.zeros(shape, dtype=np.float32)
    x, y = finding.centre
    scale = shape[0] / 640
    for angle in random.uniform(0, 2 * np.pi, int(random.integers(9, 18))):
        length = finding.radius * random.uniform(1.1, 1.75)
        t = np.linspace(0.4 * finding.radius, length, 12)
        bend = angle + random.normal(0, 0.25) * (t / length) ** 2
        points = np.stack([x + t * np.cos(bend), y + t * np.sin(bend)], axis=1)
        thick = max(1, round(random.uniform(0.8, 1.8) * scale))
        cv2.polylines(
            layer,
            [np.round(points * 8).astype(np.int32)],
            False,
            random.uniform(0.4, 0.9),
            thick,
            cv2.LINE_AA,
            3,
        )
    return cv2.GaussianBlur(layer, (0, 0), 0.9 * scale).astype(np.float32)


def _cluster(finding: Finding, shape: tuple[int, ...], random: np.random.Generator) -> Field:
    layer = np.zeros(shape, dtype=np.float32)
    scale = shape[0] / 640
    for _ in range(int(random.integers(7, 22))):
        radius = finding.radius * 0.7 * np.sqrt(random.random())
        angle = random.uniform(0, 2 * np.pi)
        x = finding.centre[0] + radius * np.cos(angle)
        y = finding.centre[1] + radius * np.sin(angle)
        _add_dot(layer, x, y, random.uniform(0.6, 1.3) * scale, random.uniform(0.12, 0.4))
    return layer
