"""Reads a COCO folder: `annotations.coco.json` and the images that it names, lazily."""

import json
import math
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    FiniteFloat,
    ValidationError,
)

from centre_node.mammography.boxes import Box
from centre_node.mammography.errors import BadMammogramsError
from centre_node.mammography.mammograms import Contour, Lesion, Mammogram, Reading, Skipped
from centre_node.mammography.rasters import read_raster
from centre_node.mammography.readers.outlines import enclosing_box
from shared.models import validation_summary
from shared.names import LesionKind

ANNOTATIONS = "annotations.coco.json"
KINDS: dict[str, LesionKind] = {"mass": "mass", "calcification": "calcification", "other": "other"}


def _initial(value: object) -> object:
    """Accept left and right in full."""
    return value.strip()[:1].upper() if isinstance(value, str) else value


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", coerce_numbers_to_str=True)


class _Image(_Record):
    id: int
    file_name: str
    width: int = Field(gt=0)
    height: int = Field(gt=0)
    patient_id: str | None = None
    laterality: Annotated[Literal["L", "R"] | None, BeforeValidator(_initial)] = None
    view: str | None = None
    breast_density: int | None = Field(None, ge=1, le=4)
    pixel_spacing_mm: float | None = Field(None, gt=0)


class _Annotation(_Record):
    id: int
    image_id: int
    category_id: int
    bbox: tuple[FiniteFloat, FiniteFloat, FiniteFloat, FiniteFloat] | None = None
    segmentation: Any = None
    iscrowd: int = 0
    pathology: str | None = None
    birads: str | None = None


class _Category(_Record):
    id: int
    name: str


class _Document(_Record):
    images: list[_Image]
    annotations: list[_Annotation]
    categories: list[_Category]


def read_coco(folder: Path, where: Mapping[str, str]) -> Reading:
    """Read a folder's annotations; images are opened only when a mammogram is loaded.

    A category that is neither mass nor calcification counts as other. Boxes are clipped to the
    image. What is left out, and categories not known by name, stand in `skipped`.

    Args:
        where: Keeps the images whose record has these values, compared as text.

    Raises:
        BadMammogramsError: The folder, the annotations or the patients' ids are missing or wrong.
    """
    raw = _raw_document(folder)
    kept = _filtered(raw, where, folder)
    try:
        document = _Document.model_validate({**raw, "images": kept})
    except ValidationError as error:
        raise BadMammogramsError(f"{folder / ANNOTATIONS}: {_first(error)}") from error
    _check_images(document.images, folder)
    skipped: list[Skipped] = []
    annotations = _by_image(document, raw, skipped)
    kinds = _kinds(document, annotations, skipped)
    mammograms = []
    for image, record in zip(document.images, kept, strict=True):
        if (folder / image.file_name).is_file():
            mammogram = _mammogram(image, annotations[image.id], kinds, folder, skipped)
            mammograms.append(replace(mammogram, labels=_labels(record)))
        else:
            skipped.append(Skipped(f"image {image.id}", "its file is missing"))
    if not mammograms:
        raise BadMammogramsError(f"{folder} has none of the {len(kept)} image files that it names")
    return Reading(folder.resolve().name, tuple(mammograms), tuple(skipped))


def _raw_document(folder: Path) -> dict[str, Any]:
    if not folder.is_dir():
        raise BadMammogramsError(f"there is no folder {folder}")
    path = folder / ANNOTATIONS
    try:
        raw = json.loads(path.read_bytes())
    except OSError as error:
        raise BadMammogramsError(f"{path} cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise BadMammogramsError(f"{path} is not JSON: {error}") from error
    for key in ("images", "annotations", "categories"):
        records = raw.get(key) if isinstance(raw, dict) else None
        if not isinstance(records, list) or not all(isinstance(record, dict) for record in records):
            raise BadMammogramsError(f"{path} has no list {key!r} of records; COCO has one")
    return dict(raw)


def _filtered(raw: dict[str, Any], where: Mapping[str, str], folder: Path) -> list[dict[str, Any]]:
    images: list[dict[str, Any]] = raw["images"]
    kept = [
        image
        for image in images
        if all(key in image and _as_text(image[key]) == value for key, value in where.items())
    ]
    if not images:
        raise BadMammogramsError(f"{folder / ANNOTATIONS} lists no image")
    if not kept:
        wanted = ", ".join(f"{key}={value}" for key, value in where.items())
        keys = ", ".join(sorted({key for image in images for key in image}))
        raise BadMammogramsError(f"{folder} has no image with {wanted}; its records have: {keys}")
    return kept


def _as_text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _labels(record: Mapping[str, Any]) -> dict[str, str]:
    return {
        key: _as_text(value)
        for key, value in record.items()
        if isinstance(value, str | int | float) and key != "patient_id"  # which no message holds
    }


def _check_images(images: Sequence[_Image], folder: Path) -> None:
    nameless = sum(not image.patient_id for image in images)
    if nameless:
        raise BadMammogramsError(
            f"{nameless} of {len(images)} images in {folder / ANNOTATIONS} have no patient_id; "
            "patients must be known so that none is in two subsets"
        )
    identifier, times = Counter(image.id for image in images).most_common(1)[0]
    if times > 1:
        raise BadMammogramsError(f"the image id {identifier} stands {times} times in {folder}")
    root = folder.resolve()
    for image in images:
        if not (root / image.file_name).resolve().is_relative_to(root):
            raise BadMammogramsError(f"image {image.id} of {folder} lies outside the folder")


def _by_image(
    document: _Document, raw: dict[str, Any], skipped: list[Skipped]
) -> dict[int, list[_Annotation]]:
    known = {image.get("id") for image in raw["images"]}
    chosen = {image.id for image in document.images}
    grouped: dict[int, list[_Annotation]] = defaultdict(list)
    for annotation in document.annotations:
        if annotation.image_id in chosen:
            grouped[annotation.image_id].append(annotation)
        elif annotation.image_id not in known:
            skipped.append(Skipped(f"annotation {annotation.id}", "its image is unknown"))
    return grouped


def _kinds(
    document: _Document,
    annotations: Mapping[int, Sequence[_Annotation]],
    skipped: list[Skipped],
) -> dict[int, LesionKind]:
    names = {category.id: category.name.lower() for category in document.categories}
    used = Counter(a.category_id for group in annotations.values() for a in group if not a.iscrowd)
    for identifier, times in sorted(used.items()):
        if names.get(identifier) not in KINDS:
            reason = f"the category is unknown; its {times} annotations are read as other"
            skipped.append(Skipped(f"category {identifier}", reason))
    return {identifier: KINDS.get(name, "other") for identifier, name in names.items()}


def _mammogram(
    image: _Image,
    annotations: Sequence[_Annotation],
    kinds: Mapping[int, LesionKind],
    folder: Path,
    skipped: list[Skipped],
) -> Mammogram:
    lesions, excluded = [], []
    for annotation in annotations:
        contours = _contours(annotation)
        box = _box(annotation, contours, image)
        if box is None:
            reason = "it has no box or outline inside the image"
            skipped.append(Skipped(f"annotation {annotation.id}", reason))
        elif annotation.iscrowd:
            excluded.append(box)
        else:
            kind = kinds.get(annotation.category_id, "other")
            lesion = Lesion(box, kind, contours, annotation.pathology, annotation.birads)
            lesions.append(lesion)
    path = folder / image.file_name
    status = path.stat()
    return Mammogram(
        image_id=str(image.id),
        patient_id=str(image.patient_id),
        width=image.width,
        height=image.height,
        load=partial(read_raster, path, image.width, image.height),
        fingerprint=f"{image.file_name} {status.st_size} {status.st_mtime_ns}",
        laterality=image.laterality,
        view=image.view,
        density=image.breast_density,
        pixel_spacing_mm=image.pixel_spacing_mm,
        lesions=tuple(lesions),
        excluded=tuple(excluded),
    )


def _contours(annotation: _Annotation) -> tuple[Contour, ...]:
    if not isinstance(annotation.segmentation, list):
        return ()
    return tuple(
        tuple(zip(map(float, polygon[::2]), map(float, polygon[1::2]), strict=True))
        for polygon in annotation.segmentation
        if isinstance(polygon, list)
        and len(polygon) >= 6
        and len(polygon) % 2 == 0
        and all(isinstance(value, int | float) and math.isfinite(value) for value in polygon)
    )


def _box(annotation: _Annotation, contours: tuple[Contour, ...], image: _Image) -> Box | None:
    """Return the enclosing pixel box, clipped to the image; None where nothing is left."""
    if contours:
        return enclosing_box(contours, width=image.width, height=image.height)
    if annotation.bbox is None:
        return None
    left, top, width, height = annotation.bbox
    right, bottom = math.ceil(left + width), math.ceil(top + height)
    return Box(math.floor(left), math.floor(top), right, bottom).clipped(image.width, image.height)


def _first(error: ValidationError) -> str:
    more = error.error_count() - 1
    first = validation_summary(error).partition("; ")[0]
    return f"{first} (and {more} more)" if more else first
