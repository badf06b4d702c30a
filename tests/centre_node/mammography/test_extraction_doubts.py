"""What an extraction tells of images and patches: why they are left out, or may be wrong."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from centre_node.mammography.boxes import Box
from centre_node.mammography.cutting import MOSTLY_DARK
from centre_node.mammography.dicom import read_pixels
from centre_node.mammography.errors import BadMammogramsError
from centre_node.mammography.extraction import extract_patches
from centre_node.mammography.mammograms import Lesion, Mammogram
from centre_node.mammography.orientation import GUESSED
from centre_node.mammography.patch_store import PatchStore
from centre_node.mammography.rasters import read_raster
from centre_node.mammography.tissue import NO_BACKGROUND, NO_BREAST
from node_api.patches import PatchConfiguration
from tests.centre_node.mammography.dicom_files import HEIGHT, WIDTH, dicom, smooth

EVERYWHERE = PatchConfiguration(margin_px=4, smallest_side_px=16, healthy_from="all_mammograms")
LESION = Lesion(Box(10, 10, 26, 26), "mass")

Pixels = NDArray[np.uint8]


def mammogram(name: str, load: Callable[[], Pixels], *, side: int = 240) -> Mammogram:
    return Mammogram(
        image_id=name,
        patient_id=f"patient of {name}",
        width=side,
        height=side,
        load=load,
        lesions=(LESION,),
    )


def textured(*, seed: int = 0, low: int = 60, high: int = 200) -> Pixels:
    return np.random.default_rng(seed).integers(low, high, (240, 240), dtype=np.uint8)


def extract(
    images: list[Mammogram], folder: Path, *, healthy: int = 4, **changes: Any
) -> PatchStore:
    return extract_patches(
        images,
        folder=folder,
        configuration=EVERYWHERE.model_copy(update=changes),
        lesion_kinds=("mass",),
        healthy=healthy,
        seed=0,
        on_progress=lambda _done, _total: None,
    )


def unusable(folder: Path) -> dict[str, Path]:
    """Files by the reason that is counted for each."""
    one_value = np.full((HEIGHT, WIDTH), 7, dtype=np.uint16)
    cv2.imwrite(str(folder / "grey.png"), one_value + 300)
    cv2.imwrite(str(folder / "small.png"), smooth()[:-1])
    (folder / "text.png").write_text("hello")
    (folder / "text.dcm").write_text("hello")
    whole = dicom(folder / "whole.dcm").read_bytes()
    (folder / "short.dcm").write_bytes(whole[:-500])
    return {
        "it has several frames": dicom(folder / "several.dcm", NumberOfFrames=2),
        "it is in colour": dicom(folder / "colour.dcm", SamplesPerPixel=3),
        "it has one value in every pixel": dicom(folder / "one.dcm", one_value),
        "it has padding in every pixel": dicom(folder / "pad.dcm", one_value, PixelPaddingValue=7),
        "it is no DICOM file": folder / "text.dcm",
        "it has pixels that cannot be decoded, or is cut short": folder / "short.dcm",
        "it is of another size than its record says": folder / "small.png",
        "it is no image that can be decoded, or it is cut short": folder / "text.png",
        "it cannot be read: No such file or directory": folder / "missing.png",
    }


def reading(path: Path) -> Callable[[], Pixels]:
    read = read_pixels if path.suffix == ".dcm" else read_raster
    return partial(read, path, WIDTH, HEIGHT)


@pytest.mark.parametrize("brightness", ["any", "as_lesions"])
def test_the_reasons_of_images_that_cannot_be_read_are_counted_one_by_one(
    tmp_path: Path, brightness: str
) -> None:
    files = unusable(tmp_path)
    several = replace(
        mammogram("again", reading(files["it has several frames"])), width=WIDTH, height=HEIGHT
    )
    images = [
        replace(mammogram(path.name, reading(path)), width=WIDTH, height=HEIGHT)
        for path in files.values()
    ]
    sound = mammogram("sound", textured)

    store = extract([sound, *images, several], tmp_path / "store", healthy_brightness=brightness)

    assert store.skipped == {**dict.fromkeys(files, 1), "it has several frames": 2}
    assert {record.image_id for record in store.records} == {"sound"}


def test_different_values_and_sizes_are_one_reason(tmp_path: Path) -> None:
    images = []
    for value in (300, 301):
        path = tmp_path / f"{value}.png"
        cv2.imwrite(str(path), np.full((HEIGHT, WIDTH), value, dtype=np.uint16))
        images.append(mammogram(path.name, reading(path), side=HEIGHT))

    with pytest.raises(BadMammogramsError, match=r": 2 x it has one value in every pixel$"):
        extract(images, tmp_path / "store")


@pytest.mark.parametrize(
    ("hot", "told"), [(65535, "the brightest thousandth"), (0, "the darkest thousandth")]
)
@pytest.mark.parametrize("kind", ["png", "dcm"])
def test_a_pixel_that_takes_the_greys_of_all_others_is_told(
    tmp_path: Path, hot: int, told: str, kind: str
) -> None:
    pixels = np.repeat(np.repeat(smooth(12), 3, axis=0), 4, axis=1) + np.uint16(4096)
    pixels = pixels if hot else 65535 - pixels
    pixels[0, 0] = hot
    path = tmp_path / f"a.{kind}"
    if kind == "png":
        cv2.imwrite(str(path), pixels)
    else:
        dicom(path, pixels, BitsStored=16, HighBit=15, WindowCenter=None, WindowWidth=None)
    read = read_raster if kind == "png" else read_pixels
    images = [
        mammogram("hot", partial(read, path, 240, 240)),
        mammogram("sound", textured),
    ]

    store = extract(images, tmp_path / "store", healthy=0)

    assert store.skipped == {f"{told} of its pixels takes more than half of the greys": 1}


def test_healthy_patches_that_are_mostly_dark_are_counted(tmp_path: Path) -> None:
    film = textured(low=12, high=25)  # the base of a film, above the paper's level
    film[:40, :40] = 200

    dark = extract([mammogram("film", lambda: film)], tmp_path / "dark")
    sound = extract([mammogram("sound", textured)], tmp_path / "sound")

    assert dark.skipped == {MOSTLY_DARK: 4}
    assert "at most 25 of 255" in MOSTLY_DARK
    assert sound.skipped == {}


def half_disc(base: int = 40) -> Pixels:
    y, x = np.mgrid[:240, :240]
    greys = np.where(np.hypot(x, y - 120) < 110, 140, base)
    noise = np.random.default_rng(0).normal(0, 2, greys.shape)
    return np.asarray((greys + noise).clip(0, 255), dtype=np.uint8)


def only_tissue() -> Pixels:
    coarse = np.random.default_rng(0).normal(120, 40, (9, 9)).astype(np.float32)
    tissue = cv2.resize(coarse, (240, 240), interpolation=cv2.INTER_CUBIC)
    return np.asarray(tissue.clip(11, 255), dtype=np.uint8)


def only_a_label() -> Pixels:
    pixels = np.full((240, 240), 30, dtype=np.uint8)
    pixels[100:108, 100:160] = 250
    return pixels


@pytest.mark.parametrize(
    ("brightness", "chest_wall", "told"),
    [
        ("any", "as_stored", {NO_BACKGROUND: 1, NO_BREAST: 1}),
        ("as_lesions", "as_stored", {NO_BACKGROUND: 1, NO_BREAST: 1}),
        ("any", "left", {NO_BACKGROUND: 1, NO_BREAST: 1, GUESSED: 2}),
    ],
)
def test_images_without_a_breast_mask_are_counted_once(
    tmp_path: Path, brightness: str, chest_wall: str, told: dict[str, int]
) -> None:
    images = [
        mammogram("breast", half_disc),
        mammogram("tissue", only_tissue),
        mammogram("label", only_a_label),
    ]

    store = extract(
        images,
        tmp_path / "store",
        healthy=9,
        tissue="breast_mask",
        healthy_brightness=brightness,
        chest_wall=chest_wall,
    )

    healthy = [store.records[index].image_id for index in store.indices(0)]
    assert store.skipped == told
    assert set(healthy) == {"breast", "tissue"}


def test_by_the_papers_rule_no_mask_is_looked_for(tmp_path: Path) -> None:
    images = [mammogram("tissue", only_tissue), mammogram("label", only_a_label)]

    assert extract(images, tmp_path / "store").skipped == {}
