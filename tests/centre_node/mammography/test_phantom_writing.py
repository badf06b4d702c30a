import errno
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from centre_node.mammography.datasets import DataFolders, read_dataset, read_folder
from centre_node.mammography.errors import BadMammogramsError
from centre_node.mammography.layouts import LAYOUTS, Layout
from centre_node.mammography.mammograms import Mammogram
from centre_node.mammography.phantoms.writing import write_phantoms
from node_api.data_sources import FolderFormat, PhantomSet
from shared.errors import OutOfSpaceError
from tests.centre_node.mammography.readers.round_trip import contents, unseen

PHANTOMS = PhantomSet(style="film", patients=3, seed=5, image_height_px=256, healthy_share=0.3)


@pytest.mark.slow
@pytest.mark.parametrize("layout", [name for name, row in LAYOUTS.items() if row.writer_name])
def test_every_layout_is_written_and_recognised(tmp_path: Path, layout: FolderFormat) -> None:
    told: list[tuple[int, int]] = []
    folder = tmp_path / "new" / "set"
    ill = PHANTOMS.model_copy(update={"healthy_share": 0})  # CBIS-DDSM has no healthy image

    write_phantoms(
        ill, folder, layout=layout, on_progress=lambda done, total: told.append((done, total))
    )

    reading = read_folder(folder, "auto", {})
    assert len({m.patient_id for m in reading.mammograms}) == 3
    assert any(m.lesions for m in reading.mammograms)
    assert [done for done, _ in told] == list(range(len(told)))
    assert told[-1][0] == told[-1][1] > 0
    assert [path.name for path in folder.parent.iterdir()] == ["set"]


def test_a_node_reads_what_was_written_for_it(tmp_path: Path) -> None:
    source = PHANTOMS.model_copy(update={"written_as": "coco"})
    folders = DataFolders(mammograms=None, phantoms=tmp_path)
    with pytest.raises(BadMammogramsError, match="not written yet"):
        read_dataset(source, folders)

    write_phantoms(source, folders.of_phantoms(source), layout="coco", on_progress=unseen)

    assert len({m.patient_id for m in read_dataset(source, folders).mammograms}) == 3


def test_a_finished_folder_is_left_as_it_is(tmp_path: Path) -> None:
    folder = tmp_path / "set"
    write_phantoms(PHANTOMS, folder, layout="coco", on_progress=unseen)
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*")}

    write_phantoms(PHANTOMS, folder, layout="coco", on_progress=must_not_start)

    assert {path: path.stat().st_mtime_ns for path in folder.rglob("*")} == before


@pytest.mark.slow
@pytest.mark.parametrize(
    ("changes", "layout"),
    [({"seed": 6}, "coco"), ({"calcifications": "each"}, "coco"), ({}, "mias")],
)
def test_a_folder_of_other_phantoms_is_left_alone(
    tmp_path: Path, changes: dict[str, Any], layout: FolderFormat
) -> None:
    folder = tmp_path / "set"
    write_phantoms(PHANTOMS, folder, layout="coco", on_progress=unseen)
    before = contents(folder)

    other = PHANTOMS.model_copy(update=changes)

    with pytest.raises(BadMammogramsError, match="holds something else"):
        write_phantoms(other, folder, layout=layout, on_progress=must_not_start)

    assert contents(folder) == before


def test_a_folder_or_file_of_somebodys_own_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "phantoms.json").write_text("{}")
    (tmp_path / "file").write_text("mine")

    for name in ("notes", "file"):
        with pytest.raises(BadMammogramsError, match="holds something else"):
            write_phantoms(PHANTOMS, tmp_path / name, layout="coco", on_progress=must_not_start)

    assert contents(tmp_path) == {"notes/phantoms.json": b"{}", "file": b"mine"}


def test_an_empty_folder_is_taken_over(tmp_path: Path) -> None:
    write_phantoms(PHANTOMS, tmp_path, layout="mias", on_progress=unseen)

    assert (tmp_path / "Info.txt").is_file()


def test_what_a_killed_writing_left_is_cleared_away(tmp_path: Path) -> None:
    (tmp_path / ".set.partial").mkdir()
    (tmp_path / ".set.partial" / "half.png").write_bytes(b"half")

    write_phantoms(PHANTOMS, tmp_path / "set", layout="coco", on_progress=unseen)

    assert [path.name for path in tmp_path.iterdir()] == ["set"]
    assert not (tmp_path / "set" / "half.png").exists()


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk_is_one_sentence_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    fail_with(OSError(number, "full"), monkeypatch)

    with pytest.raises(OutOfSpaceError, match="no space is left for the phantoms in"):
        write_phantoms(PHANTOMS, tmp_path / "set", layout="coco", on_progress=unseen)

    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("error", [OSError(errno.EIO, "broken"), KeyboardInterrupt()])
def test_whatever_ends_the_writing_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    fail_with(error, monkeypatch)

    with pytest.raises(type(error)):
        write_phantoms(PHANTOMS, tmp_path / "set", layout="coco", on_progress=unseen)

    assert list(tmp_path.iterdir()) == []


def must_not_start(_done: int, _total: int) -> None:
    pytest.fail("nothing was to be written")


def fail_with(error: BaseException, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the writing of a layout stop after its first file."""

    def failing(_mammograms: Sequence[Mammogram], folder: Path, **_: Any) -> None:
        (folder / "first.png").write_bytes(b"begun")
        raise error

    monkeypatch.setattr(Layout, "writer", lambda _layout: failing)
