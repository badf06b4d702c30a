import os
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from centre_node.mammography.boxes import Box
from centre_node.mammography.breast_mask import breast_mask, found_breast
from centre_node.mammography.phantoms.plan import ImagePlan, plan_images
from centre_node.mammography.phantoms.rendering import render
from centre_node.mammography.readers.coco import read_coco
from node_api.data_sources import AcquisitionStyle, PhantomSet

ROOT = os.environ.get("GENSHARE_REAL_DATA")

Mask = NDArray[np.bool_]


def plans(style: AcquisitionStyle, *, height: int = 512, patients: int = 4) -> list[ImagePlan]:
    configuration = PhantomSet(style=style, patients=patients, seed=5, image_height_px=height)
    return list(plan_images(configuration))


def breast(plan: ImagePlan) -> Mask:
    """Where a phantom's breast is, from its outline."""
    rows = (np.arange(plan.height_px, dtype=np.float64) + 0.5) * plan.spacing_mm
    columns = (np.arange(plan.width_px, dtype=np.float64) + 0.5) * plan.spacing_mm
    inside = columns[None, :] < plan.outline.skin_mm(np.asarray(rows))[:, None]
    return inside[:, ::-1] if plan.laterality == "R" else inside


def overlap(one: Mask, other: Mask) -> float:
    """Intersection over union."""
    return float((one & other).sum() / (one | other).sum())


def film(
    *, background: int = 30, noise: float = 2, label: bool = True, edge: bool = True
) -> tuple[NDArray[np.uint8], Mask]:
    """Half a disc at the left of a grey film with a label and bright edges."""
    random = np.random.default_rng(0)
    image = np.full((480, 360), background, dtype=np.uint8)
    y, x = np.mgrid[:480, :360]
    disc = np.hypot(x, y - 240) < 190
    image[disc] = 130
    if label:
        cv2.putText(image, "R CC", (240, 60), cv2.FONT_HERSHEY_SIMPLEX, 1.2, 250, 4)
    if edge:
        image[:9], image[-12:], image[:, -10:] = 255, 255, 255
        image[:, :6] = 255
    grainy = image + random.normal(0, noise, image.shape)
    return np.round(grainy.clip(0, 255)).astype(np.uint8), disc


def test_a_half_disc_on_grey_film_is_found_without_label_and_edges() -> None:
    pixels, disc = film()

    mask = breast_mask(pixels)

    assert mask.dtype == np.bool_
    assert overlap(mask, disc) > 0.97
    assert not mask[20:80, 230:350].any()
    assert not mask[:, -10:].any()
    assert not mask[:9].any()
    assert not mask[-12:].any()


@pytest.mark.parametrize("value", [0, 40, 255])
def test_an_image_of_one_value_has_no_breast(value: int) -> None:
    assert not breast_mask(np.full((300, 200), value, dtype=np.uint8)).any()


@pytest.mark.parametrize("shape", [(1, 1), (2, 7), (9, 4), (500, 3), (3, 500)])
def test_the_smallest_images_have_masks_of_their_shape(shape: tuple[int, int]) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)

    assert breast_mask(pixels).shape == shape


def test_a_label_and_edges_alone_are_no_breast() -> None:
    pixels, disc = film()
    pixels[disc & (pixels < 250)] = 30

    assert not breast_mask(pixels).any()


def test_an_image_of_tissue_alone_is_all_breast() -> None:
    random = np.random.default_rng(0)
    coarse = random.normal(120, 40, (12, 9)).astype(np.float32)
    tissue = cv2.resize(coarse, (360, 480), interpolation=cv2.INTER_CUBIC)

    assert breast_mask(tissue.clip(0, 255).astype(np.uint8)).mean() > 0.99


def test_tissue_as_dark_as_the_background_is_filled() -> None:
    pixels, disc = film(background=0, noise=0, label=False, edge=False)
    y, x = np.mgrid[:480, :360]
    pixels[np.hypot(x - 100, y - 240) < 30] = 0  # inside
    pixels[np.hypot(x, y - 200) < 25] = 0  # at the chest wall

    assert overlap(breast_mask(pixels), disc) > 0.99


def test_black_columns_beside_the_chest_wall_are_background() -> None:
    pixels, disc = film(background=0, noise=0, label=False, edge=False)

    mask = breast_mask(np.pad(pixels, ((0, 0), (90, 0))))

    assert not mask[:, :89].any()
    assert overlap(mask[:, 90:], disc) > 0.99


def scanned(
    *, base: float = 36, noise: float = 4, light: float = 0, padding: int = 0, frame: int = 0
) -> tuple[NDArray[np.float64], Mask]:
    """A film with a breast at its right and a label: brighter to the right, padded, framed."""
    random = np.random.default_rng(0)
    height, width = 512, 480
    right = width - padding
    y, x = np.mgrid[:height, :width].astype(np.float64)
    greys = base + light * x / width + random.normal(0, noise, (height, width))
    disc = (np.hypot((x - right) / 190, (y - 250) / 210) < 1) & (x < right)
    greys[disc] = 120 + 30 * np.sin(x[disc] / 12) * np.sin(y[disc] / 15)
    greys[40:60, padding + 40 : padding + 90] = 250
    if frame:
        framed = np.ones_like(disc)
        framed[frame:-frame, padding + frame : right - frame] = False
        greys[framed] = 240 + random.normal(0, 3, framed.sum())
        disc &= ~framed
    greys[(x < padding) | (x >= right)] = 0
    return greys, disc


def in_8_bit(greys: NDArray[np.float64]) -> NDArray[np.uint8]:
    return np.round(greys.clip(0, 255)).astype(np.uint8)


@pytest.mark.parametrize(
    "options",
    [
        {"padding": 115, "base": 6, "noise": 2},
        {"padding": 115, "base": 12, "noise": 2},
        {"padding": 20},
        {"padding": 70, "base": 60},
        {"padding": 60, "noise": 8},
        {"padding": 70, "frame": 12},
        {"padding": 70, "light": 40},
        {"frame": 15},
        {"frame": 40},
        {"frame": 15, "light": 30},
        {"light": 25},
        {"light": 45},
    ],
    ids=str,
)
def test_the_breast_is_found_on_padded_framed_and_unevenly_lit_film(
    options: dict[str, int],
) -> None:
    greys, disc = scanned(**options)

    for pixels, expected in (
        (in_8_bit(greys), disc),
        (np.ascontiguousarray(in_8_bit(greys)[:, ::-1]), disc[:, ::-1]),
    ):
        found = found_breast(pixels)

        assert found.doubt is None
        assert abs(found.mask.mean() - expected.mean()) < 0.03
        assert overlap(found.mask, expected) > 0.85  # with an edge of a thin frame


@pytest.mark.parametrize("value", [0, 128, 255])
def test_padding_may_have_any_value_slant_and_round_corners(value: int) -> None:
    greys, disc = scanned(padding=60)
    pixels = in_8_bit(greys)
    y, x = np.mgrid[:512, :480]
    slanted = x < 60 + y / 25
    corner = np.hypot(x - 90, y - 30) > 30
    pixels[slanted | (x >= 420) | ((x < 90) & (y < 30) & corner)] = value

    assert overlap(breast_mask(pixels), disc) > 0.95


@pytest.mark.parametrize("rows", [slice(0, 150), slice(150, 360)], ids=["corner", "edge"])
def test_a_black_block_on_a_padded_film_is_padding_too(rows: slice) -> None:
    greys, disc = scanned(padding=60, base=20)
    greys[rows, 60:90] = 0

    assert overlap(breast_mask(in_8_bit(greys)), disc) > 0.95


def test_a_breast_cut_out_along_its_skin_keeps_the_mask_it_has_without_more_padding() -> None:
    y, x = np.mgrid[:480, :360]
    disc = np.hypot((x - 100) / 200, (y - 240) / 200) < 1
    disc &= x >= 100
    pixels = np.where(disc, 40 + x // 3, 0).astype(np.uint8)  # dark at its skin

    found = found_breast(np.pad(pixels, ((0, 0), (0, 120))))

    assert found.doubt is None
    assert overlap(found.mask[:, :360], disc) > 0.97


def test_a_mask_of_the_whole_film_or_of_nothing_is_doubted() -> None:
    random = np.random.default_rng(0)
    coarse = random.normal(120, 40, (12, 9)).astype(np.float32)
    tissue = cv2.resize(coarse, (360, 480), interpolation=cv2.INTER_CUBIC)
    label, disc = film()
    label[disc & (label < 250)] = 30

    assert found_breast(in_8_bit(np.asarray(tissue, dtype=np.float64))).doubt == "whole film"
    assert found_breast(label).doubt == "nothing"
    assert found_breast(film()[0]).doubt is None


@pytest.mark.slow
@pytest.mark.parametrize("style", ["digital", "film", "soft"])
def test_the_mask_of_a_phantom_is_its_outline(style: AcquisitionStyle) -> None:
    for plan in plans(style):
        assert overlap(breast_mask(render(plan)), breast(plan)) > 0.97


@pytest.mark.slow
def test_the_label_of_a_phantom_film_is_outside() -> None:
    for plan in plans("film"):
        pixels = render(plan)
        label = (pixels > 150) & ~breast(plan)
        label[120:] = False

        assert label.sum() > 30
        assert not (breast_mask(pixels) & label).any()


@pytest.mark.slow
@settings(max_examples=25, deadline=None)
@given(
    height=st.integers(40, 900),
    width=st.integers(30, 700),
    seed=st.integers(0, 9),
    background=st.integers(0, 45),
)
def test_a_mirrored_image_has_the_mirrored_mask(
    height: int, width: int, seed: int, background: int
) -> None:
    random = np.random.default_rng(seed)
    y, x = np.mgrid[:height, :width]
    reach = random.uniform(0.3, 0.8) * width
    disc = np.hypot(x / reach, (y / height - 0.5) / 0.45) < 1
    image = np.where(disc, 140, background) + random.normal(0, 2, (height, width))
    pixels = image.clip(0, 255).astype(np.uint8)

    mask = breast_mask(pixels)
    mirrored = breast_mask(np.ascontiguousarray(pixels[:, ::-1]))[:, ::-1]

    assert not (mask & ~grown(mirrored)).any()
    assert not (mirrored & ~grown(mask)).any()


def grown(mask: Mask) -> Mask:
    """The mask and a pixel around it."""
    return np.asarray(cv2.dilate(mask.astype(np.uint8), np.ones((3, 3), np.uint8)), dtype=np.bool_)


def share_inside(mask: Mask, box: Box) -> float:
    return float(mask[box.top : box.bottom, box.left : box.right].mean())


@pytest.mark.slow
@pytest.mark.real_data
@pytest.mark.skipif(ROOT is None, reason="GENSHARE_REAL_DATA is not set")
@pytest.mark.parametrize("name", ["cbis_ddsm", "cdd_cesm"])
def test_real_lesions_are_inside(name: str) -> None:
    mammograms = read_coco(Path(str(ROOT)) / name, {}).mammograms
    shares, areas = [], []
    for mammogram in mammograms:
        mask = breast_mask(mammogram.load())
        areas.append(mask.mean())
        shares += [share_inside(mask, lesion.box) for lesion in mammogram.lesions]

    # Some boxes of skin lesions reach beyond the skin themselves.
    assert np.mean(np.array(shares) >= 0.9) > 0.985
    assert 0.05 < min(areas) <= max(areas) < 0.85
