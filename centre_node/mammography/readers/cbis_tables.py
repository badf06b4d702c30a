"""The tables and folders of CBIS-DDSM: which abnormality is on which image, in which file."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Literal

from centre_node.mammography.dicom import read_header
from centre_node.mammography.errors import BadImageError, BadMammogramsError
from centre_node.mammography.mammograms import Skipped
from centre_node.mammography.readers.tables import read_table
from shared.names import LesionKind

IMAGE_PATH = "image file path"
CROP_PATH = "cropped image file path"
MASK_PATH = "ROI mask file path"
REQUIRED = (
    "patient_id",
    "left or right breast",
    "image view",
    "abnormality id",
    "abnormality type",
    "assessment",
    "pathology",
    IMAGE_PATH,
    MASK_PATH,
)

_KINDS: dict[str, LesionKind] = {"mass": "mass", "calcification": "calcification"}
_SIDES: dict[str, Literal["L", "R"]] = {"LEFT": "L", "RIGHT": "R"}
_NUMBERED = re.compile(r"(.+_(?:LEFT|RIGHT)_[A-Z]+)_\d+")


@dataclass(frozen=True, slots=True)
class Abnormality:
    """A row: one abnormality as one image shows it.

    Attributes:
        record: Names the row and no patient.
        image: Name of the image, such as Mass-Training_P_00001_LEFT_CC.
        split: train or test.
        cells: The row as it stands.
    """

    record: str
    image: str
    split: str
    cells: Mapping[str, str]

    @property
    def kind(self) -> LesionKind:
        """What was found."""
        return _KINDS.get(self.cells["abnormality type"].lower(), "other")

    @property
    def laterality(self) -> Literal["L", "R"] | None:
        """Which breast."""
        return _SIDES.get(self.cells["left or right breast"].upper())

    @property
    def view(self) -> str | None:
        """CC or MLO."""
        return self.cells["image view"].upper() or None

    @property
    def density(self) -> int | None:
        """From 1 to 4. The tables of masses and of calcifications spell the column differently."""
        text = self.cells.get("breast_density") or self.cells.get("breast density") or ""
        return int(text) if text in ("1", "2", "3", "4") else None


def read_abnormalities(folder: Path, skipped: list[Skipped]) -> list[Abnormality]:
    """Return the rows of those of the four tables that are there.

    Raises:
        BadMammogramsError: None is there, one cannot be read, or a row names no patient.
    """
    rows: list[Abnormality] = []
    nameless = total = 0
    for path, split in _tables(folder):
        for number, cells in enumerate(read_table(path, required=REQUIRED), start=1):
            record = f"row {number} of {path.name}"
            image = _image_name(cells[IMAGE_PATH])
            total += 1
            nameless += not cells["patient_id"]
            if image is None:
                skipped.append(Skipped(record, "it has no path of an image inside the folder"))
            else:
                rows.append(Abnormality(record, image, split, cells))
    if nameless:
        raise BadMammogramsError(
            f"{nameless} of {total} rows of the tables in {folder} have no patient_id; "
            "patients must be known so that none is in two subsets"
        )
    return rows


def _tables(folder: Path) -> Iterator[tuple[Path, str]]:
    there = [
        (path, split)
        for kind in ("mass", "calc")
        for split in ("train", "test")
        if (path := folder / f"{kind}_case_description_{split}_set.csv").is_file()
    ]
    if not there:
        raise BadMammogramsError(
            f"{folder} has no table such as mass_case_description_train_set.csv"
        )
    yield from there


def _image_name(path: str) -> str | None:
    """Return the first folder without an abnormality's number; None where it leads outside."""
    name = _first_folder(path)
    if name is None:
        return None
    match = _NUMBERED.fullmatch(name)
    return name if match is None else match[1]


def _first_folder(path: str) -> str | None:
    parts = PurePosixPath(path).parts
    is_inside = len(parts) > 1 and parts[0] != "/" and ".." not in parts
    return parts[0] if is_inside else None


class ImageFiles:
    """Finds DICOM files: where a path says, or wherever they lie in the folder that it begins with.

    The archive's downloader names files anew, so that only a path's first folder can be trusted,
    and puts all folders below another, `CBIS-DDSM`.
    """

    def __init__(self, folder: Path) -> None:
        self._roots = [
            root
            for root in (folder, folder / "CBIS-DDSM", *sorted(folder.glob("manifest-*/CBIS-DDSM")))
            if root.is_dir()
        ]

    def image(self, row: Abnormality) -> Path | str:
        """Return the mammogram's file, or as text the reason why there is none."""
        path = row.cells[IMAGE_PATH]
        for root in self._roots:
            if (root / path).is_file():
                return root / path
        files = self._below(path)
        if not files:
            return "its image's file is missing"
        return files[0] if len(files) == 1 else "its image's folder has several files"

    def mask(self, row: Abnormality, width: int, height: int) -> Path | str:
        """Return the mask: of the files of an abnormality, the one with the image's size.

        The others are crops; which is which is told by no name. Where there is no mask, the reason
        is returned as text.
        """
        path = row.cells[MASK_PATH]
        files = [*self._below(path), *self._below(row.cells.get(CROP_PATH, ""))]
        sizes = {file: _size(file) for file in files}
        whole = [file for file, size in sizes.items() if size == (width, height)]
        named = [file for file in whole if file.name == PurePosixPath(path).name]
        if whole:
            return (named or whole)[0]
        if not files:
            return "its mask's file is missing"
        if not any(sizes.values()):
            return "its mask is no DICOM file that can be read"
        return "its mask is not of its image's size"

    def _below(self, path: str) -> list[Path]:
        name = _first_folder(path)
        if name is None:
            return []
        folders = [root / name for root in self._roots if (root / name).is_dir()]
        return [file for folder in folders for file in sorted(folder.rglob("*.dcm"))]


def _size(path: Path) -> tuple[int, int] | None:
    try:
        header = read_header(path)
    except BadImageError:
        return None
    return header.width, header.height
