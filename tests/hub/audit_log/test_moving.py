"""A hub as one file: what went in comes out, and nothing half-way."""

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from shared.archives import described, write_archive
from tests.command_line import Done, Genshare
from tests.hub.audit_log.test_verification import FILES
from tests.hub_server import running_hub

RELEASED = Path(__file__).parents[2] / "released" / "0.1.0" / "hub"


def test_a_hub_that_was_moved_serves_the_same_log_centres_and_packages(
    data_dir: Path, tmp_path: Path, genshare: Genshare
) -> None:
    with running_hub(data_dir) as hub:
        token = hub.client().invite("centre-c")
        before = [record.manifest_digest for record in hub.client(token).generators()]
        out = genshare(
            "hub", "export", "--data-dir", str(data_dir), "--out", str(tmp_path / "hub.tar")
        )
    new = tmp_path / "new"
    taken = genshare("hub", "import", str(tmp_path / "hub.tar"), "--data-dir", str(new))
    checked = [
        genshare("hub", "verify", "--data-dir", str(folder)).stdout for folder in (data_dir, new)
    ]

    assert (out.code, taken.code) == (0, 0)
    assert checked[0] == checked[1]
    with running_hub(new) as hub:
        reader = hub.client(token)
        records = list(reader.generators())
        assert [record.manifest_digest for record in records] == before
        assert reader.fetch(records[0], tmp_path / "in").digest == before[0]


def test_the_same_hub_makes_the_same_file_also_after_it_was_moved(
    data_dir: Path, tmp_path: Path, genshare: Genshare
) -> None:
    (data_dir / "blobs" / "00").mkdir()
    (data_dir / "blobs" / "00" / ("0" * 64)).write_bytes(b"of no version, so it stays behind")
    one, two, new = tmp_path / "one.tar", tmp_path / "two.tar", tmp_path / "new"

    _export(genshare, data_dir, one)
    genshare("hub", "import", str(one), "--data-dir", str(new))
    _export(genshare, new, two)

    assert one.read_bytes() == two.read_bytes()
    assert one.stat().st_mode & 0o077 == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["hub", "new", "one.tar", "two.tar"]


def test_an_export_changes_nothing_of_a_hub_and_says_what_is_broken(
    tmp_path: Path, genshare: Genshare
) -> None:
    folder, archive = tmp_path / "hub", tmp_path / "hub.tar"
    shutil.copytree(RELEASED, folder, copy_function=shutil.copy)
    database = folder / "hub.sqlite"
    before = database.read_bytes()

    _export(genshare, folder, archive)
    taken = genshare("hub", "import", str(archive), "--data-dir", str(tmp_path / "new"))
    after = database.read_bytes()
    database.write_bytes(before[:4096] + bytes(4096) + before[8192:])
    broken = genshare("hub", "export", "--data-dir", folder, "--out", tmp_path / "broken.tar")

    assert after == before
    assert sorted(path.name for path in folder.iterdir()) == ["blobs", "hub.sqlite"]
    assert taken.code == 0, taken.stderr
    assert broken.code == 1
    assert "hub.sqlite cannot be read" in broken.stderr
    assert "find out who could write to it" in " ".join(broken.stderr.split())
    assert not (tmp_path / "broken.tar").exists()


@pytest.mark.parametrize(
    "broken", ["cut short", "a changed byte", "a changed hub", "a full folder"]
)
def test_nothing_is_kept_of_a_hub_that_cannot_be_taken_in(
    data_dir: Path, tmp_path: Path, genshare: Genshare, broken: str
) -> None:
    archive, new = tmp_path / "hub.tar", tmp_path / "new"
    if broken == "a changed hub":
        _change_title(data_dir)
    _export(genshare, data_dir, archive)
    content = archive.read_bytes()
    if broken == "cut short":
        archive.write_bytes(content[:-5000])
    elif broken == "a changed byte":
        archive.write_bytes(content[:-5000] + b"\xff" + content[-4999:])
    elif broken == "a full folder":
        new.mkdir()
        (new / "file").write_bytes(b"")
    before = sorted(path.name for path in tmp_path.rglob("*"))

    done = genshare("hub", "import", str(archive), "--data-dir", str(new))

    assert done.code == 1
    assert "Traceback" not in done.stderr
    assert sorted(path.name for path in tmp_path.rglob("*")) == before


@pytest.mark.parametrize("name", ["hub.sqlite-wal", "blobs/00/other", "notes.txt"])
def test_an_archive_with_anything_else_beside_a_hub_is_refused(
    data_dir: Path, tmp_path: Path, genshare: Genshare, name: str
) -> None:
    (tmp_path / "more").write_bytes(b"more")
    more = described(name, tmp_path / "more")
    sources = [described("hub.sqlite", data_dir / "hub.sqlite"), more]
    write_archive(tmp_path / "hub.tar", "genshare hub", sources)

    done = genshare("hub", "import", str(tmp_path / "hub.tar"), "--data-dir", str(tmp_path / "new"))

    assert done.code == 1
    assert f"holds {name}, which is of no hub" in done.stderr
    assert not (tmp_path / "new").exists()


def test_a_hub_with_a_changed_file_is_not_exported(
    data_dir: Path, tmp_path: Path, genshare: Genshare
) -> None:
    path = max(data_dir.glob(FILES))
    path.write_bytes(path.read_bytes()[:-1] + b"\xff")

    done = genshare(
        "hub", "export", "--data-dir", str(data_dir), "--out", str(tmp_path / "out.tar")
    )

    assert done.code == 1
    assert f"{path} was changed" in done.stderr
    assert [item.name for item in tmp_path.iterdir()] == ["hub"]


def _export(genshare: Genshare, data_dir: Path, out: Path) -> Done:
    return genshare("hub", "export", "--data-dir", str(data_dir), "--out", str(out))


def _change_title(data_dir: Path) -> None:
    with closing(sqlite3.connect(data_dir / "hub.sqlite")) as database, database:
        database.execute("UPDATE versions SET title = 'Other'")
