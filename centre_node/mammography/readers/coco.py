"""Reads a COCO folder: `annotations.coco.json` and the images that it names, lazily."""

import json
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from centre_node.errors import BadImageError, BadMammogramsError
from centre_node.mammography.boxes import Box
from centre_node.mammography.mammograms import Contour, Lesion, Mammogram, Reading, Skipped
from shared.models import validation_summary
from shared.names import LesionKind

if TYPE_CHECKING:
    from numpy import uint8
    from numpy.typing import NDArray

ANNOTATIONS = "annotations.coco.json"
KINDS: dict[str, LesionKind] = {"mass": "mass", "calcification": "calcification"}


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", coerce_numbers_to_str=True)


class _Image(_Record):
    id: int
    file_name: str
    width: int = Field(gt=0)
    height: int = Field(gt=0)
    patient_id: str | None = None
    laterality: Literal["L", "R"] | None = None
    view: str | None = None
    breast_density: int | None = Field(None, ge=1, le=4)
    pixel_spacing_mm: float | None = Field(None, gt=0)


class _Annotation(_Record):
    id: int
    image_id: int
    category_id: int
    bbox: tuple[float, float, float, float] | None = None
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
    kinds = {c.id: KINDS.get(c.name.lower(), "other") for c in document.categories}
    mammograms = tuple(
        _mammogram(image, annotations[image.id], kinds, folder, skipped)
        for image in document.images
    )
    return Reading(folder.resolve().name, mammograms, tuple(skipped))


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
        if not isinstance(raw, dict) or not isinstance(raw.get(key), list):
            raise BadMammogramsError(f"{path} has no list {key!r}; a COCO document has one")
    return dict(raw)


def _filtered(raw: dict[str, Any], where: Mapping[str, str], folder: Path) -> list[dict[str, Any]]:
    images: list[dict[str, Any]] = raw["images"]
    kept = [
        image
        for image in images
        if all(str(image.get(key)) == value for key, value in where.items())
    ]
    if not kept:
        wanted = ", ".join(f"{key}={value}" for key, value in where.items()) or "any"
        keys = ", ".join(sorted({key for image in images for key in image})) or "no image records"
        raise BadMammogramsError(f"{folder} has no image with {wanted}; its records have: {keys}")
    return kept


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
    grouped: dict[int, list[_Annotation]] = defaultdict(list)
    for annotation in document.annotations:
        grouped[annotation.image_id].append(annotation)
        if annotation.image_id not in known:
            skipped.append(Skipped(f"annotation {annotation.id}", "its image is unknown"))
    return grouped


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
            skipped.append(Skipped(f"annotation {annotation.id}", "its box is outside the image"))
        elif annotation.iscrowd:
            excluded.append(box)
        else:
            kind = kinds.get(annotation.category_id, "other")
            lesion = Lesion(box, kind, contours, annotation.pathology, annotation.birads)
            lesions.append(lesion)
    return Mammogram(
        image_id=str(image.id),
        patient_id=str(image.patient_id),
        width=image.width,
        height=image.height,
        load=partial(_load, folder / image.file_name, image.width, image.height),
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
        if isinstance(polygon, list) and len(polygon) >= 6 and len(polygon) % 2 == 0
    )


def _box(annotation: _Annotation, contours: tuple[Contour, ...], image: _Image) -> Box | None:
    """Return the enclosing pixel box, clipped to the image; None where nothing is left."""
    if contours:
        xs = [x for contour in contours for x, _ in contour]
        ys = [y for contour in contours for _, y in contour]
        left, top, right, bottom = min(xs), min(ys), max(xs), max(ys)
    elif annotation.bbox is not None:
        left, top = annotation.bbox[:2]
        right, bottom = left + annotation.bbox[2], top + annotation.bbox[3]
    else:
        return None
    box = Box(
        max(int(left), 0),
        max(int(top), 0),
        min(int(right) + 1, image.width),
        min(int(bottom) + 1, image.height),
    )
    return box if box.width > 0 and box.height > 0 else None


def _load(path: Path, width: int, height: int) -> "NDArray[uint8]":
    import cv2
    import numpy as np

    try:
        data = np.fromfile(path, dtype=np.uint8)
    except OSError as error:
        raise BadImageError(f"{path.name} cannot be read: {error.strerror}") from error
    pixels = None
    if data.size:
        pixels = cv2.imdecode(data, cv2.IMREAD_GRAYSCALE | cv2.IMREAD_ANYDEPTH)
    if pixels is None:
        raise BadImageError(f"{path.name} is no image that can be decoded")
    if pixels.shape != (height, width):
        raise BadImageError(
            f"{path.name} is {pixels.shape[1]} x {pixels.shape[0]} px, "
            f"but its record says {width} x {height}"
        )
    scaled = cv2.normalize(pixels, None, 0, 255, cv2.NORM_MINMAX, dtype=cv2.CV_8U)  # type: ignore[call-overload]  # None: a new array
    return np.asarray(scaled, dtype=np.uint8)


def _first(error: ValidationError) -> str:
    more = error.error_count() - 1
    first = validation_summary(error).partition("; ")[0]
    return f"{first} (and {more} more)" if more else first
