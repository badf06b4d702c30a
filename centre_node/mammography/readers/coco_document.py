"""Gathers the records of a COCO file that can be used, and what is wrong with the others."""

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from centre_node.mammography.errors import BadMammogramsError
from centre_node.mammography.mammograms import Skipped
from centre_node.mammography.readers.coco_records import (
    AnnotationRecord,
    CategoryRecord,
    ImageRecord,
    checked,
)
from centre_node.mammography.readers.filtering import in_several_splits

_LISTS = ("images", "annotations", "categories")


@dataclass(slots=True)
class CocoDocument:
    """The records that can be used.

    Attributes:
        asked_for: How many images the file names, of those with the values that were asked for.
        images: Each record and all that stands in it.
        names: The file names of all images, also of those that were not asked for.
        annotations: By image.
        categories: Names in small letters.
        fault: What is wrong with the first image record that is; empty where none is.
    """

    asked_for: int
    names: tuple[str, ...]
    images: list[tuple[ImageRecord, Mapping[str, Any]]] = field(default_factory=list)
    annotations: dict[int, list[AnnotationRecord]] = field(default_factory=dict)
    categories: dict[int, str] = field(default_factory=dict)
    fault: str = ""


def read_document(path: Path, where: Mapping[str, str], skipped: list[Skipped]) -> CocoDocument:
    """Read the images with the values of `where`, compared as text, and their annotations.

    Args:
        skipped: Gets the records that cannot be used.

    Raises:
        BadMammogramsError: The file cannot be read, is no COCO or has no such image.
    """
    raw = _raw(path)
    kept = _filtered(raw["images"], where, path)
    named = [image for image in raw["images"] if isinstance(image, dict)]
    skipped += in_several_splits(((str(i.get("patient_id")), _labels(i)) for i in named), where)
    document = CocoDocument(len(kept), tuple(str(image.get("file_name")) for image in named))
    _take_images(document, kept, skipped)
    known = {str(image.get("id")) for image in named}
    document.annotations = _annotations(document, raw["annotations"], known, skipped)
    categories = [checked(CategoryRecord, content).record for content in raw["categories"]]
    document.categories = {c.id: c.name.strip().lower() for c in categories if c is not None}
    return document


def as_text(value: object) -> str:
    """Return a value as `where` names it."""
    return value if isinstance(value, str) else json.dumps(value)


def name_of(annotation: AnnotationRecord) -> str:
    """Return what `Skipped` calls an annotation."""
    if annotation.id is None:
        return f"an annotation of image {annotation.image_id}"
    return f"annotation {annotation.id}"


def _raw(path: Path) -> dict[str, Any]:
    try:
        raw = json.loads(path.read_bytes())
    except OSError as error:
        raise BadMammogramsError(f"{path} cannot be read: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise BadMammogramsError(f"{path} is not JSON: {error}") from error
    for key in _LISTS:
        records = raw.get(key) if isinstance(raw, dict) else None
        if not _is_list_of_records(records):
            raise BadMammogramsError(f"{path} has no list {key!r} of records; COCO has one")
    return dict(raw)


def _is_list_of_records(records: object) -> bool:
    if not isinstance(records, list):
        return False
    return not records or any(isinstance(record, dict) for record in records)


def _filtered(
    images: Sequence[Any], where: Mapping[str, str], path: Path
) -> list[tuple[int, object]]:
    """Return the images that are asked for, numbered as they stand."""
    records = [image for image in images if isinstance(image, dict)]
    if not records:
        raise BadMammogramsError(f"{path} lists no image")
    kept = [
        (number, image)
        for number, image in enumerate(images)
        if not where or (isinstance(image, dict) and _has(image, where))
    ]
    if not kept:
        wanted = ", ".join(f"{key}={value}" for key, value in where.items())
        keys = ", ".join(sorted({key for image in records for key in image}))
        raise BadMammogramsError(
            f"{path.parent} has no image with {wanted}; its records have: {keys}"
        )
    return kept


def _has(image: Mapping[str, Any], where: Mapping[str, str]) -> bool:
    return all(key in image and as_text(image[key]) == value for key, value in where.items())


def _labels(image: Mapping[str, Any]) -> dict[str, str]:
    return {key: as_text(value) for key, value in image.items()}


def _take_images(
    document: CocoDocument, kept: Sequence[tuple[int, Any]], skipped: list[Skipped]
) -> None:
    for number, content in kept:
        image = checked(ImageRecord, content)
        if image.fault and not document.fault:
            document.fault = f"images.{number}.{image.fault}"
        if image.record is None:
            reason = "its record lacks a field or has a wrong one"
            skipped.append(Skipped(f"images.{number}", reason))
        else:
            document.images.append((image.record, content))
            record = f"image {image.record.id}"
            skipped += [Skipped(record, _unknown(name)) for name in image.faulty]


def _annotations(
    document: CocoDocument, contents: Sequence[Any], known: set[str], skipped: list[Skipped]
) -> dict[int, list[AnnotationRecord]]:
    """Return the annotations by image; what is told of images not asked for is left aside."""
    chosen = {image.id for image, _ in document.images}
    grouped: dict[int, list[AnnotationRecord]] = defaultdict(list)
    for number, content in enumerate(contents):
        annotation = checked(AnnotationRecord, content)
        record = annotation.record
        if record is None:
            skipped.append(Skipped(f"annotations.{number}", "its image is unknown"))
        elif record.image_id in chosen:
            grouped[record.image_id].append(record)
            # A box that is wrong is told where nothing else says where the annotation is.
            faulty = [name for name in annotation.faulty if name != "bbox"]
            skipped += [Skipped(name_of(record), _unknown(name)) for name in faulty]
        elif str(record.image_id) not in known:
            skipped.append(Skipped(name_of(record), "its image is unknown"))
    return grouped


def _unknown(name: str) -> str:
    return f"its {name} has no value that is known; it is read as unknown"
