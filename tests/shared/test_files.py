import errno
import os
from collections.abc import Callable
from pathlib import Path
from typing import IO

import pytest

from shared.errors import OutOfSpaceError, PackageNotKeptError
from shared.files import (
    MANY_FILES,
    alone_in,
    check_new,
    full_disk_named,
    in_turn,
    put_in_place,
    sync,
    whole_file,
    whole_folder,
    write_faults_named,
    write_text,
    write_whole,
)
from tests.small_disk import small_disk


class StopError(Exception):
    """Stands for whatever ends a block."""


@pytest.fixture
def synced(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    """What was forced to the disk and what was renamed, in order."""
    seen: list[tuple[str, str]] = []
    real, replace = os.fsync, Path.replace

    def fsync(file: int) -> None:
        seen.append(("sync", Path(f"/proc/self/fd/{file}").readlink().name))
        real(file)

    def renamed(path: Path, target: Path) -> Path:
        seen.append(("rename", target.name))
        return replace(path, target)

    monkeypatch.setattr(os, "fsync", fsync)
    monkeypatch.setattr(Path, "replace", renamed)
    return seen


def test_a_file_is_on_the_disk_before_its_name_and_its_name_before_it_counts(
    tmp_path: Path, synced: list[tuple[str, str]]
) -> None:
    write_text(tmp_path / "a.json", "whole")

    assert (tmp_path / "a.json").read_text() == "whole"
    assert synced == [("sync", ".a.json.part"), ("rename", "a.json"), ("sync", tmp_path.name)]
    assert [path.name for path in tmp_path.iterdir()] == ["a.json"]


def test_a_folder_is_on_the_disk_with_all_in_it_before_its_name(
    tmp_path: Path, synced: list[tuple[str, str]]
) -> None:
    with whole_folder(tmp_path / "new", alone=True) as folder:
        (folder / "in").mkdir()
        (folder / "in" / "file").write_text("whole")

    assert (tmp_path / "new" / "in" / "file").read_text() == "whole"
    *content, name, parent = synced
    assert sorted(content) == [("sync", ".new.partial"), ("sync", "file"), ("sync", "in")]
    assert (name, parent) == (("rename", "new"), ("sync", tmp_path.name))


def test_a_folder_of_many_files_is_not_synced_file_by_file_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, synced: list[tuple[str, str]]
) -> None:
    monkeypatch.setattr(os, "sync", lambda: synced.append(("sync", "everything")))

    with whole_folder(tmp_path / "new") as folder:
        for number in range(MANY_FILES + 1):
            (folder / str(number)).touch()

    assert synced[0] == ("sync", "everything")
    assert len(synced) == 1 + (MANY_FILES + 1) + 3  # the files, their folder, its name and parent


def test_a_relative_path_is_as_good(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)

    write_text(Path("a"), "whole")
    with whole_folder(Path("b")):
        pass
    Path("c").touch()
    put_in_place(Path("c"), Path("d"))

    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "b", "d"]


def _stopped_file(path: Path) -> None:
    with whole_file(path) as temporary:
        temporary.write_text("half")
        raise StopError


def _stopped_folder(path: Path) -> None:
    with whole_folder(path) as temporary:
        (temporary / "half").touch()
        raise StopError


@pytest.mark.parametrize("stopped", [_stopped_file, _stopped_folder])
def test_what_breaks_off_leaves_what_was_there(
    tmp_path: Path, stopped: Callable[[Path], None]
) -> None:
    (tmp_path / "theirs").write_text("earlier")

    for name in ("theirs", "new"):
        with pytest.raises(StopError):
            stopped(tmp_path / name)

    assert [path.name for path in tmp_path.iterdir()] == ["theirs"]
    assert (tmp_path / "theirs").read_text() == "earlier"


def test_a_folder_never_replaces_one_that_holds_something(tmp_path: Path) -> None:
    (tmp_path / "theirs").mkdir()
    (tmp_path / "theirs" / "thesis.tex").touch()

    with pytest.raises(OSError, match="not empty"), whole_folder(tmp_path / "theirs"):
        pass

    assert [path.name for path in (tmp_path / "theirs").iterdir()] == ["thesis.tex"]
    with pytest.raises(PackageNotKeptError, match="theirs is there already and not empty"):
        check_new(tmp_path / "theirs", PackageNotKeptError)


@pytest.mark.parametrize(("number", "is_folder"), [(errno.EINVAL, True), (errno.EIO, False)])
def test_only_a_folder_may_be_what_cannot_be_synced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, is_folder: bool
) -> None:
    def refuse(_file: int) -> None:
        raise OSError(number, os.strerror(number))

    (tmp_path / "file").touch()
    monkeypatch.setattr(os, "fsync", refuse)

    with pytest.raises(OSError, match=r"Invalid|Input"):
        sync(tmp_path / "file")
    if is_folder:
        sync(tmp_path)
    else:
        with pytest.raises(OSError, match="Input"):
            sync(tmp_path)


def test_a_device_that_is_always_full_is_named(tmp_path: Path) -> None:
    (tmp_path / ".a.part").symlink_to("/dev/full")

    with (
        pytest.raises(OutOfSpaceError, match=r"no space is left to write to /here"),
        full_disk_named(Path("/here")),
    ):
        write_text(tmp_path / "a", "whole")

    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_is_what_the_room_calls_it(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", kib=64) as disk:
        write_text(disk / "kept", "earlier")

        for full in (OutOfSpaceError, PackageNotKeptError):
            with (
                pytest.raises(full, match="no space is left to write to"),
                write_faults_named(disk, PackageNotKeptError, full=full),
            ):
                write_whole(disk / "kept", _much)

        assert [path.name for path in disk.iterdir()] == ["kept"]
        assert (disk / "kept").read_text() == "earlier"


def _much(file: IO[bytes]) -> None:
    file.write(bytes(1 << 20))


def test_another_fault_is_the_rooms_own_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with (
        pytest.raises(PackageNotKeptError, match=r"cannot write to /here: Not a directory"),
        write_faults_named(Path("/here"), PackageNotKeptError),
    ):
        write_text(tmp_path / "file" / "a", "whole")


def test_those_who_wait_their_turn_do_not_keep_out_others_for_good(tmp_path: Path) -> None:
    with in_turn(tmp_path):
        pass
    with alone_in(tmp_path):
        pass
