"""Writes a folder of images with a table of boxes: `findings.csv` and 8-bit PNG images."""

import csv
from collections.abc import Iterator, Sequence
from io import StringIO
from pathlib import Path

from centre_node.mammography.boxes import Box
from centre_node.mammography.mammograms import Mammogram
from centre_node.mammography.phantoms.writers.images import write_image
from shared.progress import OnCount

TABLE = "findings.csv"

_HEADER = (
    "image_id",
    "patient_id",
    "laterality",
    "view_position",
    "breast_density",
    "pixel_spacing_mm",
    "finding_category",
    "pathology",
    "birads",
    "xmin",
    "ymin",
    "xmax",
    "ymax",
)
_DENSITIES = {1: "A", 2: "B", 3: "C", 4: "D"}

_Cells = tuple[object, ...]


def write_table(mammograms: Sequence[Mammogram], folder: Path, *, on_progress: OnCount) -> None:
    """Write mammograms and a row for each of their boxes, or one that says "No Finding".

    Outlines are lost but for their boxes.
    """
    (folder / "images").mkdir()
    for done, mammogram in enumerate(mammograms):
        on_progress(done, len(mammograms))
        write_image(folder / "images" / f"{mammogram.image_id}.png", mammogram.load())
    text = StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(_HEADER)
    writer.writerows(row for mammogram in mammograms for row in _rows(mammogram))
    (folder / TABLE).write_text(text.getvalue(), encoding="utf-8")
    on_progress(len(mammograms), len(mammograms))


def _rows(mammogram: Mammogram) -> Iterator[_Cells]:
    about: _Cells = (
        mammogram.image_id,
        mammogram.patient_id,
        mammogram.laterality,
        mammogram.view,
        _DENSITIES.get(mammogram.density or 0),
        mammogram.pixel_spacing_mm,
    )
    for lesion in mammogram.lesions:
        yield (*about, lesion.kind, lesion.pathology, lesion.birads, *_edges(lesion.box))
    for box in mammogram.excluded:
        yield (*about, "excluded", None, None, *_edges(box))
    if mammogram.is_free:
        yield (*about, "No Finding", *(None,) * 6)


def _edges(box: Box) -> _Cells:
    return box.left, box.top, box.right, box.bottom
