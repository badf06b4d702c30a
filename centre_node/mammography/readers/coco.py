"""Reads a COCO folder: `annotations.coco.json` and the images that it names, lazily."""

import os
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from centre_node.mammography.errors import BadMammogramsError
from centre_node.mammography.found_files import FoundFile
from centre_node.mammography.image_files import pixel_loader
from centre_node.mammography.mammograms import (
    NO_PLACE,
    Finding,
    Lesion,
    Mammogram,
    Reading,
    Skipped,
    Unplaced,
)
from centre_node.mammography.readers.coco_document import (
    CocoDocument,
    as_text,
    name_of,
    read_document,
)
from centre_node.mammography.readers.coco_places import place_of
from centre_node.mammography.readers.coco_records import ImageRecord
from centre_node.mammography.readers.data_folder import DataFolder, OnFile, separated, unheard
from centre_node.mammography.readers.gathering import gathered
from centre_node.mammography.readers.values import is_unknown
from shared.counts import counted, named
from shared.names import LesionKind

ANNOTATIONS = "annotations.coco.json"
KINDS: dict[str, LesionKind] = {"mass": "mass", "calcification": "calcification", "other": "other"}


def read_coco(folder: Path, where: Mapping[str, str], on_file: OnFile = unheard) -> Reading:
    """Read a folder's annotations; images are opened only when a mammogram is loaded.

    A category that is neither mass nor calcification counts as other. Boxes are clipped to the
    image. A record that cannot be read costs that record, and an optional value that is blank, null
    or NaN is unknown. An annotation without a place (no box, outline or mask inside the image)
    excludes its image, and so does a second record of the same file, which may lack what the first
    one shows. What is left out, and categories not known by name, stand in `skipped`.

    Args:
        where: Keeps the images whose record has these values, compared as text.

    Raises:
        BadMammogramsError: The folder, the annotations or the patients' ids are missing or wrong.
    """
    files = DataFolder(folder, on_file)
    skipped: list[Skipped] = []
    document = read_document(files.opened(folder / ANNOTATIONS), where, skipped)
    _check_images([image for image, _ in document.images], folder)
    kinds = _kinds(document, skipped)
    times = Counter(map(_place, document.names))
    mammograms = []
    for image, record in document.images:
        path = files.named(image.file_name)
        if isinstance(path, str):
            skipped.append(Skipped(f"image {image.id}", path))
            continue
        mammogram = _mammogram(image, record, path).annotated(_findings(image, document, kinds))
        if times[_place(image.file_name)] > 1:
            doubt = Unplaced(f"image {image.id}", "another record names its file too")
            mammogram = mammogram.annotated([doubt])
        mammograms.append(mammogram)
    expected = f"the {counted(document.asked_for, 'image file')} that it names"
    if not mammograms and document.fault:
        expected += f" (a record is wrong: {document.fault})"
    return gathered(folder, mammograms, {}, skipped, expected=expected)


def _check_images(images: Sequence[ImageRecord], folder: Path) -> None:
    nameless = [image.id for image in images if not image.patient_id]
    if nameless:
        raise BadMammogramsError(
            f"{len(nameless)} of {counted(len(images), 'image')} in {folder / ANNOTATIONS} "
            f"{named(len(nameless), 'has', 'have')} no "
            f"patient_id, such as that with the id {nameless[0]}; patients must be known so that "
            "none is in two subsets: add it, or take the image's record out"
        )
    for identifier, times in Counter(image.id for image in images).most_common(1):
        if times > 1:
            raise BadMammogramsError(f"the image id {identifier} stands {times} times in {folder}")
    for image in images:
        if not _is_inside(image.file_name, folder):
            raise BadMammogramsError(f"image {image.id} of {folder} lies outside the folder")


def _is_inside(name: str, folder: Path) -> bool:
    """Tell whether a name, whatever links there may be, stays in the folder."""
    roots = (folder.absolute(), folder.resolve())
    return any(Path(_place(str(root / separated(name)))).is_relative_to(root) for root in roots)


def _place(name: str) -> str:
    """Return one spelling of a file's place."""
    return os.path.normpath(separated(name))


def _kinds(document: CocoDocument, skipped: list[Skipped]) -> dict[int | None, LesionKind]:
    used = Counter(
        annotation.category_id
        for annotations in document.annotations.values()
        for annotation in annotations
        if not annotation.iscrowd
    )
    kinds = {key: KINDS.get(name) for key, name in document.categories.items()}
    for identifier, times in sorted(used.items(), key=str):
        if identifier is None or kinds.get(identifier) is None:
            reason = f"the category is unknown; its {times} annotations are read as other"
            skipped.append(Skipped(f"category {identifier}", reason))
    return {key: kind or "other" for key, kind in kinds.items()}


def _mammogram(image: ImageRecord, record: Mapping[str, Any], path: Path) -> Mammogram:
    return Mammogram(
        image_id=str(image.id),
        patient_id=str(image.patient_id),
        width=image.width,
        height=image.height,
        load=pixel_loader(path, image.width, image.height),
        file=FoundFile.at(path, image.file_name),
        laterality=image.laterality,
        view=image.view,
        density=image.breast_density,
        pixel_spacing_mm=image.pixel_spacing_mm,
        labels={
            key: as_text(value)
            for key, value in record.items()
            if isinstance(value, str | int | float)
            and not is_unknown(value)
            and key != "patient_id"  # which no message holds
        },
    )


def _findings(
    image: ImageRecord, document: CocoDocument, kinds: Mapping[int | None, LesionKind]
) -> Iterator[Finding]:
    for annotation in document.annotations.get(image.id, ()):
        place = place_of(annotation, image)
        if place.box is None or not place.is_whole:
            yield Unplaced(name_of(annotation), NO_PLACE)
        if place.box is not None and annotation.iscrowd:
            yield place.box
        elif place.box is not None:
            kind = kinds.get(annotation.category_id, "other")
            pathology, birads = annotation.pathology, annotation.birads
            yield Lesion(place.box, kind, place.contours, pathology, birads)
