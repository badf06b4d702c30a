import errno
import os
from pathlib import Path

import cv2
import numpy as np
import pytest

from centre_node.sampling.errors import PatchesNotKeptError
from centre_node.sampling.patch_files import PatchFormat, array_file, new_folder, patch_files
from shared.errors import OutOfSpaceError

PATCHES = np.random.default_rng(0).integers(0, 256, (5, 4, 4), dtype=np.uint8)
ORDER = ([3, 1], [0, 2, 4])


class StopError(Exception):
    """Stands for an interrupt."""


def write(folder: Path, patch_format: PatchFormat) -> None:
    with patch_files(folder, count=5, side=4, patch_format=patch_format) as keep:
        for places in ORDER:
            keep(np.array(places), PATCHES[places])


def test_an_array_file_is_the_one_that_numpy_writes(tmp_path: Path) -> None:
    write(tmp_path, "npy")

    np.save(tmp_path / "expected.npy", PATCHES)
    assert (tmp_path / "patches.npy").read_bytes() == (tmp_path / "expected.npy").read_bytes()
    assert len(list(tmp_path.iterdir())) == 2


def test_pictures_are_numbered_from_one_and_lossless(tmp_path: Path) -> None:
    write(tmp_path, "png")

    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == [f"patch-00000{number}.png" for number in range(1, 6)]
    read = [cv2.imread(str(tmp_path / name), cv2.IMREAD_UNCHANGED) for name in names]
    np.testing.assert_array_equal(
        np.stack([picture for picture in read if picture is not None]), PATCHES
    )


def test_an_array_file_that_breaks_off_leaves_what_was_there(tmp_path: Path) -> None:
    path = tmp_path / "patches.npy"
    path.write_bytes(b"earlier")

    def write_one_and_stop() -> None:
        with array_file(path, count=5, side=4) as keep:
            keep(np.array([0]), PATCHES[:1])
            raise StopError

    with pytest.raises(StopError):
        write_one_and_stop()

    assert path.read_bytes() == b"earlier"
    assert list(tmp_path.iterdir()) == [path]


def test_the_room_for_an_array_is_taken_before_the_first_patch(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_file: int, _start: int, length: int) -> None:
        assert length > PATCHES.nbytes
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "posix_fallocate", full)
    with (
        pytest.raises(OutOfSpaceError, match=r"no space is left to write to .*/out"),
        new_folder(tmp_path / "out") as folder,
        array_file(folder / "patches.npy", count=5, side=4),
    ):
        pytest.fail("there is no room for patches")

    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("error", [StopError(), KeyboardInterrupt()])
def test_a_folder_that_breaks_off_is_not_there(tmp_path: Path, error: BaseException) -> None:
    def write_half_and_stop() -> None:
        with new_folder(tmp_path / "out") as folder:
            (folder / "half").touch()
            raise error

    with pytest.raises(type(error)):
        write_half_and_stop()

    assert list(tmp_path.iterdir()) == []


def test_a_folder_appears_with_all_that_was_written(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()  # an empty one is as good as none

    with new_folder(tmp_path / "out") as folder:
        (folder / "whole").touch()
        assert list((tmp_path / "out").iterdir()) == []

    assert [path.name for path in (tmp_path / "out").iterdir()] == ["whole"]
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_what_is_there_already_is_not_touched(tmp_path: Path) -> None:
    (tmp_path / "theirs").touch()

    for taken in (tmp_path, tmp_path / "theirs"):
        with (
            pytest.raises(PatchesNotKeptError, match="is there already and not empty"),
            new_folder(taken),
        ):
            pytest.fail("nothing may be written")


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with (
        pytest.raises(PatchesNotKeptError, match=r"cannot write to .*/file/out: Not a directory"),
        new_folder(tmp_path / "file" / "out"),
    ):
        pytest.fail("nothing may be written")
