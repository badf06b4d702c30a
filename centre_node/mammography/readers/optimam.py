"""Reads OPTIMAM (OMI-DB): a JSON file of marks for each client, and DICOM images, lazily."""

from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from centre_node.mammography.dicom import DicomHeader, read_header, read_pixels
from centre_node.mammography.errors import BadImageError, BadMammogramsError
from centre_node.mammography.found_files import FoundFile
from centre_node.mammography.mammograms import Finding, Mammogram, Reading, Skipped, Unplaced
from centre_node.mammography.readers.data_folder import MISSING, DataFolder, OnFile, unheard
from centre_node.mammography.readers.dicom_json import ImageFacts, image_facts, read_dicom_json
from centre_node.mammography.readers.gathering import gathered, main_reason
from centre_node.mammography.readers.imagedb import ListedImage, imagedb_files, listed_images
from centre_node.mammography.readers.nbss import NO_RECORD, NbssRecord, read_nbss
from centre_node.mammography.readers.optimam_marks import read_lesions

FOR_PRESENTATION = "FOR PRESENTATION"


def read_optimam(folder: Path, where: Mapping[str, str], on_file: OnFile = unheard) -> Reading:
    """Read the clients' files; of the images the headers only, until a mammogram is loaded.

    Healthy are the images without a mark of a client whose outcomes are all normal. Of a client
    with a cancer or a benign finding, or whose outcome is unknown, an image without a mark may show
    the finding unmarked, and so may one of whose marks cannot be read: the whole image is then
    excluded, so that no healthy patch comes from it.

    Args:
        where: Keeps the images with these labels: `manufacturer`, `outcome` (CI, M, B, NA, N: of
            the image's episode, else the gravest of the client) and `presentation_intent`, which
            is FOR PRESENTATION unless it is asked for otherwise.

    Raises:
        BadMammogramsError: The folder has no client, or nothing is left.
    """
    files = DataFolder(folder, on_file)
    intent = where.get("presentation_intent", FOR_PRESENTATION)
    skipped: list[Skipped] = []
    mammograms: dict[str, Mammogram] = {}
    listed: set[Path] = set()
    for number, path in enumerate(imagedb_files(files), start=1):
        record = _record(path, number, files, skipped)
        for image in listed_images(path, number, skipped):
            listed.add(image.file)
            mammogram = _mammogram(image, record, files, intent, skipped)
            skipped += () if mammogram is None else mammogram.unplaced
            if mammogram is not None and mammogram.image_id in mammograms:
                skipped.append(Skipped(image.file.name, "it is listed in two studies"))
                first = mammograms[mammogram.image_id]
                mammograms[mammogram.image_id] = first.annotated(_of_copy(mammogram, first))
            elif mammogram is not None:
                mammograms[mammogram.image_id] = mammogram
    skipped += _unlisted(files, listed)
    if not mammograms:
        raise BadMammogramsError(f"{folder} has no mammogram of use: {main_reason(skipped)}")
    return gathered(folder, mammograms.values(), where, skipped, expected="these mammograms")


def _of_copy(copy: Mammogram, first: Mammogram) -> Iterator[Finding]:
    """Yield what only the second listing of an image marks: tissue that neither class may touch."""
    yield from copy.unplaced
    boxes = {lesion.box for lesion in first.lesions}
    yield from (lesion.box for lesion in copy.lesions if lesion.box not in boxes)


def _record(imagedb: Path, number: int, files: DataFolder, skipped: list[Skipped]) -> NbssRecord:
    prefix = "NBSS" if imagedb.name.startswith("IMAGEDB") else "nbss"
    found = files.find(imagedb.with_name(f"{prefix}_{imagedb.parent.name}.json"))
    # A number, not its name, which holds the client's id.
    record = f"nbss file {number}"
    if isinstance(found, str):
        if found != MISSING:
            skipped.append(Skipped(record, f"{found}; its client's outcome is unknown"))
        return NO_RECORD
    try:
        return read_nbss(found)
    except BadMammogramsError:
        reason = "it is no JSON that can be read; its client's outcome is unknown"
        skipped.append(Skipped(record, reason))
        return NO_RECORD


def _mammogram(
    image: ListedImage, record: NbssRecord, files: DataFolder, intent: str, skipped: list[Skipped]
) -> Mammogram | None:
    path = files.find(files.path / "images" / image.file)
    if isinstance(path, str):
        skipped.append(Skipped(image.file.name, path))
        return None
    try:
        header = read_header(path)
    except BadImageError as error:
        skipped.append(Skipped(image.file.name, error.reason))
        return None
    facts = image_facts(_dicom_json(files, image, skipped), header)
    fault = _fault(facts, intent)
    if fault is not None:
        skipped.append(Skipped(image.file.name, fault))
        return None
    return _read(image, record, path, header, facts)


def _dicom_json(files: DataFolder, image: ListedImage, skipped: list[Skipped]) -> Mapping[str, Any]:
    """Return the elements from the JSON beside an image, or at its place below `data/`."""
    for root in ("images", "data"):
        for ending in (".json", ".dcm.json"):
            name = image.file.with_name(image.file.stem + ending)
            path = files.find(files.path / root / name)
            if isinstance(path, str):
                continue
            try:
                return read_dicom_json(path)
            except BadMammogramsError:
                reason = "it is no JSON that can be read; the DICOM header is used"
                skipped.append(Skipped(path.name, reason))
    return {}


def _fault(facts: ImageFacts, intent: str) -> str | None:
    """Return why an image is no mammogram of use."""
    if facts.modality not in ("MG", None):
        return "it is of another modality than mammography"
    if facts.presentation_intent is None:
        return "it does not say whether it is for presentation or for processing"
    return f"it is not {intent}" if facts.presentation_intent != intent else None


def _read(
    image: ListedImage, record: NbssRecord, path: Path, header: DicomHeader, facts: ImageFacts
) -> Mammogram:
    mammogram = Mammogram(
        image_id=path.stem,
        patient_id=image.client,
        width=header.width,
        height=header.height,
        load=partial(read_pixels, path, header.width, header.height),
        file=FoundFile.at(path, f"images/{image.file.as_posix()}"),
        laterality=facts.laterality,
        view=facts.view,
        pixel_spacing_mm=header.pixel_spacing_mm,
        labels=_labels(image, record, facts),
    )
    lesions, is_complete = read_lesions(image, record, mammogram)
    doubt = _doubt(is_complete=is_complete, is_clear=bool(lesions) or record.is_healthy)
    unplaced = [Unplaced(image.file.name, f"{doubt}: no healthy patch is cut")] if doubt else []
    return mammogram.annotated([*lesions, *unplaced])


def _doubt(*, is_complete: bool, is_clear: bool) -> str | None:
    """Return why an image may show what no mark shows."""
    if not is_complete:
        return "it has a mark without corners inside the image"
    return None if is_clear else "it has no mark, but its client is not known to be healthy"


def _labels(image: ListedImage, record: NbssRecord, facts: ImageFacts) -> dict[str, str]:
    labels = {
        "manufacturer": facts.manufacturer,
        "presentation_intent": facts.presentation_intent,
        "outcome": record.outcome(image.episode),
    }
    return {name: value for name, value in labels.items() if value is not None}


def _unlisted(files: DataFolder, listed: set[Path]) -> Iterator[Skipped]:
    root = files.path / "images"
    for path in files.below(root, "*/*/*", ".dcm"):
        if path.relative_to(root).with_suffix(".dcm") not in listed:
            yield Skipped(path.name, "no imagedb file lists it")
