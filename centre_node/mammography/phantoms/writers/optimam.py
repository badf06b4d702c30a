"""Writes the layout of OPTIMAM (OMI-DB): JSON for each client and image, and DICOM images."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

from centre_node.mammography.mammograms import Lesion, Mammogram
from centre_node.mammography.phantoms.writers.dicom_file import (
    DicomFacts,
    deepened,
    uid,
    write_dicom,
)
from centre_node.mammography.phantoms.writers.nbss import DATE, EPISODE, nbss_record, numbered
from shared.progress import OnCount

_BITS = 12
_COPIED_EVERY = 3
_MOST_MARKS = 1000
_UNSET = (
    "ArchitecturalDistortion",
    "BenignClassification",
    "Conspicuity",
    "FocalAsymmetry",
    "Mass",
    "MassClassification",
    "SuspiciousCalcifications",
    "WithCalcification",
)


@dataclass(frozen=True, slots=True)
class _Image:
    """A file that is written, and the names under which it stands."""

    mammogram: Mammogram
    client: str
    intent: str

    def uid(self, level: str) -> str:
        """Return the UID of its `study`, its `series` or its own, of `image`."""
        names = () if level == "study" else (self.mammogram.image_id, self.intent)
        return uid("optimam", level, self.client, *names)


def write_optimam(mammograms: Sequence[Mammogram], folder: Path, *, on_progress: OnCount) -> None:
    """Write mammograms; beside every third lies a copy for processing, which is not to be read.

    What it cannot tell is lost: density, contours, BI-RADS, excluded tissue, and pathologies but
    malignant and benign. A client of whom every image is healthy gets a normal outcome.
    """
    done = count()
    for number, patient in enumerate(_patients(mammograms), start=1):
        client = f"optm{number}"
        images = []
        for mammogram in patient:
            position = next(done)
            on_progress(position, len(mammograms))
            copies = _copies(mammogram, client, with_raw=position % _COPIED_EVERY == 0)
            _write_images(copies, folder / "images", seed=position)
            images += copies
        data = folder / "data" / client
        data.mkdir(parents=True)
        _write_json(data / f"imagedb_{client}.json", _imagedb(images, patient, number))
        record = nbss_record(patient, with_assessment=number % 2 == 0)
        _write_json(data / f"nbss_{client}.json", record)
    on_progress(len(mammograms), len(mammograms))


def _patients(mammograms: Sequence[Mammogram]) -> list[list[Mammogram]]:
    patients: dict[str, list[Mammogram]] = {}
    for mammogram in mammograms:
        patients.setdefault(mammogram.patient_id, []).append(mammogram)
    return list(patients.values())


def _copies(mammogram: Mammogram, client: str, *, with_raw: bool) -> list[_Image]:
    intents = ["FOR PRESENTATION", "FOR PROCESSING"] if with_raw else ["FOR PRESENTATION"]
    return [_Image(mammogram, client, intent) for intent in intents]


def _write_images(images: Sequence[_Image], folder: Path, *, seed: int) -> None:
    pixels = deepened(images[0].mammogram.load(), _BITS, seed=seed)
    for image in images:
        study = folder / image.client / image.uid("study")
        study.mkdir(parents=True, exist_ok=True)
        facts = DicomFacts(
            patient_id=image.client,
            study_uid=image.uid("study"),
            series_uid=image.uid("series"),
            sop_uid=image.uid("image"),
            laterality=image.mammogram.laterality,
            view=image.mammogram.view,
            spacing_mm=image.mammogram.pixel_spacing_mm,
            bits_stored=_BITS,
        )
        write_dicom(study / f"{facts.sop_uid}.dcm", pixels, facts)
        _write_json(study / f"{facts.sop_uid}.json", _dicom_json(facts, image))


def _dicom_json(facts: DicomFacts, image: _Image) -> dict[str, Any]:
    elements = {
        "00080018": ("UI", facts.sop_uid),
        "00080060": ("CS", "MG"),
        "00080068": ("CS", image.intent),
        "00080070": ("LO", facts.manufacturer),
        "00100020": ("LO", facts.patient_id),
        "00185101": ("CS", facts.view),
        "0020000D": ("UI", facts.study_uid),
        "0020000E": ("UI", facts.series_uid),
        "00200062": ("CS", facts.laterality),
        "00280010": ("US", image.mammogram.height),
        "00280011": ("US", image.mammogram.width),
    }
    return {
        tag: {"vr": kind} if value is None else {"vr": kind, "Value": [value]}
        for tag, (kind, value) in elements.items()
    }


def _imagedb(images: Sequence[_Image], patient: Sequence[Mammogram], client: int) -> dict[str, Any]:
    """Return a client's studies. Copies for processing and healthy images have null for marks."""
    numbers = numbered(patient)
    identifiers = count(client * _MOST_MARKS)
    study: dict[str, Any] = {"StudyDate": DATE, "EpisodeID": EPISODE}
    for image in images:
        shown = image.mammogram.lesions if image.intent == "FOR PRESENTATION" else ()
        marks = {
            str(identifier): _mark(lesion, identifier, numbers[image.mammogram.image_id, place])
            for place, (lesion, identifier) in enumerate(zip(shown, identifiers, strict=False))
        }
        study[image.uid("series")] = {image.uid("image"): marks or None}
    return {"ClientID": images[0].client, "STUDIES": {images[0].uid("study"): study}}


def _mark(lesion: Lesion, identifier: int, number: int) -> dict[str, Any]:
    """Return a mark. Any two opposite corners make a box, so every other one is turned."""
    box = lesion.box
    across, down = (str(box.left), str(box.right - 1)), (str(box.top), str(box.bottom - 1))
    if identifier % 2:
        across = across[::-1]
    linked = lesion.pathology in ("malignant", "benign")
    return {
        "MarkID": identifier,
        "LesionID": identifier // _MOST_MARKS * _MOST_MARKS + number,
        "LinkedNBSSLesionNumber": str(number) if linked else "",
        **dict(zip(("X1", "X2"), across, strict=True)),
        **dict(zip(("Y1", "Y2"), down, strict=True)),
        **dict.fromkeys(_UNSET),
        **_flags(lesion),
    }


def _flags(lesion: Lesion) -> dict[str, Any]:
    match lesion.kind:
        case "mass":
            shape = "spiculated" if lesion.pathology == "malignant" else "well_defined"
            return {"Mass": 1, "MassClassification": shape}
        case "calcification":
            return {"SuspiciousCalcifications": "SuspiciousCalcifications"}
        case _:
            return {"FocalAsymmetry": "FocalAsymmetry"}


def _write_json(path: Path, document: dict[str, Any]) -> None:
    path.write_text(json.dumps(document, indent=1), encoding="ascii")
