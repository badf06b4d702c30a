from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest

from centre_node.mammography.errors import BadMammogramsError, NotEnoughTissueError
from centre_node.mammography.extraction import extract_patches
from centre_node.mammography.mammograms import Mammogram
from centre_node.mammography.patch_store import INDEX, PatchStore, check_no_leak
from centre_node.mammography.readers.coco import read_coco
from node_api.patches import Jitter, PatchConfiguration
from tests.centre_node.mammography.coco_folder import document, write_coco_folder

SMALL = PatchConfiguration(margin_px=6, smallest_side_px=16)


@pytest.fixture
def mammograms(tmp_path: Path) -> tuple[Mammogram, ...]:
    return read_coco(write_coco_folder(tmp_path / "coco", document()), {}).mammograms


def _extract(mammograms: Any, folder: Path, **changes: Any) -> PatchStore:
    options: dict[str, Any] = {
        "configuration": SMALL,
        "lesion_kinds": ("mass",),
        "healthy": 8,
        "seed": 0,
        "on_progress": lambda _done, _total: None,
        **changes,
    }
    return extract_patches(mammograms, folder=folder, **options)


def test_every_lesion_and_the_wanted_healthy_patches_are_cut(
    mammograms: tuple[Mammogram, ...], tmp_path: Path
) -> None:
    store = _extract(mammograms, tmp_path / "store")

    assert len(store.indices(1)) == 6
    assert len(store.indices(0)) == 8
    free = {m.patient_id for m in mammograms if not m.lesions}
    assert {store.records[i].patient_id for i in store.indices(0)} <= free


def test_a_crop_without_jitter_holds_the_images_own_pixels(
    mammograms: tuple[Mammogram, ...], tmp_path: Path
) -> None:
    store = _extract(mammograms, tmp_path / "store")

    crop = store.crops([store.indices(1)[0]], size=42)[0]  # 30 + 2 * 6 px: no resizing

    # The box [40, 60) x [50, 80) gives the square [29, 71) x [44, 86).
    assert np.array_equal(crop, mammograms[0].load()[44:86, 29:71])


def test_crops_repeat_and_jitter_differs_by_draw(
    mammograms: tuple[Mammogram, ...], tmp_path: Path
) -> None:
    store = _extract(mammograms, tmp_path / "store")
    indices = range(len(store.records))

    def draw(seed: int) -> Any:
        random = np.random.default_rng(seed)
        return store.crops(indices, size=16, jitter=Jitter(), random=random)

    assert np.array_equal(store.crops(indices, size=16), store.crops(indices, size=16))
    assert np.array_equal(draw(1), draw(1))
    assert not np.array_equal(draw(1), draw(2))


def test_healthy_patches_hold_little_background_and_touch_no_annotation(
    mammograms: tuple[Mammogram, ...], tmp_path: Path
) -> None:
    everywhere = SMALL.model_copy(update={"healthy_from": "all_mammograms"})
    store = _extract(mammograms, tmp_path / "store", configuration=everywhere, healthy=12)
    random = np.random.default_rng(0)

    for _ in range(20):
        crops = store.crops(store.indices(0), size=32, jitter=Jitter(), random=random)
        # Resizing blurs the border of the background a little.
        assert (crops <= SMALL.background_level).mean(axis=(1, 2)).max() <= 0.45


def test_a_second_extraction_opens_no_image(
    mammograms: tuple[Mammogram, ...], tmp_path: Path
) -> None:
    first = _extract(mammograms, tmp_path / "store")
    for picture in (tmp_path / "coco").glob("*.png"):
        picture.unlink()

    assert _extract(mammograms, tmp_path / "store").records == first.records


def test_a_store_from_before_pathology_was_kept_is_read_as_one_that_knows_none(
    mammograms: tuple[Mammogram, ...], tmp_path: Path
) -> None:
    store = _extract(mammograms, tmp_path / "store")
    index = store.folder / INDEX
    pq.write_table(pq.read_table(index).drop_columns(["pathology"]), index)

    read = PatchStore.open(store.folder)

    assert {record.pathology for record in read.records} == {None}
    assert [record.square for record in read.records] == [r.square for r in store.records]


def test_a_broken_image_costs_that_image_and_is_counted(
    mammograms: tuple[Mammogram, ...], tmp_path: Path
) -> None:
    (tmp_path / "coco" / "0.png").write_bytes(b"broken")

    store = _extract(mammograms, tmp_path / "store")

    assert store.skipped == {"it is no image that can be decoded, or it is cut short": 1}
    assert len(store.indices(1)) == 5


def test_nothing_is_left_where_nothing_could_be_cut(
    mammograms: tuple[Mammogram, ...], tmp_path: Path
) -> None:
    with pytest.raises(BadMammogramsError, match="not one patch"):
        _extract(mammograms, tmp_path / "out" / "store", lesion_kinds=("other",), healthy=0)
    with pytest.raises(
        NotEnoughTissueError, match="9,000 healthy patches were asked for, but only"
    ):
        _extract(mammograms, tmp_path / "out" / "store", healthy=9000)

    assert list((tmp_path / "out").iterdir()) == []


def test_a_patient_in_two_stores_is_a_leak(
    mammograms: tuple[Mammogram, ...], tmp_path: Path
) -> None:
    one = _extract(mammograms[:6], tmp_path / "one", healthy=2)
    other = _extract(mammograms[6:], tmp_path / "other", healthy=2)
    check_no_leak((one, other), ["set", "set"], ["ones", "others"])

    with pytest.raises(BadMammogramsError, match="the ones and the rest share a patient"):
        check_no_leak(
            (one, _extract(mammograms, tmp_path / "all")), ["set", "set"], ["ones", "rest"]
        )
