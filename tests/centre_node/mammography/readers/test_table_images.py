from pathlib import Path

import pytest

from centre_node.mammography.readers.data_folder import MISSING, OUTSIDE
from centre_node.mammography.readers.table_images import SEVERAL, FolderImages
from tests.centre_node.mammography.readers.table_files import write_images


def found(folder: Path, cell: str, *other_cells: str, near: tuple[str, ...] = ()) -> str:
    path, reason = FolderImages(folder, (cell, *other_cells)).find(cell, near)
    return reason if path is None else path.relative_to(folder).as_posix()


@pytest.mark.parametrize(
    "cell",
    [
        "images/A_1.png",
        "A_1.png",
        "A_1",
        "a_1.PNG",
        "A_1.dcm",
        "images\\A_1.png",
        "C:\\Export\\images\\A_1.png",
        "/mnt/other/place/A_1.png",
        "./images/A_1",
    ],
)
def test_a_name_counts_with_or_without_folder_and_ending_and_in_any_case(
    tmp_path: Path, cell: str
) -> None:
    write_images(tmp_path, "images/A_1.png", "images/A_2.png")

    assert found(tmp_path, cell) == "images/A_1.png"


@pytest.mark.parametrize(
    ("cell", "near", "expected"),
    [
        ("p1/1.png", (), "p1/1.png"),
        ("x/p2/1.png", (), "p2/1.png"),
        ("1.png", ("P2", ""), "p2/1.png"),
        ("1.png", (), SEVERAL),
        ("p3/1.png", ("p1",), MISSING),
        ("2.png", (), MISSING),
        ("../p1/1.png", (), OUTSIDE),
    ],
)
def test_files_of_one_name_are_told_apart_by_their_folders(
    tmp_path: Path, cell: str, near: tuple[str, ...], expected: str
) -> None:
    write_images(tmp_path, "p1/1.png", "p2/1.png")

    assert found(tmp_path, cell, near=near) == expected


def test_the_only_file_of_a_name_is_nobody_elses(tmp_path: Path) -> None:
    write_images(tmp_path, "p1/1.png")

    assert found(tmp_path, "p2/1.png", "p1/1.png") == MISSING
    assert found(tmp_path, "moved/1.png") == "p1/1.png"


def test_of_two_kinds_of_file_the_named_one_is_taken_and_else_what_is_no_raster(
    tmp_path: Path,
) -> None:
    write_images(tmp_path, "a.png")
    (tmp_path / "a.dcm").write_bytes(b"")

    assert found(tmp_path, "a.png") == "a.png"
    assert found(tmp_path, "a") == "a.dcm"


def test_links_out_of_the_folder_and_hidden_files_are_not_opened(tmp_path: Path) -> None:
    write_images(tmp_path, "elsewhere/a.png")
    folder = write_images(tmp_path / "ours", "._b.png")
    (folder / "a.png").symlink_to(tmp_path / "elsewhere" / "a.png")

    assert found(folder, "a.png") == OUTSIDE
    assert found(folder, "._b.png") == MISSING
