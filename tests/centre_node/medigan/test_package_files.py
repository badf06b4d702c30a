import stat
import zipfile
from pathlib import Path

import pytest
import torch

from centre_node.medigan import package_files
from centre_node.medigan.errors import MediganPackageError
from centre_node.medigan.package_files import read_package
from tests.centre_node.medigan.layouts import zipped


@pytest.fixture
def scratch(tmp_path: Path) -> Path:
    folder = tmp_path / "scratch"
    folder.mkdir()
    return folder


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """A folder with code, a picture, metadata and one weight file in a folder of its own."""
    folder = tmp_path / "PACKAGE"
    (folder / "weights").mkdir(parents=True)
    (folder / "__init__.py").write_text("raise SystemExit('this code was run')\n")
    (folder / "picture.png").write_bytes(b"\x89PNG\r\n")
    (folder / "metadata.json").write_text("{}")
    torch.save({"a": torch.ones(2)}, folder / "weights" / "500.pt")
    return folder


def test_the_one_weight_file_of_a_folder_is_found_whatever_is_beside_it(
    package: Path, scratch: Path
) -> None:
    files = read_package(package, scratch)

    assert files.weights_name == "500.pt"
    assert files.metadata == b"{}"
    assert files.weights.read_bytes() == (package / "weights" / "500.pt").read_bytes()


@pytest.mark.parametrize("in_a_zip", [True, False])
def test_weights_in_the_format_of_before_2020_are_found_without_an_extension(
    tmp_path: Path, scratch: Path, in_a_zip: bool
) -> None:
    weights = tmp_path / "malign_mass_gen"
    torch.save({"a": torch.ones(2)}, weights, _use_new_zipfile_serialization=False)
    source = zipped(tmp_path / "p.zip", {"P/malign_mass_gen": weights}) if in_a_zip else weights

    files = read_package(source, scratch)

    assert (files.weights_name, files.metadata) == ("malign_mass_gen", None)
    assert files.weights.read_bytes() == weights.read_bytes()


@pytest.mark.parametrize(
    "name", ["../500.pt", "/etc/500.pt", "a/../../b", "..\\500.pt", "C:/500.pt"]
)
def test_a_zip_with_a_path_out_of_it_is_refused_whole(
    tmp_path: Path, scratch: Path, name: str
) -> None:
    source = zipped(tmp_path / "package.zip", {name: b"\x80\x02"})
    before = set(tmp_path.rglob("*"))

    with pytest.raises(MediganPackageError, match="which is no path inside it"):
        read_package(source, scratch)
    assert set(tmp_path.rglob("*")) == before


@pytest.mark.parametrize("name", ["", "/", "."])
def test_a_zip_with_a_name_that_is_none_is_no_package(
    tmp_path: Path, scratch: Path, name: str
) -> None:
    with zipfile.ZipFile(tmp_path / "package.zip", "w") as archive:
        archive.writestr(zipfile.ZipInfo(name), b"")

    with pytest.raises(MediganPackageError, match="no path inside it"):
        read_package(tmp_path / "package.zip", scratch)


def test_a_zip_with_a_link_is_refused(tmp_path: Path, scratch: Path) -> None:
    link = zipfile.ZipInfo("P/500.pt")
    link.create_system = 3
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(tmp_path / "package.zip", "w") as archive:
        archive.writestr(link, "/etc/passwd")

    with pytest.raises(MediganPackageError, match=r"'P/500\.pt' in the zip package\.zip is a link"):
        read_package(tmp_path / "package.zip", scratch)


def test_more_than_a_package_may_hold_is_refused_before_it_is_unpacked(
    tmp_path: Path, scratch: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = zipped(tmp_path / "package.zip", {"P/500.pt": b"\x80\x02" + bytes(1000)})

    monkeypatch.setattr(package_files, "LARGEST_PACKAGE_BYTES", 500)
    with pytest.raises(MediganPackageError, match=r"bytes; a package has at most 500"):
        read_package(source, scratch)
    monkeypatch.setattr(package_files, "MOST_FILES", 1)
    with pytest.raises(MediganPackageError, match=r"2 files; a package has at most 1"):
        read_package(source, scratch)
    assert not list(scratch.iterdir())


def test_a_zip_that_shrinks_more_than_weights_can_is_refused_before_it_is_unpacked(
    tmp_path: Path, scratch: Path
) -> None:
    source = tmp_path / "package.zip"
    with zipfile.ZipFile(source, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("P/500.pt", b"\x80\x02" + bytes(1_000_000))

    with pytest.raises(MediganPackageError, match=r"package\.zip has \d+ bytes and would unpack"):
        read_package(source, scratch)
    assert not list(scratch.iterdir())


def test_a_package_without_weights_is_refused(package: Path, scratch: Path) -> None:
    (package / "weights" / "500.pt").unlink()

    with pytest.raises(MediganPackageError, match="holds no weight files of PyTorch among 3 files"):
        read_package(package, scratch)


def test_a_package_with_two_weight_files_names_them(package: Path, scratch: Path) -> None:
    torch.save({}, package / "1000.pt")

    with pytest.raises(
        MediganPackageError, match=r"2 weight files .*'1000\.pt', 'weights/500\.pt'"
    ):
        read_package(package, scratch)


@pytest.mark.parametrize("content", [b"", b"no zip at all", b"PK\x03\x04 cut off"])
def test_what_is_no_zip_is_refused(tmp_path: Path, scratch: Path, content: bytes) -> None:
    (tmp_path / "package.zip").write_bytes(content)

    with pytest.raises(MediganPackageError, match="neither a folder nor an intact zip"):
        read_package(tmp_path / "package.zip", scratch)


def test_a_flipped_bit_in_a_zip_is_noticed(package: Path, tmp_path: Path, scratch: Path) -> None:
    source = zipped(tmp_path / "package.zip", {"P/500.pt": package / "weights" / "500.pt"})
    content = bytearray(source.read_bytes())
    content[content.index(b"data.pkl") + 200] ^= 1
    source.write_bytes(content)

    with pytest.raises(MediganPackageError, match="intact zip"):
        read_package(source, scratch)


def test_a_package_that_is_not_there_is_named(tmp_path: Path, scratch: Path) -> None:
    with pytest.raises(MediganPackageError, match="nowhere cannot be read: No such file"):
        read_package(tmp_path / "nowhere", scratch)
