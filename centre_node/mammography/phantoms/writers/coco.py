"""Writes a COCO folder: `annotations.coco.json` and 8-bit PNG images."""

import json
from collections.abc import Sequence
from itertools import chain
from pathlib import Path
from typing import Any

from centre_node.mammography.boxes import Box
from centre_node.mammography.mammograms import Lesion, Mammogram
from centre_node.mammography.phantoms.writers.images import write_image
from centre_node.mammography.readers.coco import ANNOTATIONS, KINDS
from shared.progress import OnCount

_CATEGORIES = {kind: number for number, kind in enumerate(KINDS, start=1)}


def write_coco(mammograms: Sequence[Mammogram], folder: Path, *, on_progress: OnCount) -> None:
    """Write mammograms and their annotations. Excluded tissue becomes a crowd annotation."""
    (folder / "images").mkdir()
    for done, mammogram in enumerate(mammograms):
        on_progress(done, len(mammograms))
        write_image(folder / _file_name(mammogram), mammogram.load())
    document = {
        "images": [_image(number, m) for number, m in enumerate(mammograms, start=1)],
        "annotations": _annotations(mammograms),
        "categories": [{"id": number, "name": kind} for kind, number in _CATEGORIES.items()],
    }
    (folder / ANNOTATIONS).write_text(json.dumps(document, indent=1))
    on_progress(len(mammograms), len(mammograms))


def _file_name(mammogram: Mammogram) -> str:
    return f"images/{mammogram.image_id}.png"


def _image(number: int, mammogram: Mammogram) -> dict[str, Any]:
    record = {
        "id": number,
        "file_name": _file_name(mammogram),
        "width": mammogram.width,
        "height": mammogram.height,
        "patient_id": mammogram.patient_id,
        "laterality": mammogram.laterality,
        "view": mammogram.view,
        "breast_density": mammogram.density,
        "pixel_spacing_mm": mammogram.pixel_spacing_mm,
    }
    return _known(record)


def _annotations(mammograms: Sequence[Mammogram]) -> list[dict[str, Any]]:
    records = [
        {"image_id": number, **record}
        for number, mammogram in enumerate(mammograms, start=1)
        for record in [*map(_lesion, mammogram.lesions), *map(_excluded, mammogram.excluded)]
    ]
    return [{"id": number, **record} for number, record in enumerate(records, start=1)]


def _lesion(lesion: Lesion) -> dict[str, Any]:
    record = {
        "category_id": _CATEGORIES[lesion.kind],
        "bbox": _bbox(lesion.box),
        "segmentation": [list(chain.from_iterable(contour)) for contour in lesion.contours] or None,
        "iscrowd": 0,
        "pathology": lesion.pathology,
        "birads": lesion.birads,
    }
    return _known(record)


def _excluded(box: Box) -> dict[str, Any]:
    return {"category_id": _CATEGORIES["other"], "bbox": _bbox(box), "iscrowd": 1}


def _bbox(box: Box) -> list[int]:
    return [box.left, box.top, box.width, box.height]


def _known(record: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in record.items() if value is not None}
