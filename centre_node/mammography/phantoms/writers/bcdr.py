"""Writes the layout of BCDR: 8-bit TIFF images, outlines and tables, patients and normals apart."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from math import floor
from pathlib import Path
from typing import Literal

from centre_node.mammography.boxes import Box
from centre_node.mammography.mammograms import Contour, Lesion, Mammogram
from centre_node.mammography.phantoms.writers.images import write_image
from shared.progress import OnCount

IMAGE_COLUMNS = (
    "patient_id",
    "study_id",
    "series",
    "image_filename",
    "image_type_name",
    "image_type_id",
    "age",
    "density",
)
OUTLINE_COLUMNS = (
    "patient_id",
    "study_id",
    "series",
    "lesion_id",
    "segmentation_id",
    "image_view",
    "image_filename",
    "lw_x_points",
    "lw_y_points",
    "mammography_type",
    "mammography_nodule",
    "mammography_calcification",
    "mammography_microcalcification",
    "mammography_axillary_adenopathy",
    "mammography_architectural_distortion",
    "mammography_stroma_distortion",
    "age",
    "density",
    "classification",
)
_FLAGS = {
    "mass": "mammography_nodule",
    "calcification": "mammography_microcalcification",
    "other": "mammography_stroma_distortion",
}
_CLASSES = {"benign": "Benign", "malignant": "Malign"}
_TYPES = {
    ("R", "CC"): ("RCC", 1),
    ("L", "CC"): ("LCC", 2),
    ("R", "MLO"): ("RO", 3),
    ("L", "MLO"): ("LO", 4),
}
_UNKNOWN_TYPE = ("X", 0)


@dataclass(frozen=True, slots=True)
class _Image:
    """A mammogram and its place in a sub data set.

    Attributes:
        patient: Number in the repository; a patient has one study.
        number: Among the patient's images, from 1.
    """

    mammogram: Mammogram
    patient: int
    number: int
    subset: Literal["d01", "dn01"]

    @property
    def subset_folder(self) -> str:
        """Where the sub data set lies."""
        return f"BCDR-{self.subset.upper()}_dataset"

    @property
    def type(self) -> tuple[str, int]:
        """Side and view, as a name and as a number."""
        side, view = self.mammogram.laterality, self.mammogram.view
        return _TYPES.get((side or "", view or ""), _UNKNOWN_TYPE)

    @property
    def study(self) -> int:
        """Number in the repository."""
        return self.patient + 100

    @property
    def file_name(self) -> str:
        """Relative to the sub data set's folder."""
        name = f"img_{self.patient}_{self.study}_{self.number}_{self.type[0]}.tif"
        return f"patient_{self.patient}/study_{self.study}/{name}"

    def cells(self) -> dict[str, object]:
        """Return what both tables say."""
        density = self.mammogram.density
        return {
            "patient_id": self.patient,
            "study_id": self.study,
            "series": 1,
            "image_filename": self.file_name,
            "image_type_name": self.type[0],
            "image_type_id": self.type[1],
            "image_view": self.type[1],
            "age": 40 + 7 * self.patient % 40,
            "density": "NaN" if density is None else density,
        }


def write_bcdr(mammograms: Sequence[Mammogram], folder: Path, *, on_progress: OnCount) -> None:
    """Write two sub data sets, each in its folder: D01, and DN01 for patients with no lesion.

    What it cannot tell is lost: pixel spacing, BI-RADS, pathologies but benign and malignant, and
    views but CC and MLO. Contours are cut to whole pixels; a box without one becomes its corners.
    Excluded tissue becomes a finding that is other.
    """
    images = _numbered(mammograms)
    for done, image in enumerate(images):
        on_progress(done, len(images))
        path = folder / image.subset_folder / image.file_name
        path.parent.mkdir(parents=True, exist_ok=True)
        write_image(path, image.mammogram.load())
    for name in ("d01", "dn01"):
        _write_tables([image for image in images if image.subset == name], name, folder)
    on_progress(len(images), len(images))


def _numbered(mammograms: Sequence[Mammogram]) -> list[_Image]:
    patients: dict[str, list[Mammogram]] = {}
    for mammogram in mammograms:
        patients.setdefault(mammogram.patient_id, []).append(mammogram)
    return [
        _Image(mammogram, patient, number, "d01" if any(map(_regions, of_patient)) else "dn01")
        for patient, of_patient in enumerate(patients.values(), start=1)
        for number, mammogram in enumerate(of_patient, start=1)
    ]


def _regions(mammogram: Mammogram) -> list[Lesion]:
    return [*mammogram.lesions, *(Lesion(box, "other") for box in mammogram.excluded)]


def _write_tables(images: Sequence[_Image], name: str, folder: Path) -> None:
    """Write a sub data set's tables, of which normals have one; none where it has no image."""
    if not images:
        return
    place = folder / images[0].subset_folder
    cells = [image.cells() for image in images]
    _write_table(place / f"bcdr_{name}_img.csv", IMAGE_COLUMNS, cells)
    outlines = [row for image in images for row in _outlines(image)]
    if outlines:
        _write_table(place / f"bcdr_{name}_outlines.csv", OUTLINE_COLUMNS, outlines)


def _outlines(image: _Image) -> Iterator[dict[str, object]]:
    segmentation = count(1)
    for index, lesion in enumerate(_regions(image.mammogram)):
        # The same in both views of a breast, where they show their lesions in the same order.
        lesion_id = 2 * index + (image.mammogram.laterality == "R") + 1
        for contour in lesion.contours or [_corners(lesion.box)]:
            yield {
                **image.cells(),
                **dict.fromkeys(_FLAGS.values(), 0),
                "lesion_id": lesion_id,
                "segmentation_id": next(segmentation),
                "lw_x_points": " ".join(str(floor(x)) for x, _ in contour),
                "lw_y_points": " ".join(str(floor(y)) for _, y in contour),
                "mammography_type": 1,
                _FLAGS[lesion.kind]: 1,
                "classification": _CLASSES.get(lesion.pathology or "", "NaN"),
            }


def _corners(box: Box) -> Contour:
    right, bottom = box.right - 1, box.bottom - 1
    return ((box.left, box.top), (right, box.top), (right, bottom), (box.left, bottom))


def _write_table(path: Path, columns: Sequence[str], rows: Sequence[Mapping[str, object]]) -> None:
    lines = [", ".join(columns)]
    lines += [", ".join(str(row.get(column, 0)) for column in columns) for row in rows]
    path.write_text("".join(f"{line}\n" for line in lines), encoding="ascii")
