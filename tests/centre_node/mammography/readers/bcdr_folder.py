"""Writes small BCDR folders for tests, by hand, with the quirks of the original."""

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

WIDTH, HEIGHT = 120, 160
_OUTLINES = (
    "patient_id, study_id, series, lesion_id, segmentation_id, image_view, image_filename, "
    "lw_x_points, lw_y_points, mammography_type, mammography_nodule, mammography_calcification, "
    "mammography_microcalcification, mammography_axillary_adenopathy, "
    "mammography_architectural_distortion, mammography_stroma_distortion, age, density, "
    "classification"
)
_IMAGES = (
    "patient_id, study_id, series, image_filename, image_type_name, image_type_id, age, density"
)
_NUMBERS = {"RCC": 1, "LCC": 2, "RO": 3, "LO": 4}


def file_name(patient: int = 3, type_name: str = "LCC", number: int = 1) -> str:
    study = patient + 2
    name = f"img_{patient}_{study}_{number}_{type_name}.tif"
    return f"patient_{patient}/study_{study}/{name}"


def image_row(
    patient: int = 3, type_name: str = "LCC", density: object = 2, file: str | None = None
) -> str:
    number = _NUMBERS.get(type_name, 0)
    file = file_name(patient, type_name) if file is None else file
    return f"{patient}, {patient + 2}, 1, {file}, {type_name}, {number}, 61, {density}"


def outline_row(
    patient: int = 3,
    type_name: str = "LCC",
    *,
    lesion: object = 1,
    segmentation: int = 1,
    x: str = "40 59 59 40",
    y: str = "50 50 69 69",
    nodule: int = 1,
    calcification: int = 0,
    microcalcification: int = 0,
    density: object = 2,
    classification: str = "Benign",
    file: str | None = None,
) -> str:
    place = f"{patient}, {patient + 2}, 1, {lesion}, {segmentation}, {_NUMBERS.get(type_name, 0)}"
    file = file_name(patient, type_name) if file is None else file
    flags = f"1, {nodule}, {calcification}, {microcalcification}, 0, 0, 0"
    return f"{place}, {file}, {x}, {y}, {flags}, 61, {density}, {classification}"


def write_image(
    folder: Path, patient: int = 3, type_name: str = "LCC", seed: int | None = None
) -> Path:
    """Write an image of its own, or of a seed."""
    path = folder / file_name(patient, type_name)
    path.parent.mkdir(parents=True, exist_ok=True)
    number = 10 * patient + _NUMBERS.get(type_name, 0)
    random = np.random.default_rng(number if seed is None else seed)
    cv2.imwrite(str(path), random.integers(0, 256, (HEIGHT, WIDTH), dtype=np.uint8))
    return path


def write_tables(
    folder: Path,
    subset: str = "f01",
    *,
    images: Sequence[str] | None = None,
    outlines: Sequence[str] | None = None,
) -> Path:
    """Write the tables that are given, a blank after each comma."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, header, rows in (("img", _IMAGES, images), ("outlines", _OUTLINES, outlines)):
        if rows is not None:
            content = "\n".join([header, *rows, ""])
            (folder / f"bcdr_{subset}_{name}.csv").write_text(content)
    return folder
