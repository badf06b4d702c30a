"""Writes small OPTIMAM folders for tests."""

import json
from pathlib import Path
from typing import Any

import numpy as np

from centre_node.mammography.phantoms.writers.dicom_file import DicomFacts, write_dicom

WIDTH, HEIGHT = 120, 160
STUDY, SERIES, IMAGE = "1.2.1", "1.2.1.1", "1.2.1.1.1"


def mark(**changes: Any) -> dict[str, Any]:
    """A mark as OMI-DB has it: coordinates are text, flags that are not set are null or empty."""
    corners = {"X1": "40", "Y1": "50", "X2": "59", "Y2": "79"}
    flags = {"Mass": 1, "WithCalcification": None, "SuspiciousCalcifications": ""}
    names = {"MarkID": 10241, "LesionID": 6711, "LinkedNBSSLesionNumber": ""}
    return {**names, **corners, **flags, "BenignClassification": None, **changes}


def episode(left: str | None = None, right: str | None = None, **more: Any) -> dict[str, Any]:
    """An episode in which a biopsy of each breast ended as said; without one, a normal one."""
    record: dict[str, Any] = {"EpisodeType": "R", "SCREENING": {"L": {"DateTaken": "2010-02-22"}}}
    if left or right:
        record["BIOPSYWIDE"] = {"Opinion": None, "left_opinion": left, "right_opinion": right}
    return record | more


def write_client(
    folder: Path,
    client: str = "optm1",
    *,
    images: dict[str, Any] | None = None,
    nbss: Any = None,
    study: dict[str, Any] | None = None,
) -> Path:
    """Write a client of one study with one series; of an image what `images` says, its marks."""
    series = {IMAGE: None} if images is None else images
    content = {"StudyDate": "20100222", "EpisodeID": "101", SERIES: series, **(study or {})}
    data = folder / "data" / client
    data.mkdir(parents=True, exist_ok=True)
    document = {"ClientID": client, "Site": "adde", "STUDIES": {STUDY: content}}
    (data / f"imagedb_{client}.json").write_text(json.dumps(document))
    if nbss is not None:
        (data / f"nbss_{client}.json").write_text(json.dumps(nbss))
    for name in series:
        write_image(folder, client, name)
    return folder


def write_image(folder: Path, client: str = "optm1", image: str = IMAGE, **tags: Any) -> Path:
    """Write an image and the JSON beside it, `tags` over its own."""
    path = folder / "images" / client / STUDY / f"{image}.dcm"
    path.parent.mkdir(parents=True, exist_ok=True)
    facts = DicomFacts(client, STUDY, SERIES, image, "L", "MLO", 0.07, bits_stored=12)
    random = np.random.default_rng(0)
    write_dicom(path, random.integers(0, 4096, (HEIGHT, WIDTH), dtype=np.uint16), facts)
    elements = {"00080068": "FOR PRESENTATION", "00080060": "MG", "00200062": "R"} | tags
    document = {tag: {"vr": "CS", "Value": [value]} for tag, value in elements.items()}
    path.with_suffix(".json").write_text(json.dumps(document))
    return path
