"""`genshare paint` as a user types it."""

import json
from functools import partial
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from centre_node.mammography.datasets import read_folder
from centre_node.mammography.fingerprints import digest_at_a_glance
from centre_node.painting.own_lesions import OwnLesions, Painted
from centre_node.sampling import painting
from tests.centre_node.mammography.coco_folder import (
    copied,
    document,
    edit_unnoticed,
    write_coco_folder,
)
from tests.command_line import Genshare

CUT = ("--margin-px", "6", "--smallest-side-px", "16", "--size", "24")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_coco_folder(tmp_path_factory.mktemp("paint") / "ours", document())


@pytest.fixture
def paint(genshare: Genshare, folder: Path) -> Genshare:
    return partial(genshare, "paint", folder)


def array(folder: Path) -> NDArray[np.uint8]:
    return np.asarray(np.load(folder / "patches.npy"), dtype=np.uint8)


def picture(path: Path) -> NDArray[np.uint8]:
    return np.asarray(cv2.imread(str(path), cv2.IMREAD_UNCHANGED), dtype=np.uint8)


@pytest.mark.parametrize("painted", ["own", "ellipse"])
def test_patches_their_twins_and_a_sheet_and_the_same_again_by_the_recipe(
    tmp_path: Path, paint: Genshare, painted: str
) -> None:
    first, again = tmp_path / "first", tmp_path / "again"
    order = ("--count", "9", "--seed", "3", "--painted", painted, "--with-healthy")

    done = paint(*CUT, *order, "--out", first)
    redone = paint("--recipe", first / "recipe.json", "--written-as", "npy", "--out", again)

    assert (done.code, redone.code) == (0, 0), (done.stderr, redone.stderr)
    assert "9 painted patches of 24 px" in done.stdout
    pictures = sorted(first.glob("patch-*.png"))
    assert len(pictures) == 9
    for path, patch in zip(pictures, array(again), strict=True):
        lesion, twin = picture(path), picture(first / "healthy" / path.name)
        np.testing.assert_array_equal(lesion, patch)
        np.testing.assert_array_equal(lesion[0], twin[0])  # they stand on the same tissue
        assert (lesion != twin).any()
    assert picture(first / "contact-sheet.png").shape[1] > 6 * 24
    assert (again / "recipe.json").read_bytes() == (first / "recipe.json").read_bytes()
    assert not (again / "healthy").exists()


def test_another_seed_paints_others(tmp_path: Path, paint: Genshare) -> None:
    for seed in ("1", "2"):
        paint(*CUT, "--count", "6", "--seed", seed, "--written-as", "npy", "--out", tmp_path / seed)

    assert (array(tmp_path / "1") != array(tmp_path / "2")).any()


def test_few_healthy_patches_are_used_over_again_but_not_alike_and_every_lesion_is_painted(
    tmp_path: Path, paint: Genshare, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(painting, "BATCH", 2)  # less than there are lesions
    seen: list[int] = []
    original = OwnLesions.painted

    def noted(*arguments: Any, first: int, **options: Any) -> Painted:
        seen.append(first)
        return original(*arguments, first=first, **options)

    monkeypatch.setattr(OwnLesions, "painted", noted)
    order = ("--count", "11", "--backgrounds", "3", "--written-as", "npy", "--painted", "ellipse")

    done = paint(*CUT, *order, "--with-healthy", "--out", tmp_path / "out", "--json")

    assert json.loads(done.stdout)["backgrounds"] == 3
    assert len({bytes(patch) for patch in array(tmp_path / "out" / "healthy")}) == 11
    assert seen == [0, 2, 3, 5, 6, 8, 9]  # each batch goes on where the one before ended


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        ((), 2, "either --count"),
        (("--count", "1", "--recipe", "r.json"), 2, "either --count"),
        (("--recipe", "none.json"), 1, "none.json cannot be read: No such file"),
        (("--recipe", "none.json", "--kinds", "mass"), 2, "leave out --kinds"),
        (("--count", "1", "--painted", "star"), 2, "must be one of own, ellipse"),
        (("--count", "1", *CUT, "--kinds", "calcification"), 1, "have 0 lesions of the kinds"),
    ],
)
def test_wrong_things_are_one_sentence_and_leave_nothing(
    tmp_path: Path, paint: Genshare, arguments: tuple[str, ...], code: int, sentence: str
) -> None:
    done = paint(*arguments, "--out", tmp_path / "out")

    assert sentence in done.stderr
    assert "Traceback" not in done.stderr
    assert done.code == code
    assert list(tmp_path.iterdir()) == []


def test_a_recipe_of_other_mammograms_is_refused(
    tmp_path: Path, paint: Genshare, genshare: Genshare
) -> None:
    paint(*CUT, "--count", "2", "--out", tmp_path / "first")
    other = write_coco_folder(tmp_path / "other", document(8))
    recipe = tmp_path / "first" / "recipe.json"

    done = genshare("paint", other, "--recipe", recipe, "--out", tmp_path / "again")

    assert done.code == 1
    assert "the recipe is of other mammograms" in done.stderr
    assert not (tmp_path / "again").exists()


def test_a_recipe_is_followed_beside_a_copy_and_refused_beside_an_edited_image(
    tmp_path: Path, paint: Genshare, genshare: Genshare, folder: Path
) -> None:
    first, again, copy = tmp_path / "first", tmp_path / "again", tmp_path / "copy"
    paint(*CUT, "--count", "4", "--written-as", "npy", "--out", first)
    order = ("--recipe", first / "recipe.json", "--written-as", "npy", "--out")

    followed = genshare("paint", copied(folder, copy), *order, again)
    edit_unnoticed(copy / "0.png", seed=99)
    refused = genshare("paint", copy, *order, tmp_path / "never")

    assert followed.code == 0, followed.stderr
    np.testing.assert_array_equal(array(again), array(first))
    assert (again / "recipe.json").read_bytes() == (first / "recipe.json").read_bytes()
    assert refused.code == 1
    assert "the recipe is of other mammograms" in refused.stderr
    assert not (tmp_path / "never").exists()


def test_a_recipe_of_an_earlier_version_is_followed_beside_the_very_files(
    tmp_path: Path, paint: Genshare, genshare: Genshare, folder: Path
) -> None:
    paint(*CUT, "--count", "4", "--out", tmp_path / "first")
    recipe = tmp_path / "first" / "recipe.json"
    content = json.loads(recipe.read_text())
    glance = digest_at_a_glance(read_folder(folder, "auto", {}).mammograms)
    recipe.write_text(json.dumps({**content, "mammograms": glance}))

    followed = paint("--recipe", recipe, "--out", tmp_path / "again")
    copy = copied(folder, tmp_path / "copy")
    refused = genshare("paint", copy, "--recipe", recipe, "--out", tmp_path / "never")

    assert followed.code == 0, followed.stderr
    assert refused.code == 1
    assert "cp -a" in refused.stderr
