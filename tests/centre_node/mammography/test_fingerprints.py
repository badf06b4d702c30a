"""Digests of lists of mammograms."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from centre_node.mammography.errors import BadImageError
from centre_node.mammography.fingerprints import digest_at_a_glance, digest_of_contents
from centre_node.mammography.mammograms import Mammogram
from centre_node.mammography.patch_cutting import PatchCutting
from centre_node.mammography.patch_store import PatchStore
from centre_node.mammography.readers.coco import read_coco
from node_api.patches import PatchConfiguration
from tests.centre_node.mammography.coco_folder import (
    copied,
    document,
    edit_unnoticed,
    write_coco_folder,
)

WITH_LESION, WITHOUT = "0.png", "2.png"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_coco_folder(tmp_path / "own", document(4))


def read(folder: Path) -> tuple[Mammogram, ...]:
    return read_coco(folder, {}).mammograms


@pytest.fixture
def store(folder: Path, tmp_path: Path) -> PatchStore:
    cutting = PatchCutting(PatchConfiguration(margin_px=4, smallest_side_px=16), ("mass",))
    return cutting.cut_into(tmp_path / "patches", read(folder), healthy=0)


def digests(mammograms: Sequence[Mammogram], store: PatchStore) -> tuple[str, str]:
    return digest_at_a_glance(mammograms), digest_of_contents(mammograms, store)


def test_a_copy_is_another_at_a_glance_and_the_same_by_its_contents(
    folder: Path, store: PatchStore, tmp_path: Path
) -> None:
    glance, contents = digests(read(folder), store)

    of_copy = digests(read(copied(folder, tmp_path / "copy")), store)

    assert of_copy[0] != glance
    assert of_copy[1] == contents


def test_an_edit_that_time_and_size_hide_shows_in_the_contents(
    folder: Path, store: PatchStore
) -> None:
    glance, contents = digests(read(folder), store)

    edit_unnoticed(folder / WITH_LESION, seed=99)

    edited = digests(read(folder), store)
    assert edited[0] == glance
    assert edited[1] != contents


def test_images_that_gave_no_patch_are_not_read(folder: Path, store: PatchStore) -> None:
    mammograms = read(folder)
    contents = digest_of_contents(mammograms, store)

    (folder / WITHOUT).unlink()

    assert digest_of_contents(mammograms, store) == contents


def test_patients_and_annotations_count_too(folder: Path, store: PatchStore) -> None:
    first, *others = read(folder)
    contents = digest_of_contents((first, *others), store)

    for changed in (replace(first, patient_id="another"), replace(first, lesions=())):
        assert digest_of_contents((changed, *others), store) != contents


def test_an_image_that_is_gone_is_named(folder: Path, store: PatchStore) -> None:
    mammograms = read(folder)
    (folder / WITH_LESION).unlink()

    with pytest.raises(BadImageError, match=r"^0\.png cannot be read: No such file"):
        digest_of_contents(mammograms, store)
