"""Lengths in mm, in archives of different pixel spacing."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from centre_node.mammography.errors import BadMammogramsError, NothingCutError
from centre_node.mammography.extraction import extract_patches
from centre_node.mammography.lengths import (
    Lengths,
    check_room,
    check_spacing,
    lengths_px,
    lesions_without_spacing,
)
from centre_node.mammography.mammograms import Mammogram, Reading
from centre_node.mammography.patch_store import PatchStore, check_no_leak
from centre_node.mammography.readers.coco import read_coco
from node_api.patches import Jitter, PatchConfiguration
from tests.centre_node.mammography.coco_folder import annotation, image_record, write_coco_folder

IN_MM = PatchConfiguration(margin_mm=1.0, smallest_side_mm=9.2, healthy_from="all_mammograms")


@pytest.mark.parametrize(
    ("given", "spacing_mm", "lengths"),
    [
        ({}, None, Lengths(60, 128)),
        ({"margin_mm": 4.2}, 0.07, Lengths(60, 128)),
        ({"smallest_side_mm": 9.0}, 0.07, Lengths(60, 129)),
        ({"margin_mm": 4.2, "smallest_side_mm": 9.0}, 0.3, Lengths(14, 30)),
        ({"margin_px": 5, "smallest_side_mm": 1.0}, 0.3, Lengths(5, 8)),
        ({"margin_mm": 4.2}, None, None),
        ({"smallest_side_mm": 9.0}, None, None),
    ],
)
def test_millimetres_become_the_pixels_of_an_image(
    given: dict[str, float], spacing_mm: float | None, lengths: Lengths | None
) -> None:
    assert lengths_px(PatchConfiguration.model_validate(given), spacing_mm) == lengths


def archive(folder: Path, *, spacing_mm: float | None, scale: int, box: Sequence[int]) -> Reading:
    """Write one breast as an archive has it that keeps so many pixels a mm."""
    known = {} if spacing_mm is None else {"pixel_spacing_mm": spacing_mm}
    record = image_record(0, width=120 * scale, height=160 * scale, **known)
    content = {
        "images": [record],
        "annotations": [annotation(0, 0, bbox=[side * scale for side in box])],
        "categories": [{"id": 1, "name": "mass"}],
    }
    write_coco_folder(folder, content)
    breast = np.random.default_rng(0).integers(60, 200, (160, 120), dtype=np.uint8)
    stretched = np.kron(breast, np.ones((scale, scale), dtype=np.uint8))
    cv2.imwrite(str(folder / "0.png"), stretched)
    return read_coco(folder, {})


def cut(
    mammograms: Sequence[Mammogram], folder: Path, configuration: PatchConfiguration
) -> PatchStore:
    return extract_patches(
        mammograms,
        folder=folder,
        configuration=configuration,
        lesion_kinds=("mass",),
        healthy=0,
        seed=0,
        on_progress=lambda _done, _total: None,
    )


@pytest.mark.parametrize(
    ("box", "sides_px"),
    [
        ((40, 50, 20, 38), (96, 48)),  # 7.6 mm and a margin of 1 mm on each side
        ((50, 60, 10, 12), (92, 46)),  # 4.4 mm, and no patch is below 9.2 mm
    ],
)
def test_two_archives_of_different_spacing_give_patches_of_the_same_millimetres(
    tmp_path: Path, box: Sequence[int], sides_px: tuple[int, int]
) -> None:
    fine = archive(tmp_path / "fine", spacing_mm=0.1, scale=2, box=box)
    coarse = archive(tmp_path / "coarse", spacing_mm=0.2, scale=1, box=box)

    stores = [cut(one.mammograms, tmp_path / f"cut-{one.name}", IN_MM) for one in (fine, coarse)]

    shown = [store.square(0) for store in stores]
    assert tuple(map(len, shown)) == sides_px
    assert [record.smallest_side for store in stores for record in store.records] == [92, 46]
    halved = shown[0].reshape(sides_px[1], 2, sides_px[1], 2).mean(axis=(1, 3))
    assert np.array_equal(halved, shown[1])  # the same tissue, not only as much of it


def test_no_jitter_zooms_below_the_smallest_side_of_the_image(tmp_path: Path) -> None:
    closer = Jitter(zoom_mean=-0.6, zoom_std=0, zoom_limit=0)
    box = (50, 60, 10, 12)
    for spacing_mm, scale, side_px in ((0.1, 2, 92), (0.2, 1, 46)):
        reading = archive(tmp_path / f"{scale}", spacing_mm=spacing_mm, scale=scale, box=box)
        store = cut(reading.mammograms, tmp_path / f"cut-{scale}", IN_MM)

        assert store._box(0, closer, np.random.default_rng(0)).width == side_px


def test_a_lesion_without_spacing_is_left_out_and_counted(tmp_path: Path) -> None:
    (known,) = archive(tmp_path / "known", spacing_mm=0.2, scale=1, box=(40, 50, 20, 36)).mammograms
    unknown = replace(known, image_id="other", pixel_spacing_mm=None)

    store = cut([known, unknown], tmp_path / "cut", IN_MM)

    assert len(store.records) == 1
    assert store.skipped == {
        "image has no pixel spacing, which margin_mm and smallest_side_mm need": 1
    }
    assert lesions_without_spacing([known, unknown], IN_MM, ["mass"]) == 1
    assert lesions_without_spacing([known, unknown], IN_MM, ["other"]) == 0
    assert lesions_without_spacing([known, unknown], PatchConfiguration(), ["mass"]) == 0


def test_an_archive_without_any_spacing_is_refused_by_its_name(tmp_path: Path) -> None:
    reading = archive(tmp_path / "film", spacing_mm=None, scale=1, box=(40, 50, 20, 36))
    configuration = PatchConfiguration(margin_px=6, smallest_side_mm=9.0)

    with pytest.raises(NothingCutError) as refused:
        check_spacing(reading, configuration, ["mass"], "data of centre-b")

    assert str(refused.value) == (
        "of the data of centre-b (film), not one of 1 image with such lesions has a pixel "
        "spacing, which smallest_side_mm needs"
    )
    for way in ("margin_px", "smallest_side_px", "donor_cuttings", "pixel_spacing_mm"):
        assert way in str(refused.value.hint)
    check_spacing(reading, PatchConfiguration(), ["mass"], "own data")


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"margin_px": 161}, "margin_px of 161"),
        ({"margin_mm": 32.5}, "margin_mm of 32.5"),
        ({"smallest_side_px": 161}, "smallest_side_px of 161"),
    ],
)
def test_lengths_that_no_image_has_room_for_are_refused_before_one_is_opened(
    tmp_path: Path, given: dict[str, float], told: str
) -> None:
    reading = archive(tmp_path / "film", spacing_mm=0.2, scale=1, box=(40, 50, 20, 36))
    shorter = {name: value - 1 for name, value in given.items()}
    for path in (tmp_path / "film").glob("*.png"):
        path.unlink()

    with pytest.raises(NothingCutError, match=told) as refused:
        cut(reading.mammograms, tmp_path / "cut", PatchConfiguration.model_validate(given))

    assert "the largest has 120 x 160 px" in str(refused.value)
    fitting = PatchConfiguration.model_validate({"smallest_side_px": 8, **shorter})
    check_room(reading.mammograms, fitting, ["mass"], "own data")


def test_a_lesion_in_two_stores_is_a_leak_however_each_was_cut(tmp_path: Path) -> None:
    (own,) = archive(tmp_path / "own", spacing_mm=0.2, scale=1, box=(40, 50, 20, 36)).mammograms
    donors = replace(own, patient_id="somebody else")
    narrow, wide = (PatchConfiguration(margin_px=px, smallest_side_px=16) for px in (4, 9))
    stores = [cut([own], tmp_path / "one", narrow), cut([donors], tmp_path / "two", wide)]

    with pytest.raises(
        BadMammogramsError, match="own data and the data of B hold an identical patch"
    ):
        check_no_leak(stores, ["own", "donor"], ["own data", "data of B"])
