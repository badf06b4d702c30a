"""Writes small folders of images with a table of boxes for tests."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import cv2
import numpy as np

from centre_node.mammography.datasets import read_folder
from centre_node.mammography.mammograms import Mammogram, Reading

WIDTH, HEIGHT = 60, 80

HEADER = ("image_id", "patient_id", "kind", "xmin", "ymin", "xmax", "ymax")
MASS = {"image_id": "a.png", "patient_id": "p1", "kind": "Mass"}
BOX = {"xmin": "10", "ymin": "20", "xmax": "30", "ymax": "50"}


def write_images(folder: Path, *names: str, deep: bool = False) -> Path:
    """Write noise of 8 or 12 bit under each name, of the kind that its ending says."""
    for number, name in enumerate(names):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        noise = np.random.default_rng(number).integers(0, 256, (HEIGHT, WIDTH))
        pixels = (noise * 16).astype(np.uint16) if deep else noise.astype(np.uint8)
        encoded = cv2.imencode(path.suffix.lower(), pixels)[1]
        path.write_bytes(encoded.tobytes())
    return folder


def write_table(
    folder: Path,
    *rows: Mapping[str, str],
    header: Sequence[str] = HEADER,
    separator: str = ",",
    name: str = "findings.csv",
) -> Path:
    """Write rows as text that is not quoted; a row's own keys that the header lacks are added."""
    columns = list(dict.fromkeys([*header, *(key for row in rows for key in row)]))
    lines = [columns, *([row.get(column, "") for column in columns] for row in rows)]
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text("".join(f"{separator.join(line)}\n" for line in lines))
    return folder


def read_rows(folder: Path, *rows: Mapping[str, str]) -> Reading:
    """Read a table of rows of image a.png unless they name another."""
    write_images(folder, "a.png", "b.png")
    return read_folder(write_table(folder, *({**MASS, **row} for row in rows)), "table", {})


def by_name(reading: Reading) -> dict[str, Mammogram]:
    return {mammogram.image_id: mammogram for mammogram in reading.mammograms}


def reasons(reading: Reading) -> dict[str, int]:
    """Count the reasons, without the images that no row names."""
    found = [record.reason for record in reading.skipped]
    return {
        reason: found.count(reason)
        for reason in dict.fromkeys(found)
        if reason != "no row of the table names it"
    }


def is_excluded(mammogram: Mammogram) -> bool:
    return any((b.width, b.height) == (WIDTH, HEIGHT) for b in mammogram.excluded)
