"""The tables of CBIS-DDSM: which abnormality is on which image."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Literal

from centre_node.mammography.errors import BadMammogramsError
from centre_node.mammography.readers.data_folder import (
    DataFolder,
    separated,
)
from centre_node.mammography.readers.tables import read_table
from centre_node.mammography.readers.values import density_of, known
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

_PATHS = (IMAGE_PATH, CROP_PATH, MASK_PATH)
_KINDS: dict[str, LesionKind] = {"mass": "mass", "calcification": "calcification"}
_SIDES: dict[str, Literal["L", "R"]] = {"LEFT": "L", "RIGHT": "R"}
_NUMBERED = re.compile(r"(.+_(?:LEFT|RIGHT)_[A-Z]+)_\d+")


@dataclass(frozen=True, slots=True)
class Abnormality:
    """A row: one abnormality as one image shows it.

    Attributes:
        record: Names the row and no patient.
        image: Name of the image, such as Mass-Training_P_00001_LEFT_CC; None where the row has no
            path inside the folder.
        split: train or test.
        cells: The row as it stands.
    """

    record: str
    image: str | None
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
        return density_of(self.cells.get("breast_density") or self.cells.get("breast density", ""))


def read_abnormalities(files: DataFolder) -> list[Abnormality]:
    """Return the rows of those of the four tables that are there.

    Raises:
        BadMammogramsError: None is there, one cannot be read, or a row names no patient.
    """
    folder = files.path
    rows: list[Abnormality] = []
    nameless = total = 0
    for path, split in _tables(files):
        for number, row in enumerate(read_table(path, required=REQUIRED), start=1):
            cells = {column: known(cell) for column, cell in row.items()}
            for column in _PATHS:
                cells[column] = separated(cells.get(column, ""))
            total += 1
            nameless += not cells["patient_id"]
            record, image = f"row {number} of {path.name}", _image_name(cells[IMAGE_PATH])
            rows.append(Abnormality(record, image, split, cells))
    if nameless:
        raise BadMammogramsError(
            f"{nameless} of {total} rows of the tables in {folder} have no patient_id; "
            "patients must be known so that none is in two subsets"
        )
    return rows


def _tables(files: DataFolder) -> Iterator[tuple[Path, str]]:
    there = [
        (path, split)
        for kind in ("mass", "calc")
        for split in ("train", "test")
        if (path := files.opened(files.path / f"{kind}_case_description_{split}_set.csv")).is_file()
    ]
    if not there:
        raise BadMammogramsError(
            f"{files.path} has no table such as mass_case_description_train_set.csv"
        )
    yield from there


def _image_name(path: str) -> str | None:
    """Return the first folder without an abnormality's number; None where it leads outside."""
    name = first_folder(path)
    if name is None:
        return None
    match = _NUMBERED.fullmatch(name)
    return name if match is None else match[1]


def first_folder(path: str) -> str | None:
    """Return the first folder of a path; None where it has none or leads outside."""
    parts = PurePosixPath(path).parts
    is_inside = len(parts) > 1 and parts[0] != "/" and ".." not in parts
    return parts[0] if is_inside else None
