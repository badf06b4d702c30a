"""An archive holds what went in, and whoever changed a byte of it is found out."""

import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from shared.archived_packages import export_package, import_package
from shared.archives import (
    BLOCK,
    CONTENTS,
    Contents,
    Member,
    described,
    unpack_archive,
    write_archive,
)
from shared.canonical import canonical_json
from shared.errors import ArchiveRefusedError, DigestMismatchError, PackageNotKeptError
from shared.packages import Package, open_package
from shared.statements import STATEMENT
from tests.command_line import Genshare
from tests.packages import write_tiny_package
from tests.statements import a_statement


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    """Three files, one of them empty and one in a folder."""
    files = {"a.txt": b"first", "empty": b"", "folder/b.bin": bytes(range(256)) * 3}
    sources = []
    for name, content in files.items():
        path = tmp_path / "in" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        sources.append(described(name, path))
    write_archive(tmp_path / "archive.tar", "genshare hub", sources[::-1])
    return tmp_path / "archive.tar"


@pytest.fixture
def package(tmp_path: Path) -> Package:
    package = write_tiny_package(tmp_path / "made")
    statement = a_statement(subject=package.digest)
    (package.folder / STATEMENT).write_bytes(canonical_json(statement))
    return package


def _unpacked(archive: Path, tmp_path: Path) -> dict[str, bytes]:
    unpack_archive(archive, tmp_path / "out", "genshare hub")
    return _contents(tmp_path / "out")


def _contents(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_what_went_in_comes_out_here_and_by_tar(archive: Path, tmp_path: Path) -> None:
    with tarfile.open(archive) as tar:
        by_tar = {member.name: tar.extractfile(member) for member in tar.getmembers()}
        read = {name: file.read() for name, file in by_tar.items() if file is not None}

    unpacked = _unpacked(archive, tmp_path)

    assert unpacked == _contents(tmp_path / "in")
    assert list(read) == [CONTENTS, "a.txt", "empty", "folder/b.bin"]
    del read[CONTENTS]
    assert read == unpacked
    assert archive.stat().st_mode & 0o077 == 0


def test_a_changed_byte_anywhere_is_refused(archive: Path, tmp_path: Path) -> None:
    content = archive.read_bytes()
    for at in range(0, len(content), 31):
        archive.write_bytes(content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :])
        with pytest.raises(ArchiveRefusedError):
            unpack_archive(archive, tmp_path / "out", "genshare hub")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda content: content[:-1], "bytes; what it lists takes"),
        (lambda content: content + b"\0", "bytes; what it lists takes"),
        (lambda content: content[: BLOCK // 2], "is no archive of genshare"),
        (lambda _: b"", "is no archive of genshare"),
        (lambda _: b"\x1f\x8b" + bytes(5000), "is no archive of genshare"),
    ],
)
def test_what_is_cut_short_longer_or_something_else_is_refused_before_anything_is_written(
    archive: Path, tmp_path: Path, change: Callable[[bytes], bytes], said: str
) -> None:
    archive.write_bytes(change(archive.read_bytes()))

    with pytest.raises(ArchiveRefusedError, match=said):
        unpack_archive(archive, tmp_path / "out", "genshare hub")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    "kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.DIRTYPE, tarfile.CHRTYPE, tarfile.XHDTYPE]
)
def test_a_member_that_is_no_plain_file_is_refused(
    archive: Path, tmp_path: Path, kind: bytes
) -> None:
    header = tarfile.TarInfo("a.txt")
    header.size, evil = 5, tarfile.TarInfo("a.txt")
    evil.size, evil.type, evil.linkname = 5, kind, "/etc/passwd"
    content = archive.read_bytes()
    formatted = header.tobuf(tarfile.GNU_FORMAT)
    assert content.count(formatted) == 1
    archive.write_bytes(content.replace(formatted, evil.tobuf(tarfile.GNU_FORMAT)))

    with pytest.raises(ArchiveRefusedError, match=r"the header of a\.txt"):
        unpack_archive(archive, tmp_path / "out", "genshare hub")


@pytest.mark.parametrize(
    "name", ["../a", "/a", "a/../b", ".a", "a//b", "a/", "", "a\nb", "x" * 100, CONTENTS]
)
def test_no_archive_names_a_place_outside_or_one_that_hides(name: str) -> None:
    with pytest.raises(ValueError, match=r"name|listed by name"):
        Contents(kind="genshare hub", files=(Member(name=name, size_bytes=0, sha256="0" * 64),))


def test_a_file_that_changes_while_it_is_archived_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"before")
    source = described("a", tmp_path / "a")
    (tmp_path / "a").write_bytes(b"after.")

    with pytest.raises(ArchiveRefusedError, match="was changed"):
        write_archive(tmp_path / "out.tar", "genshare hub", [source])
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


def test_a_package_goes_out_and_in_unchanged_and_makes_the_same_file_again(
    package: Package, tmp_path: Path, genshare: Genshare
) -> None:
    (package.folder / "notes.txt").write_text("stays here: nobody asked for it")
    one, two, folder = tmp_path / "one.tar", tmp_path / "two.tar", tmp_path / "in"

    out = genshare("export-package", str(package.folder), "--out", str(one))
    taken = genshare("import-package", str(one), "--out", str(folder))
    genshare("export-package", str(folder), "--out", str(two))

    assert (out.code, taken.code) == (0, 0)
    (package.folder / "notes.txt").unlink()
    assert _contents(folder) == _contents(package.folder)
    assert open_package(folder).digest == package.digest
    assert one.read_bytes() == two.read_bytes()


def test_nothing_is_kept_of_a_package_that_is_broken_or_has_something_more(
    package: Package, tmp_path: Path
) -> None:
    archive, other = tmp_path / "one.tar", tmp_path / "more.tar"
    export_package(package.folder, archive)
    (package.folder / "more").write_bytes(b"more")
    names = [path.name for path in package.folder.iterdir()]
    sources = [described(name, package.folder / name) for name in names]
    write_archive(other, "genshare package", sources)
    before = sorted(tmp_path.iterdir())

    with pytest.raises(ArchiveRefusedError, match="holds more, which is of no package"):
        import_package(other, tmp_path / "in")
    with pytest.raises(ArchiveRefusedError, match="holds a genshare package, not a genshare hub"):
        unpack_archive(archive, tmp_path / "in", "genshare hub")
    with pytest.raises(ArchiveRefusedError, match=r"one\.tar is there already"):
        export_package(package.folder, archive)
    with pytest.raises(PackageNotKeptError, match="is there already and not empty"):
        import_package(archive, package.folder)
    weights = package.folder / "weights.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1] + b"x")
    with pytest.raises(DigestMismatchError):
        export_package(package.folder, tmp_path / "third.tar")
    assert sorted(tmp_path.iterdir()) == before


def test_a_file_that_is_not_there_is_one_sentence(tmp_path: Path, genshare: Genshare) -> None:
    done = genshare("import-package", str(tmp_path / "none.tar"), "--out", str(tmp_path / "in"))

    assert done.code == 1
    assert "none.tar cannot be read: No such file or directory" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_each_refusal_says_what_helps_there(
    archive: Path, package: Package, tmp_path: Path, genshare: Genshare
) -> None:
    """A copy made again helps where bytes are wrong, not where a name is."""

    def hint(*arguments: str | Path) -> str:
        done = genshare(*map(str, arguments))
        assert done.code == 1
        return done.stderr.splitlines()[-1]

    taken, out = tmp_path / "taken", tmp_path / "out"
    taken.mkdir()
    (taken / "a").touch()
    broken = tmp_path / "broken.tar"
    broken.write_bytes(archive.read_bytes()[:-1])

    assert "another name" in hint("export-package", package.folder, "--out", archive)
    assert "Check the path" in hint("import-package", tmp_path / "none.tar", "--out", out)
    assert "Check the path" in hint("import-package", taken, "--out", out)
    assert "genshare hub import" in hint("import-package", archive, "--out", out)
    assert "another folder" in hint("import-package", archive, "--out", taken)
    assert "Copy the file again" in hint("hub", "import", broken, "--data-dir", out)
