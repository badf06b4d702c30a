"""Writes the layout of CBIS-DDSM: four tables, and DICOM films, masks and crops."""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from centre_node.mammography.mammograms import Lesion, Mammogram
from centre_node.mammography.phantoms.writers.dicom_file import (
    DicomFacts,
    deepened,
    uid,
    write_dicom,
)
from centre_node.mammography.readers.cbis_tables import CROP_PATH, IMAGE_PATH, MASK_PATH
from shared.progress import OnCount

_BITS = 16
_TESTED_EVERY = 5
_SIDES = {"L": "LEFT", "R": "RIGHT"}
_SPLITS = {"train": "Training", "test": "Test"}
_COLUMNS = {
    "mass": ("breast_density", "mass", "mass shape", "mass margins"),
    "calc": ("breast density", "calcification", "calc type", "calc distribution"),
}


@dataclass(frozen=True, slots=True)
class _Film:
    """An image as one table names it: a mammogram with both kinds of lesions is two films.

    Attributes:
        table: mass or calc.
        seed: Of the dither, so that two films of a mammogram are the same picture.
    """

    table: str
    split: str
    patient: str
    mammogram: Mammogram
    lesions: tuple[Lesion, ...]
    seed: int

    @property
    def name(self) -> str:
        """The folder of the film; those of its lesions end in a number more."""
        side, view = _SIDES[self.mammogram.laterality or "L"], self.mammogram.view
        return f"{self.table.capitalize()}-{_SPLITS[self.split]}_{self.patient}_{side}_{view}"


def write_cbis_ddsm(mammograms: Sequence[Mammogram], folder: Path, *, on_progress: OnCount) -> None:
    """Write the mammograms that show a lesion; every fifth patient's are for testing.

    Others have no place in the layout, nor has a second image of the same view of a breast, or one
    of an unknown view or breast. Lesions that are neither a mass nor a calcification stand among
    the masses. What it cannot tell is lost: pixel spacing, as films have none, and excluded tissue.

    As after a download, every other file is named otherwise than the tables say, and the mask comes
    now before the crop and now after it.
    """
    rows: dict[tuple[str, str], list[list[str]]] = {
        (table, split): [] for table in _COLUMNS for split in _SPLITS
    }
    films = _films(mammograms)
    for done, film in enumerate(films):
        on_progress(done, len(films))
        rows[film.table, film.split] += _write_film(film, folder, is_renamed=done % 2 == 1)
    for (table, split), content in rows.items():
        path = folder / f"{table}_case_description_{split}_set.csv"
        with path.open("w", newline="", encoding="utf-8") as file:
            csv.writer(file, lineterminator="\n").writerows([_header(table), *content])
    on_progress(len(films), len(films))


def _films(mammograms: Sequence[Mammogram]) -> list[_Film]:
    chosen: dict[tuple[str, str, str], Mammogram] = {}
    for mammogram in mammograms:
        if mammogram.lesions and mammogram.laterality and mammogram.view:
            key = mammogram.patient_id, mammogram.laterality, mammogram.view
            chosen.setdefault(key, mammogram)
    patients = list(dict.fromkeys(patient for patient, *_ in chosen))
    return [
        film
        for seed, mammogram in enumerate(chosen.values())
        for film in _films_of(mammogram, patients.index(mammogram.patient_id) + 1, seed)
    ]


def _films_of(mammogram: Mammogram, patient: int, seed: int) -> list[_Film]:
    split = "test" if patient % _TESTED_EVERY == 0 else "train"
    lesions: dict[str, list[Lesion]] = {}
    for lesion in mammogram.lesions:
        table = "calc" if lesion.kind == "calcification" else "mass"
        lesions.setdefault(table, []).append(lesion)
    return [
        _Film(table, split, f"P_{patient:05d}", mammogram, tuple(found), seed)
        for table, found in lesions.items()
    ]


def _header(table: str) -> list[str]:
    density, _, first, second = _COLUMNS[table]
    return [
        "patient_id",
        density,
        "left or right breast",
        "image view",
        "abnormality id",
        "abnormality type",
        first,
        second,
        "assessment",
        "pathology",
        "subtlety",
        IMAGE_PATH,
        CROP_PATH,
        MASK_PATH,
    ]


def _write_film(film: _Film, folder: Path, *, is_renamed: bool) -> list[list[str]]:
    """Write an image, and a mask and a crop for each lesion; return the table's rows."""
    pixels = deepened(film.mammogram.load(), _BITS, seed=film.seed)
    below = _folder(film.name)
    _write(folder / below / _file_name(0, is_renamed=is_renamed), pixels, film)
    rows = []
    for number, lesion in enumerate(film.lesions, start=1):
        region = _folder(f"{film.name}_{number}")
        parts: list[NDArray[np.uint16 | np.uint8]] = [
            pixels[_part(lesion)],
            _mask(lesion, film.mammogram),
        ]
        is_mask_first = (number + film.seed) % 2 == 1
        for position, part in enumerate(parts[::-1] if is_mask_first else parts):
            name = _file_name(position, is_renamed=is_renamed)
            _write(folder / region / name, part, film)
        paths = [f"{below}/000000.dcm", *(f"{region}/00000{part}.dcm\n" for part in (0, 1))]
        rows.append([*_cells(film, lesion, number), *paths])
    return rows


def _folder(name: str) -> str:
    return f"{name}/{uid('cbis', 'study', name)}/{uid('cbis', 'series', name)}"


def _file_name(position: int, *, is_renamed: bool) -> str:
    return f"1-{position + 1}.dcm" if is_renamed else f"{position:06d}.dcm"


def _write(path: Path, pixels: NDArray[np.uint16 | np.uint8], film: _Film) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    facts = DicomFacts(
        patient_id=path.parts[-4],
        study_uid=path.parts[-3],
        series_uid=path.parts[-2],
        sop_uid=uid("cbis", "image", *path.parts[-4:]),
        laterality=film.mammogram.laterality,
        view=film.mammogram.view,
        spacing_mm=None,
        bits_stored=8 * pixels.itemsize,
    )
    write_dicom(path, pixels, facts)


def _mask(lesion: Lesion, mammogram: Mammogram) -> NDArray[np.uint8]:
    """Return 255 on the lesion and 0 elsewhere, shape (height, width)."""
    mask = np.zeros((mammogram.height, mammogram.width), dtype=np.uint8)
    if not lesion.contours:
        mask[_part(lesion)] = 255
    for contour in lesion.contours:
        corners = np.floor(np.asarray(contour)).astype(np.int32)
        cv2.fillPoly(mask, [corners], 255)
    return mask


def _part(lesion: Lesion) -> tuple[slice, slice]:
    return slice(lesion.box.top, lesion.box.bottom), slice(lesion.box.left, lesion.box.right)


def _cells(film: _Film, lesion: Lesion, number: int) -> list[str]:
    return [
        film.patient,
        str(film.mammogram.density or 0),
        _SIDES[film.mammogram.laterality or "L"],
        film.mammogram.view or "",
        str(number),
        _COLUMNS[film.table][1],
        "N/A",
        "N/A",
        lesion.birads or "",
        (lesion.pathology or "").upper(),
        "3",
    ]
