from pathlib import Path

import pytest

from centre_node.mammography.errors import BadMammogramsError
from centre_node.mammography.readers.data_folder import MISSING, OUTSIDE, DataFolder


@pytest.fixture
def files(tmp_path: Path) -> DataFolder:
    for name in ("a.DCM", "b/c.png", "back\\slash.png", "._d.dcm", ".e/f.dcm", "b/g.dcm"):
        path = tmp_path / "data" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    (tmp_path / "outside.dcm").touch()
    (tmp_path / "data" / "link.dcm").symlink_to(tmp_path / "outside.dcm")
    (tmp_path / "data" / "loop.dcm").symlink_to(tmp_path / "data" / "loop.dcm")
    return DataFolder(tmp_path / "data")


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("a.DCM", "a.DCM"),
        ("a.dcm", "a.DCM"),
        ("a.dCm", "a.DCM"),
        ("b/c.PNG", "b/c.png"),
        ("b\\c.png", "b/c.png"),
        ("back\\slash.png", "back\\slash.png"),  # as some programs unpack archives of Windows
        ("b/../a.dcm", "b/../a.DCM"),
    ],
)
def test_a_named_file_is_found_as_it_is_stored(files: DataFolder, name: str, found: str) -> None:
    assert files.named(name) == files.path / found


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("A.dcm", MISSING),  # the name itself counts as it is written
        ("b", MISSING),
        ("", MISSING),
        ("x" * 5000, MISSING),
        ("a\0.dcm", MISSING),
        ("loop.dcm", MISSING),
        ("link.dcm", OUTSIDE),
        ("../outside.dcm", OUTSIDE),
        ("..\\outside.dcm", OUTSIDE),
        ("/etc/passwd", OUTSIDE),
    ],
)
def test_a_file_that_cannot_be_opened_has_a_reason(
    files: DataFolder, name: str, reason: str
) -> None:
    assert files.named(name) == reason


def test_files_below_a_place_are_the_visible_ones_of_an_ending(files: DataFolder) -> None:
    names = [path.name for path in files.below(files.path, "**/*", ".dcm")]

    assert names == ["a.DCM", "g.dcm", "link.dcm", "loop.dcm"]


def test_a_file_that_a_data_set_needs_must_lie_inside(files: DataFolder) -> None:
    assert files.opened(files.path / "a.dcm").name == "a.DCM"
    assert files.opened(files.path / "none.csv").name == "none.csv"
    with pytest.raises(BadMammogramsError, match=r"link\.dcm lies outside the folder"):
        files.opened(files.path / "link.dcm")


def test_a_folder_that_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadMammogramsError, match=r"there is no folder .*none$"):
        DataFolder(tmp_path / "none")
