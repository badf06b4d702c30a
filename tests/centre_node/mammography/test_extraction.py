"""Which patches an extraction cuts, and what it does when something is in its way."""

import errno
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from centre_node.mammography.boxes import Box
from centre_node.mammography.errors import (
    BadImageError,
    BadMammogramsError,
    NotEnoughTissueError,
    NothingCutError,
    PatchStoreError,
)
from centre_node.mammography.extraction import extract_patches
from centre_node.mammography.found_files import FoundFile
from centre_node.mammography.mammograms import Lesion, Mammogram
from centre_node.mammography.patch_store import PatchStore, check_no_leak
from node_api.patches import Jitter, PatchConfiguration
from shared.errors import OutOfSpaceError

EVERYWHERE = PatchConfiguration(margin_px=8, smallest_side_px=16, healthy_from="all_mammograms")
LESION = Box(30, 90, 55, 130)
EXCLUDED = Box(0, 200, 60, 240)


def mammogram(number: int, *, patient: str | None = None) -> Mammogram:
    """Tissue of 60 to 199, annotated tissue 255, background to the right."""
    pixels = np.random.default_rng(number).integers(60, 200, (240, 180), dtype=np.uint8)
    pixels[:, 130:] = 0
    for box in (LESION, EXCLUDED):
        pixels[box.top : box.bottom, box.left : box.right] = 255
    return Mammogram(
        image_id=f"image-{number}",
        patient_id=patient or f"patient-{number}",
        width=180,
        height=240,
        load=lambda: pixels,
        lesions=(Lesion(LESION, "mass"),),
        excluded=(EXCLUDED,),
    )


def unreadable() -> Any:
    raise BadImageError("4.png is no image that can be decoded")


def extract(mammograms: list[Mammogram], folder: Path, **changes: Any) -> PatchStore:
    options: dict[str, Any] = {
        "configuration": EVERYWHERE,
        "lesion_kinds": ("mass", "other"),
        "healthy": 12,
        "seed": 0,
        "on_progress": lambda _done, _total: None,
        **changes,
    }
    return extract_patches(mammograms, folder=folder, **options)


@pytest.fixture
def mammograms() -> list[Mammogram]:
    return [mammogram(number) for number in range(6)]


@pytest.fixture
def store(mammograms: list[Mammogram], tmp_path: Path) -> PatchStore:
    return extract(mammograms, tmp_path / "patches")


def test_healthy_patches_are_spread_evenly_over_the_patients(
    mammograms: list[Mammogram], tmp_path: Path
) -> None:
    images = [*mammograms, *(mammogram(number, patient="patient-0") for number in range(6, 9))]

    store = extract(images, tmp_path / "patches")

    patients = [store.records[index].patient_id for index in store.indices(0)]
    assert sorted(patients) == sorted([image.patient_id for image in mammograms] * 2)


def test_healthy_patches_have_the_lesions_sides(store: PatchStore) -> None:
    sides = {
        store.records[index].square[2] - store.records[index].square[0]
        for index in store.indices(0)
    }

    assert sides == {56}


def in_fat_and_gland(number: int) -> Mammogram:
    """Fat of 80 to 99 with a gland of 160 to 179 across it, and a lesion of 170 in that."""
    random = np.random.default_rng(number)
    pixels = random.integers(80, 100, (240, 180), dtype=np.uint8)
    pixels[60:160] += 80
    pixels[LESION.top : LESION.bottom, LESION.left : LESION.right] = 170
    return replace(mammogram(number), load=lambda: pixels, excluded=())


def mean_grey(store: PatchStore, label: int) -> float:
    return float(store.crops(store.indices(label), size=56).mean())


def test_healthy_patches_can_be_as_bright_as_the_lesions(tmp_path: Path) -> None:
    images = [in_fat_and_gland(number) for number in range(6)]
    alike = EVERYWHERE.model_copy(update={"healthy_brightness": "as_lesions"})

    anywhere = extract(images, tmp_path / "anywhere", healthy=6)
    matched = extract(images, tmp_path / "matched", healthy=6, configuration=alike)

    assert len(matched.indices(0)) == len(anywhere.indices(0)) == 6
    assert mean_grey(matched, 0) == pytest.approx(mean_grey(matched, 1), abs=4)
    assert abs(mean_grey(anywhere, 0) - mean_grey(anywhere, 1)) > 8
    assert matched.digest != anywhere.digest
    squares = [matched.records[index].square_in_image for index in matched.indices(0)]
    assert not any(square.overlaps(LESION) for square in squares)


def test_what_no_image_has_in_that_brightness_gets_the_nearest(
    mammograms: list[Mammogram], tmp_path: Path
) -> None:
    alike = EVERYWHERE.model_copy(update={"healthy_brightness": "as_lesions"})

    store = extract(mammograms, tmp_path / "patches", configuration=alike)

    assert len(store.indices(0)) == 12  # lesion squares are far brighter than any tissue
    anywhere = extract(mammograms, tmp_path / "anywhere")
    assert mean_grey(store, 0) > mean_grey(anywhere, 0)


def test_alike_patches_do_not_depend_on_how_many_images_are_cut_at_once_nor_on_a_kill(
    tmp_path: Path,
) -> None:
    alike = EVERYWHERE.model_copy(update={"healthy_brightness": "as_lesions"})
    images = [in_fat_and_gland(number) for number in range(6)]
    opened: list[str] = []

    def dying(image: Mammogram) -> Mammogram:
        def load() -> Any:
            opened.append(image.image_id)
            if len(opened) == 9:
                raise KeyboardInterrupt
            return image.load()

        return replace(image, load=load)

    whole = extract(images, tmp_path / "whole", configuration=alike, workers=3)
    with pytest.raises(KeyboardInterrupt):
        extract([dying(i) for i in images], tmp_path / "cut", configuration=alike, workers=1)
    resumed = extract([dying(i) for i in images], tmp_path / "cut", configuration=alike, workers=1)

    assert _content(resumed.folder) == _content(whole.folder)


def test_jittered_healthy_patches_touch_no_annotation_and_little_background(
    store: PatchStore,
) -> None:
    indices = np.tile(store.indices(0), 30)

    crops = store.crops(indices, size=56, jitter=Jitter(), random=np.random.default_rng(0))

    assert crops.max() < 200
    assert (crops <= 10).mean(axis=(1, 2)).max() <= 0.42  # resizing blurs its border
    assert len({crop.tobytes() for crop in crops}) > 200


def test_jittered_lesion_patches_hold_their_whole_lesion(store: PatchStore) -> None:
    indices = np.tile(store.indices(1), 50)

    crops = store.crops(indices, size=80, jitter=Jitter(), random=np.random.default_rng(0))

    # 25 x 40 px of a square of at most 56 * 1.43 px
    assert (crops >= 250).mean(axis=(1, 2)).min() >= 0.9 * 25 * 40 / (56 * 1.43) ** 2


def middles_in_squares(store: PatchStore) -> NDArray[np.float64]:
    """Return where in its square each lesion's middle lies, in shares of its side, shape (n, 2)."""
    found = []
    for index in store.indices(1):
        record = store.records[index]
        assert record.lesion is not None
        square, middle = Box(*record.square), Box(*record.lesion).middle
        place = np.array([middle.left - square.left, middle.top - square.top])
        found.append((place + 0.5) / square.width)
    return np.array(found)


def test_lesions_can_lie_anywhere_in_their_patches_always_at_the_same_place(
    tmp_path: Path,
) -> None:
    mammograms = [mammogram(number) for number in range(60)]
    anywhere = EVERYWHERE.model_copy(update={"lesion_position": "anywhere"})

    store = extract(mammograms, tmp_path / "anywhere", configuration=anywhere)
    fewer = extract(mammograms[30:], tmp_path / "fewer", configuration=anywhere, healthy=3)

    places = middles_in_squares(store)
    counts = np.histogram2d(places[:, 0], places[:, 1], bins=2, range=((0, 1), (0, 1)))[0]
    assert counts.sum() == 60
    assert counts.min() > 5
    np.testing.assert_array_equal(middles_in_squares(fewer), places[30:])


def test_of_lesions_anywhere_the_centred_squares_are_kept_and_jitter_keeps_the_middle(
    mammograms: list[Mammogram], store: PatchStore, tmp_path: Path
) -> None:
    anywhere = EVERYWHERE.model_copy(update={"lesion_position": "anywhere"})
    moved = extract(mammograms, tmp_path / "anywhere", configuration=anywhere)
    lesions = store.indices(1)

    centred = moved.centred_crops(moved.indices(1), size=32)
    crops = moved.crops(
        np.tile(moved.indices(1), 50), size=80, jitter=Jitter(), random=np.random.default_rng(0)
    )

    np.testing.assert_array_equal(centred, store.crops(lesions, size=32))
    np.testing.assert_array_equal(store.centred_crops(lesions, size=32), centred)
    # With its middle inside, at least a quarter of the lesion is: 25 x 40 px of at most 80 px
    assert (crops >= 250).mean(axis=(1, 2)).min() >= 0.9 * 25 * 40 / 4 / (56 * 1.43) ** 2


def test_anything_that_changes_the_patches_changes_the_digest(
    mammograms: list[Mammogram], tmp_path: Path
) -> None:
    folder = tmp_path / "patches"
    changed = FoundFile(tmp_path / "0.png", "0.png", size_bytes=1, time_ns=2)
    stores = [
        extract(mammograms, folder),
        extract(mammograms, folder, seed=1),
        extract(mammograms, folder, healthy=11),
        extract(mammograms, folder, lesion_kinds=("mass",)),
        extract(mammograms[:5], folder),
        extract([replace(mammograms[0], file=changed), *mammograms[1:]], folder),
        extract(mammograms, folder, configuration=EVERYWHERE.model_copy(update={"margin_px": 9})),
    ]

    assert len({store.digest for store in stores}) == len(stores)
    assert [path.name for path in tmp_path.iterdir()] == ["patches"]


def test_each_image_is_opened_once_and_progress_counts_them(
    mammograms: list[Mammogram], tmp_path: Path
) -> None:
    opened, seen = [], []

    def counted(image: Mammogram) -> Mammogram:
        def load() -> Any:
            opened.append(image.image_id)
            return image.load()

        return replace(image, load=load)

    extract(
        [counted(image) for image in mammograms],
        tmp_path / "patches",
        on_progress=lambda *step: seen.append(step),
    )

    assert sorted(opened) == [image.image_id for image in mammograms]
    assert seen == [(done, 6) for done in range(7)]


def test_others_bring_the_healthy_patches_of_a_broken_image(
    mammograms: list[Mammogram], tmp_path: Path
) -> None:
    store = extract([*mammograms[:5], replace(mammograms[5], load=unreadable)], tmp_path / "store")

    assert store.skipped == {"image cannot be read": 1}
    assert (len(store.indices(1)), len(store.indices(0))) == (5, 12)


def test_others_bring_the_healthy_patches_of_a_full_image(
    mammograms: list[Mammogram], tmp_path: Path
) -> None:
    covered = replace(mammograms[0], excluded=(Box(0, 0, 180, 240),))

    store = extract([covered, *mammograms[1:]], tmp_path / "store")

    assert len(store.indices(0)) == 12
    assert "patient-0" not in {store.records[index].patient_id for index in store.indices(0)}


def test_an_extraction_of_broken_images_only_says_so(
    mammograms: list[Mammogram], tmp_path: Path
) -> None:
    images = [replace(image, load=unreadable) for image in mammograms]

    with pytest.raises(BadMammogramsError, match=r"not one patch .* 6 x image cannot be read"):
        extract(images, tmp_path / "patches")

    assert list(tmp_path.iterdir()) == []


def test_a_lesion_larger_than_its_image_is_skipped(
    mammograms: list[Mammogram], tmp_path: Path
) -> None:
    huge = replace(mammograms[1], lesions=(Lesion(Box(0, 0, 170, 200), "mass"),))

    store = extract([mammograms[0], huge], tmp_path / "patches", healthy=1)

    assert store.skipped == {"lesion does not fit a square in its image": 1}
    assert len(store.indices(1)) == 1


def test_no_free_mammogram_is_said(mammograms: list[Mammogram], tmp_path: Path) -> None:
    configuration = EVERYWHERE.model_copy(update={"healthy_from": "healthy_mammograms"})

    with pytest.raises(
        NotEnoughTissueError, match="none of 6 mammograms is free of annotations"
    ) as refused:
        extract(mammograms, tmp_path / "patches", configuration=configuration)

    assert "all_mammograms they are cut beside the annotations" in refused.value.hint
    assert "fewer" not in refused.value.hint


def test_lesion_kinds_that_are_not_there_are_said(
    mammograms: list[Mammogram], tmp_path: Path
) -> None:
    told = "6 mammograms: no lesion of the kinds calcification$"

    with pytest.raises(NothingCutError, match=told) as refused:
        extract(mammograms, tmp_path / "patches", lesion_kinds=("calcification",), healthy=0)

    assert refused.value.hint.startswith("Check the lesion kinds (--kinds")


def test_a_full_disk_leaves_nothing_behind(mammograms: list[Mammogram], tmp_path: Path) -> None:
    def full() -> Any:
        raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(OutOfSpaceError, match="no space is left"):
        extract([*mammograms[:3], replace(mammograms[3], load=full)], tmp_path / "patches")

    assert list(tmp_path.iterdir()) == []


def test_a_disk_that_is_full_from_the_start_is_said_too(
    mammograms: list[Mammogram], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any, **__: Any) -> Any:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_text", full)

    with pytest.raises(OutOfSpaceError, match="no space is left"):
        extract(mammograms, tmp_path / "patches")

    assert list(tmp_path.iterdir()) == []


def test_what_another_killed_extraction_left_is_cleared(
    mammograms: list[Mammogram], tmp_path: Path
) -> None:
    (tmp_path / ".patches.partial").mkdir()
    (tmp_path / ".patches.partial" / "000000.part").write_bytes(b"half")

    extract(mammograms, tmp_path / "patches")

    assert [path.name for path in tmp_path.iterdir()] == ["patches"]


def test_a_killed_extraction_goes_on_where_it_was(
    mammograms: list[Mammogram], store: PatchStore, tmp_path: Path
) -> None:
    opened: list[str] = []

    def dying(image: Mammogram) -> Mammogram:
        def load() -> Any:
            if image.image_id == "image-3" and len(opened) < 4:
                opened.append(image.image_id)
                raise KeyboardInterrupt  # as a kill, it leaves no time to tidy up
            opened.append(image.image_id)
            return image.load()

        return replace(image, load=load)

    images = [dying(image) for image in mammograms]
    with pytest.raises(KeyboardInterrupt):
        extract(images, tmp_path / "again", workers=1)
    again = extract(images, tmp_path / "again", workers=1)

    assert Counter(opened) == {f"image-{n}": 2 if n == 3 else 1 for n in range(6)}
    assert _content(again.folder) == _content(store.folder)


@pytest.mark.parametrize("workers", [1, 3, 8])
def test_the_patches_do_not_depend_on_how_many_images_are_cut_at_once(
    mammograms: list[Mammogram], store: PatchStore, tmp_path: Path, workers: int
) -> None:
    other = extract(mammograms, tmp_path / "other", workers=workers)

    assert _content(other.folder) == _content(store.folder)


def _content(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_a_margin_in_millimetres_follows_the_pixel_spacing(
    mammograms: list[Mammogram], tmp_path: Path
) -> None:
    configuration = PatchConfiguration(
        margin_mm=1.0, smallest_side_px=16, healthy_from="all_mammograms"
    )
    images = [
        replace(image, pixel_spacing_mm=spacing)
        for image, spacing in zip(mammograms, (0.1, 0.1, 0.2, 0.2, None, None), strict=True)
    ]

    store = extract(images, tmp_path / "patches", configuration=configuration)

    sides = [store.square(index).shape[0] for index in store.indices(1)]
    assert sides == [60, 60, 50, 50]
    assert store.skipped == {"image has no pixel spacing, which margin_mm needs": 2}


def test_mirrored_images_give_the_same_patches_with_the_chest_wall_left(tmp_path: Path) -> None:
    configuration = PatchConfiguration(margin_px=8, smallest_side_px=16, chest_wall="left")
    left = replace(mammogram(0), excluded=())
    right = replace(
        left,
        load=lambda: left.load()[:, ::-1],
        lesions=(Lesion(Box(125, 90, 150, 130), "mass", (((125, 90), (149, 129)),)),),
    )

    stores = [
        extract([image], tmp_path / name, configuration=configuration, healthy=0)
        for name, image in (("left", left), ("right", right))
    ]

    assert np.array_equal(stores[0].square(0), stores[1].square(0))
    assert stores[0].records[0].lesion == stores[1].records[0].lesion
    assert stores[1].records[0].contours == ((54.0, 40.0, 30.0, 79.0),)


def test_with_the_breast_mask_no_crop_leaves_the_breast(
    mammograms: list[Mammogram], tmp_path: Path
) -> None:
    """A bright label off the breast is tissue by the paper's rule, and is not by the mask."""

    def labelled(image: Mammogram) -> Mammogram:
        def load() -> Any:
            pixels = image.load().copy()
            pixels[20:220, 140:170] = 250
            return pixels

        return replace(image, load=load)

    strict = EVERYWHERE.model_copy(
        update={"tissue": "breast_mask", "largest_background_share": 0.0}
    )
    store = extract([labelled(m) for m in mammograms], tmp_path / "store", configuration=strict)

    indices = np.tile(store.indices(0), 20)
    crops = store.crops(indices, size=56, jitter=Jitter(), random=np.random.default_rng(0))
    assert crops.max() < 200


def test_other_files_are_never_replaced(mammograms: list[Mammogram], tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")

    with pytest.raises(PatchStoreError, match="left alone"):
        extract(mammograms, tmp_path)

    assert (tmp_path / "thesis.txt").exists()


def test_a_damaged_store_cannot_be_opened_but_is_cut_again(
    store: PatchStore, mammograms: list[Mammogram]
) -> None:
    pixels = store.folder / "pixels.bin"
    pixels.write_bytes(pixels.read_bytes()[:-1])

    with pytest.raises(PatchStoreError, match="bytes, but its index says"):
        PatchStore.open(store.folder)
    assert extract(mammograms, store.folder).records == store.records

    (store.folder / "index.parquet").write_text("{}")
    with pytest.raises(PatchStoreError, match="no readable patches"):
        PatchStore.open(store.folder)


def test_identical_pixels_under_two_patients_are_a_leak(tmp_path: Path) -> None:
    images = (mammogram(0), replace(mammogram(0), patient_id="somebody-else"))
    stores = [extract([image], tmp_path / image.patient_id, healthy=0) for image in images]

    with pytest.raises(BadMammogramsError, match="identical patch"):
        check_no_leak(stores, ["one"] * len(stores), ["some", "others"])


def test_of_the_healthy_patches_some_may_be_left_out_where_tissue_ends(
    mammograms: list[Mammogram], tmp_path: Path
) -> None:
    store = extract(mammograms, tmp_path / "patches", healthy=9000, healthy_at_least=6)

    assert 6 < len(store.indices(0)) < 9000
    assert extract(mammograms, store.folder, healthy=9000, healthy_at_least=6) == store
    with pytest.raises(NotEnoughTissueError, match="8,000 healthy patches were asked for"):
        extract(mammograms, tmp_path / "more", healthy=9000, healthy_at_least=8000)


def test_more_healthy_patches_than_must_be_are_as_bright_as_those_or_left_out(
    tmp_path: Path,
) -> None:
    images = [in_fat_and_gland(number) for number in range(6)]
    alike = EVERYWHERE.model_copy(update={"healthy_brightness": "as_lesions"})
    options: dict[str, Any] = {"configuration": alike, "healthy": 600}

    store = extract(images, tmp_path / "alike", healthy_at_least=6, **options)

    assert 6 <= len(store.indices(0)) < 600
    assert mean_grey(store, 0) == pytest.approx(mean_grey(store, 1), abs=4)
