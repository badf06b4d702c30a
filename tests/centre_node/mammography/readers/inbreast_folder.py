"""Writes small INbreast folders for tests, by hand, with the quirks of the original."""

from pathlib import Path

import numpy as np

from centre_node.mammography.phantoms.writers.dicom_file import DicomFacts, write_dicom
from centre_node.mammography.readers.inbreast import IMAGES, OUTLINES, TABLE

WIDTH, HEIGHT = 120, 160
IMAGE, PATIENT = "20586908", "6c613a14b80a8591"
HEADER = "Patient ID;Patient age;Laterality;View;Acquisition date;File Name;ACR;Bi-Rads"

_DOCUMENT = """\
<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple Computer//DTD PLIST 1.0//EN" \
"http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0">
<dict><key>Images</key><array><dict>
<key>ImageIndex</key><integer>0</integer>
<key>NumberOfROIs</key><integer>{number}</integer>
<key>ROIs</key><array>{regions}</array>
</dict></array></dict>
</plist>
"""


def region(name: str | None, *points: tuple[float, float] | str) -> str:
    """A region as OsiriX writes it; without a name where that is None."""
    texts = [p if isinstance(p, str) else f"({p[0]:.6f}, {p[1]:.6f})" for p in points]
    named = "" if name is None else f"<key>Name</key><string>{name}</string>"
    zeros = "<string>(0.000000, 0.000000, 0.000000)</string>" * len(texts)
    pixels = "".join(f"<string>{text}</string>" for text in texts)
    return (
        "<dict><key>Area</key><real>0.1</real><key>Center</key>"
        "<string>(0.000000, 0.000000, 0.000000)</string><key>Dev</key><real>1.5</real>"
        f"<key>IndexInImage</key><integer>0</integer>{named}"
        f"<key>NumberOfPoints</key><integer>{len(texts)}</integer>"
        f"<key>Point_mm</key><array>{zeros}</array><key>Point_px</key><array>{pixels}</array>"
        "<key>Type</key><integer>15</integer></dict>"
    )


def square(left: float, top: float, side: float = 20) -> tuple[tuple[float, float], ...]:
    right, bottom = left + side - 1, top + side - 1
    return ((left, top), (right, top), (right, bottom), (left, bottom))


def row(
    image: str = IMAGE, side: str = "R", view: str = "CC", acr: str = "3", birads: str = "4a"
) -> str:
    return f"removed;removed;{side};{view};201001;{image};{acr};{birads}"


def write_table(folder: Path, *rows: str) -> None:
    (folder / TABLE).write_text("\r\n".join([HEADER, *rows, ""]))


def write_outlines(folder: Path, *regions: str, image: str = IMAGE, number: int = 1) -> Path:
    """Write regions; their number in the file need not be right."""
    path = folder / OUTLINES / f"{image}.xml"
    path.write_text(_DOCUMENT.format(number=number, regions="".join(regions)))
    return path


def write_image(
    folder: Path,
    image: str = IMAGE,
    patient: str = PATIENT,
    end: str = "R_CC",
    spacing_mm: float | None = 0.07,
) -> Path:
    path = folder / IMAGES / f"{image}_{patient}_MG_{end}_ANON.dcm"
    facts = DicomFacts("removed", "1.2.3", "1.2.3.4", "1.2.3.4.5", None, None, spacing_mm)
    pixels = np.random.default_rng(0).integers(0, 2**14, (HEIGHT, WIDTH), dtype=np.uint16)
    write_dicom(path, pixels, facts)
    return path


def write_folder(folder: Path, *regions: str, rows: tuple[str, ...] = (row(),)) -> Path:
    """Write one image with its regions, and a table."""
    for name in (IMAGES, OUTLINES):
        (folder / name).mkdir(parents=True)
    write_table(folder, *rows)
    write_image(folder)
    if regions:
        write_outlines(folder, *regions)
    return folder
