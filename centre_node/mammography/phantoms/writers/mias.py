"""Writes the layout of mini-MIAS: `Info.txt` and square 8-bit images `mdbNNN.pgm`."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from operator import itemgetter
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from centre_node.mammography.boxes import Box
from centre_node.mammography.mammograms import Lesion, Mammogram
from centre_node.mammography.phantoms.writers.images import write_image
from centre_node.mammography.readers.mias import SIDE_PX, TABLE
from shared.progress import OnCount

_HEADER = """\
Phantoms in the layout of the mini-MIAS database of mammograms.

Films are MLO views, an odd and the next even number those of one patient. The origin of x and y
is the bottom left corner; the radius is that of a circle around the finding, in pixels.

REFNUM BG CLASS SEVERITY X Y RADIUS
"""
_FOOTER = """
*NOTE 3* stands where the place of a finding is not told.
"""
_TISSUES = {1: "F", 2: "G", 3: "G", 4: "D"}


@dataclass(frozen=True, slots=True)
class Frame:
    """How an image becomes a centred square of `SIDE_PX`.

    Attributes:
        left: Columns that are added at the left, in pixels of the image; `top` likewise.
        scale: Pixels of the square to one of the image.
    """

    left: int
    top: int
    scale: float

    @classmethod
    def around(cls, width: int, height: int) -> "Frame":
        """Return the frame of an image."""
        side = max(width, height)
        return cls((side - width) // 2, (side - height) // 2, SIDE_PX / side)

    def circle(self, box: Box) -> tuple[float, float, float]:
        """Return the circle over a box's larger side: column, row, radius in the square."""
        x, y = (box.left + box.right) / 2 + self.left, (box.top + box.bottom) / 2 + self.top
        return x * self.scale, y * self.scale, box.larger_side / 2 * self.scale


def write_mias(mammograms: Sequence[Mammogram], folder: Path, *, on_progress: OnCount) -> None:
    """Write one MLO view of each breast; other views have no place in the layout.

    What it cannot tell is lost: density but for three tissues, contours but for a circle, pixel
    spacing (0.2 mm is only nominal), and which side is which.
    """
    films = list(_numbered(mammograms))
    lines: list[str] = []
    for done, (number, mammogram) in enumerate(films):
        on_progress(done, len(films))
        name = f"mdb{number:03d}"
        write_image(folder / f"{name}.pgm", _squared(mammogram.load()))
        lines += [f"{name} {_tissue(mammogram)} {finding}" for finding in _findings(mammogram)]
    table = _HEADER + "".join(f"{line}\n" for line in lines) + _FOOTER
    (folder / TABLE).write_text(table, encoding="ascii")
    on_progress(len(films), len(films))


def _numbered(mammograms: Sequence[Mammogram]) -> Iterator[tuple[int, Mammogram]]:
    """Give each patient two numbers and each breast, left or right, one of them."""
    chosen: dict[tuple[str, bool], Mammogram] = {}
    for mammogram in mammograms:
        if mammogram.view == "MLO":
            chosen.setdefault((mammogram.patient_id, mammogram.laterality == "R"), mammogram)
    patients = {patient: index for index, patient in enumerate(dict.fromkeys(p for p, _ in chosen))}
    numbered = ((2 * patients[p] + 1 + is_right, film) for (p, is_right), film in chosen.items())
    yield from sorted(numbered, key=itemgetter(0))


def _squared(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    height, width = pixels.shape
    frame = Frame.around(width, height)
    side = max(width, height)
    square = np.full((side, side), pixels.min(), dtype=np.uint8)
    square[frame.top : frame.top + height, frame.left : frame.left + width] = pixels
    how = cv2.INTER_AREA if side > SIDE_PX else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(square, (SIDE_PX, SIDE_PX), interpolation=how), dtype=np.uint8)


def _tissue(mammogram: Mammogram) -> str:
    return _TISSUES.get(mammogram.density or 0, "G")


def _findings(mammogram: Mammogram) -> list[str]:
    frame = Frame.around(mammogram.width, mammogram.height)
    findings = [_finding(lesion, frame) for lesion in mammogram.lesions]
    if mammogram.excluded:
        findings.append("MISC B *NOTE 3*")
    # The original's lines of normal films end in a blank.
    return findings or ["NORM "]


def _finding(lesion: Lesion, frame: Frame) -> str:
    x, y, radius = (round(part) for part in frame.circle(lesion.box))
    severity = "M" if lesion.pathology == "malignant" else "B"
    shape = {"calcification": "CALC", "mass": "SPIC" if severity == "M" else "CIRC"}
    return f"{shape.get(lesion.kind, 'ARCH')} {severity} {x} {SIDE_PX - y} {radius}"
