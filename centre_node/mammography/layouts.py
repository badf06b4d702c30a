"""The layouts of data sets, one row each: its name, its marks, its reader and its writer.

A layout more is a reader, a row here and its name in `FolderFormat`; a writer of phantoms if it is
to have one.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from pkgutil import resolve_name
from typing import Protocol, cast

from centre_node.mammography.errors import BadMammogramsError
from centre_node.mammography.mammograms import Mammogram, Reading
from centre_node.mammography.readers.data_folder import OnFile, unheard
from centre_node.mammography.readers.marks import FileMarks, Marks, NearMiss
from centre_node.mammography.readers.table_marks import TableMarks
from node_api.data_sources import FolderFormat
from shared.progress import OnCount


class Reader(Protocol):
    """Reads a folder."""

    def __call__(
        self, folder: Path, where: Mapping[str, str], on_file: OnFile = unheard
    ) -> Reading:
        """Tell `on_file` before each file that is looked for."""


class Writer(Protocol):
    """Writes mammograms into an empty folder, as the layout has them."""

    def __call__(
        self, mammograms: Sequence[Mammogram], folder: Path, *, on_progress: OnCount
    ) -> None:
        """Tell `on_progress` of images written and images in all."""


@dataclass(frozen=True, slots=True)
class Layout:
    """What is known of a layout.

    Attributes:
        marks: What a folder of it is known by.
        reader_name: `module:function`, below this package: what it needs is imported only when it
            is used, for readers and writers load libraries that a light process does without.
        writer_name: The same of the writer of phantoms; None where there is none.
    """

    name: FolderFormat
    marks: Marks
    reader_name: str
    writer_name: str | None

    def reader(self) -> Reader:
        """Import the reader."""
        return cast("Reader", resolve_name(f"{_PACKAGE}.readers.{self.reader_name}"))

    def writer(self) -> Writer:
        """Import the writer.

        Raises:
            BadMammogramsError: There is none.
        """
        if self.writer_name is None:
            raise BadMammogramsError(f"phantoms cannot be written as {self.name}; it is only read")
        return cast("Writer", resolve_name(f"{_PACKAGE}.phantoms.writers.{self.writer_name}"))


_PACKAGE = "centre_node.mammography"

_COCO = FileMarks(
    "annotations.coco.json",
    telling=("annotations.coco.json",),
    near=(
        NearMiss(
            ("_annotations.coco.json | */_annotations.coco.json",),
            "_annotations.coco.json is Roboflow's name: rename it to annotations.coco.json, name "
            "the folder that it lies in, and give each image record a patient_id",
        ),
        NearMiss(
            ("instances_*.json | annotations/instances_*.json",),
            "instances_*.json is COCO's own name: put it beside its images as "
            "annotations.coco.json, and give each image record a patient_id",
        ),
    ),
)
_CBIS_DDSM = FileMarks(
    "*_case_description_*_set.csv",
    telling=("*_case_description_*_set.csv",),
    near=(
        NearMiss(
            ("csv/*_case_description_*_set.csv", "jpeg"),
            "csv/ and jpeg/ are Kaggle's copy of CBIS-DDSM, whose images are JPEG under other "
            "names: use the DICOM files of The Cancer Imaging Archive with the tables beside them",
        ),
        NearMiss(
            ("CBIS-DDSM | manifest-*/CBIS-DDSM",),
            "it has the images and lacks the tables: put The Cancer Imaging Archive's "
            "*_case_description_*_set.csv beside them",
        ),
    ),
)
_ROWS = (
    Layout("coco", _COCO, "coco:read_coco", "coco:write_coco"),
    Layout(
        "inbreast",
        FileMarks("AllDICOMs/ and INbreast.csv or .xls", telling=("AllDICOMs", "INbreast.*")),
        "inbreast:read_inbreast",
        "inbreast:write_inbreast",
    ),
    Layout(
        "bcdr",
        FileMarks("bcdr_*.csv, there or one folder below", telling=("bcdr_*.csv | */bcdr_*.csv",)),
        "bcdr:read_bcdr",
        "bcdr:write_bcdr",
    ),
    Layout(
        "optimam",
        FileMarks(
            "data/*/imagedb_*.json and images/",
            telling=("data/*/imagedb_*.json",),
            besides=("images",),
        ),
        "optimam:read_optimam",
        "optimam:write_optimam",
    ),
    Layout("cbis-ddsm", _CBIS_DDSM, "cbis_ddsm:read_cbis_ddsm", "cbis_ddsm:write_cbis_ddsm"),
    Layout(
        "mias",
        FileMarks("Info.txt and mdb*.pgm", telling=("Info.txt", "mdb*.pgm")),
        "mias:read_mias",
        "mias:write_mias",
    ),
    # Last: a folder of another layout may hold a table that could be read as one of boxes.
    Layout("table", TableMarks(), "table_folder:read_table_folder", "table:write_table"),
)
LAYOUTS: dict[FolderFormat, Layout] = {layout.name: layout for layout in _ROWS}
