"""Writes small CBIS-DDSM folders for tests."""

import csv
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from centre_node.mammography.phantoms.writers.dicom_file import DicomFacts, write_dicom

WIDTH, HEIGHT = 120, 160
FILM = "Mass-Training_P_00001_LEFT_CC"
CALC_FILM = "Calc-Training_P_00001_LEFT_CC"
BELOW = "1.3.6.1/1.3.6.2"


def row(film: str = FILM, number: int | str = 1, **changes: Any) -> dict[str, Any]:
    """A row as the tables have it: paths end in a line break, and name files that are not there."""
    kind = "mass" if film.startswith("Mass") else "calcification"
    density = "breast_density" if kind == "mass" else "breast density"
    return {
        "patient_id": "P_00001",
        density: "3",
        "left or right breast": "LEFT",
        "image view": "CC",
        "abnormality id": str(number),
        "abnormality type": kind,
        "assessment": "4",
        "pathology": "MALIGNANT",
        "image file path": f"{film}/{BELOW}/000000.dcm",
        "cropped image file path": f"{film}_{number}/{BELOW}/000000.dcm\n",
        "ROI mask file path": f"{film}_{number}/{BELOW}/000001.dcm\n",
    } | changes


def write_table(
    folder: Path, *rows: dict[str, Any], kind: str = "mass", split: str = "train"
) -> None:
    path = folder / f"{kind}_case_description_{split}_set.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def region(left: int, top: int, right: int, bottom: int) -> NDArray[np.uint8]:
    """A mask of a rectangle."""
    mask = np.zeros((HEIGHT, WIDTH), dtype=np.uint8)
    mask[top:bottom, left:right] = 255
    return mask


def write_film(
    folder: Path,
    *masks: NDArray[np.uint8],
    film: str = FILM,
    size: tuple[int, int] = (WIDTH, HEIGHT),
) -> None:
    """Write a film, and for each mask a folder of it and a crop, named as after a download."""
    random = np.random.default_rng(0)
    pixels = random.integers(0, 60_000, size[::-1], dtype=np.uint16)
    write(folder / film / BELOW / "1-1.dcm", pixels)
    for number, mask in enumerate(masks, start=1):
        parts: list[NDArray[np.uint16 | np.uint8]] = [mask, pixels[:30, :40]]
        for position, part in enumerate(parts if number % 2 else parts[::-1], start=1):
            write(folder / f"{film}_{number}" / BELOW / f"1-{position}.dcm", part)


def write(path: Path, pixels: NDArray[np.uint16 | np.uint8]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    facts = DicomFacts(
        "P_00001", "1.2", "1.3", f"1.4.{len(str(path))}", "L", "CC", None, 8 * pixels.itemsize
    )
    write_dicom(path, pixels, facts)
