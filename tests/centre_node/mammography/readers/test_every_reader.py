"""What holds for all readers: which files they see, and what they say of those that are lost.

Each data set is written from the same few phantoms.
"""

import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from centre_node.mammography.datasets import read_folder
from centre_node.mammography.errors import BadMammogramsError
from centre_node.mammography.mammograms import Mammogram
from centre_node.mammography.phantoms.reading import read_phantoms
from centre_node.mammography.phantoms.writers.bcdr import write_bcdr
from centre_node.mammography.phantoms.writers.cbis_ddsm import write_cbis_ddsm
from centre_node.mammography.phantoms.writers.coco import write_coco
from centre_node.mammography.phantoms.writers.inbreast import write_inbreast
from centre_node.mammography.phantoms.writers.mias import write_mias
from centre_node.mammography.phantoms.writers.optimam import write_optimam
from centre_node.mammography.phantoms.writers.table import write_table
from node_api.data_sources import FolderFormat, PhantomSet
from tests.centre_node.mammography.readers.round_trip import unseen

WRITERS: dict[FolderFormat, Callable[..., None]] = {
    "inbreast": write_inbreast,
    "bcdr": write_bcdr,
    "optimam": write_optimam,
    "cbis-ddsm": write_cbis_ddsm,
    "mias": write_mias,
    "coco": write_coco,
    "table": write_table,
}
IMAGES = {".dcm", ".tif", ".pgm", ".png"}
PHANTOMS = PhantomSet(style="film", patients=3, seed=3, image_height_px=256, healthy_share=0.3)


@dataclass(frozen=True)
class _Drawn:
    """Pixels that are there."""

    pixels: Any

    def __call__(self) -> Any:
        return self.pixels


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> dict[FolderFormat, Path]:
    """Each data set, of phantoms that are drawn once."""
    phantoms = [replace(m, load=_Drawn(m.load())) for m in read_phantoms(PHANTOMS).mammograms]
    folders = {layout: tmp_path_factory.mktemp(layout) for layout in WRITERS}
    for layout, write in WRITERS.items():
        write(phantoms, folders[layout], on_progress=unseen)
    return folders


@pytest.fixture(params=WRITERS)
def layout(request: pytest.FixtureRequest) -> FolderFormat:
    chosen: FolderFormat = request.param
    return chosen


@pytest.fixture
def folder(tmp_path: Path, written: dict[FolderFormat, Path], layout: FolderFormat) -> Path:
    return shutil.copytree(written[layout], tmp_path / "data")


def files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def images(folder: Path) -> list[Path]:
    return [path for path in files(folder) if path.suffix in IMAGES]


def told(folder: Path, layout: FolderFormat) -> tuple[list[Mammogram], int]:
    """Return what is read."""
    reading = read_folder(folder, layout, {})
    return list(reading.mammograms), len(reading.skipped)


def _beside_each_file(folder: Path) -> None:
    for path in files(folder):
        path.with_name(f"._{path.name}").write_bytes(b"\0\5\x16\7" + bytes(80))
        (path.parent / ".DS_Store").write_bytes(b"\0\0\0\1Bud1")


def _in_hidden_folders(folder: Path) -> None:
    for path in (folder, *(path for path in folder.rglob("*") if path.is_dir())):
        for image in [path for path in path.iterdir() if path.suffix in IMAGES][:1]:
            (path / ".Trashes").mkdir()
            shutil.copy(image, path / ".Trashes" / image.name)


def _endings_in_capitals(folder: Path) -> None:
    for path in files(folder):
        path.rename(path.with_suffix(path.suffix.upper()))


def _endings_in_mixed_letters(folder: Path) -> None:
    for path in images(folder):
        path.rename(path.with_suffix(path.suffix.title()))


def _linked_to_one_place_inside(folder: Path) -> None:
    (folder / "store").mkdir()
    for number, path in enumerate(images(folder)):
        path.rename(folder / "store" / str(number))
        path.symlink_to(folder / "store" / str(number))


@pytest.mark.parametrize(
    "change",
    [
        _beside_each_file,
        _in_hidden_folders,
        _endings_in_capitals,
        _endings_in_mixed_letters,
        _linked_to_one_place_inside,
    ],
)
def test_what_people_and_machines_do_to_files_changes_nothing(
    folder: Path, layout: FolderFormat, change: Callable[[Path], None]
) -> None:
    before = told(folder, layout)
    change(folder)

    assert told(folder, layout) == before
    assert len(before[0]) > 1


def test_a_folder_that_is_itself_a_link_is_read(folder: Path, layout: FolderFormat) -> None:
    link = folder.with_name("link")
    link.symlink_to(folder)

    assert told(link, layout)[0] == told(folder, layout)[0]


def test_images_that_links_lead_to_outside_are_not_read_and_the_reason_is_named(
    folder: Path, layout: FolderFormat
) -> None:
    outside = folder.with_name("outside")
    outside.mkdir()
    for number, path in enumerate(images(folder)):
        path.rename(outside / str(number))
        path.symlink_to(outside / str(number))

    with pytest.raises(BadMammogramsError, match=r"because its .*file lies outside the folder"):
        read_folder(folder, layout, {})


def test_the_reason_of_most_images_that_are_lost_is_named(
    folder: Path, layout: FolderFormat
) -> None:
    first, *others = images(folder)
    first.rename(folder.with_name("outside"))
    first.symlink_to(folder.with_name("outside"))
    for path in others:
        path.unlink()

    with pytest.raises(BadMammogramsError, match=r"records are left out, .* file is missing"):
        read_folder(folder, layout, {})


TABLES = {"inbreast": "INbreast.csv", "bcdr": "bcdr_*.csv", "mias": "Info.txt"} | {
    "optimam": "data/*/imagedb_*.json",
    "cbis-ddsm": "*_set.csv",
    "coco": "annotations.coco.json",
    "table": "findings.csv",
}


def test_a_table_that_a_link_leads_to_outside_is_refused(
    folder: Path, layout: FolderFormat
) -> None:
    tables = [*folder.glob(TABLES[layout]), *folder.glob(f"*/{TABLES[layout]}")]
    for number, path in enumerate(tables):
        path.rename(folder.with_name(f"table {number}"))
        path.symlink_to(folder.with_name(f"table {number}"))

    with pytest.raises(BadMammogramsError, match="lies outside the folder; a link leads there"):
        read_folder(folder, layout, {})
