"""From a plan to pixels."""

import cv2
import numpy as np
from numpy.typing import NDArray

from centre_node.mammography.phantoms import lesion_rendering, noise, strands, styles, tissue
from centre_node.mammography.phantoms.noise import Field
from centre_node.mammography.phantoms.outline import IMAGE_HEIGHT_MM, Outline
from centre_node.mammography.phantoms.plan import ImagePlan

_LIGAMENTS = 0.10
_SUBPIXEL_BITS = 4


def render(plan: ImagePlan) -> NDArray[np.uint8]:
    """Return the image, shape (height, width), 8 bit, min-max scaled."""
    shape = (plan.height_px, plan.width_px)
    anatomy = np.random.default_rng((*plan.seed, 1))
    skin_distance = _skin_distance_mm(plan.outline, shape)
    rays = _attenuation(plan, skin_distance, anatomy)
    if plan.laterality == "R":
        rays, skin_distance = (
            np.ascontiguousarray(field[:, ::-1]) for field in (rays, skin_distance)
        )
    exposure = np.random.default_rng((*plan.seed, 2))
    marker = f"{plan.laterality} {plan.view}"
    return styles.expose(rays, skin_distance, machine=plan.machine, marker=marker, random=exposure)


def _attenuation(plan: ImagePlan, skin_distance: Field, random: np.random.Generator) -> Field:
    height, width = skin_distance.shape
    px_per_mm = height / IMAGE_HEIGHT_MM
    coarse_skin = _resized(skin_distance, tissue.GRID_SHAPE, cv2.INTER_AREA)
    coarse = tissue.attenuation(plan.outline, plan.density, coarse_skin, random)
    (texture,) = noise.power_law(random, slope=3.0, count=1)
    texture = _resized(texture[:, : tissue.GRID_SHAPE[1]], (height, width), cv2.INTER_CUBIC)
    rays = _resized(coarse, (height, width), cv2.INTER_CUBIC)
    lines = strands.ligaments(plan.outline, (height, width), px_per_mm, random)
    rays += np.float32(_LIGAMENTS) * lines
    lesion_rendering.add_decoys(rays, plan.outline, px_per_mm, texture, random)
    for lesion in plan.lesions:
        lesion_rendering.add_lesion(rays, lesion, px_per_mm, texture)
    return noise.add_fine_octaves(rays, random, amplitude=np.float32(0.012) * rays)


def _skin_distance_mm(outline: Outline, shape: tuple[int, int]) -> Field:
    """Return the distance to the skin in millimetres, 0 outside the breast."""
    px_per_mm = shape[0] / IMAGE_HEIGHT_MM
    y = np.linspace(-20, IMAGE_HEIGHT_MM + 20, 1200)
    x = np.maximum(outline.skin_mm(y), -20)
    border = np.concatenate([np.stack([x, y], axis=1), [[-30, y[-1]], [-30, y[0]]]])
    corners = np.round((border * px_per_mm - 0.5) * 2**_SUBPIXEL_BITS).astype(np.int32)
    mask = np.zeros(shape, dtype=np.uint8)
    cv2.fillPoly(mask, [corners], 1, cv2.LINE_8, _SUBPIXEL_BITS)
    distance_px = cv2.distanceTransform(mask, cv2.DIST_L2, cv2.DIST_MASK_5)
    return np.asarray(distance_px / px_per_mm, dtype=np.float32)


def _resized(field: Field, shape: tuple[int, int], interpolation: int) -> Field:
    resized = cv2.resize(field, shape[::-1], interpolation=interpolation)
    return np.asarray(resized, dtype=np.float32)
