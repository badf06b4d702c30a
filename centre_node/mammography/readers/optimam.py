"""Reads OPTIMAM (OMI-DB): a JSON file of marks for each client, and DICOM images, lazily."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from centre_node.mammography.boxes import Box
from centre_node.mammography.dicom import DicomHeader, read_header, read_pixels
from centre_node.mammography.errors import BadImageError, BadMammogramsError
from centre_node.mammography.mammograms import Mammogram, Reading, Skipped
from centre_node.mammography.readers.dicom_json import ImageFacts, image_facts, read_dicom_json
from centre_node.mammography.readers.filtering import filtered
from centre_node.mammography.readers.imagedb import ListedImage, imagedb_files, listed_images
from centre_node.mammography.readers.nbss import NO_RECORD, NbssRecord, read_nbss
from centre_node.mammography.readers.optimam_marks import read_lesions

FOR_PRESENTATION = "FOR PRESENTATION"


def read_optimam(folder: Path, where: Mapping[str, str]) -> Reading:
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
    if not folder.is_dir():
        raise BadMammogramsError(f"there is no folder {folder}")
    intent = where.get("presentation_intent", FOR_PRESENTATION)
    skipped: list[Skipped] = []
    mammograms: dict[str, Mammogram] = {}
    listed: set[Path] = set()
    for number, path in enumerate(imagedb_files(folder), start=1):
        record = _record(path, number, skipped)
        for image in listed_images(path, number, skipped):
            listed.add(image.file)
            mammogram = _mammogram(image, record, folder, intent, skipped)
            if mammogram is not None and mammogram.image_id in mammograms:
                skipped.append(Skipped(image.file.name, "it is listed in two studies"))
            elif mammogram is not None:
                mammograms[mammogram.image_id] = mammogram
    skipped += _unlisted(folder, listed)
    if not mammograms:
        raise BadMammogramsError(f"{folder} has no mammogram of use: {_main_reason(skipped)}")
    kept = filtered(mammograms.values(), where, folder)
    return Reading(folder.resolve().name, kept, tuple(skipped))


def _record(imagedb: Path, number: int, skipped: list[Skipped]) -> NbssRecord:
    prefix = "NBSS" if imagedb.name.startswith("IMAGEDB") else "nbss"
    try:
        return read_nbss(imagedb.with_name(f"{prefix}_{imagedb.parent.name}.json"))
    except BadMammogramsError:
        # A number, not its name, which holds the client's id.
        reason = "it is no JSON that can be read; its client's outcome is unknown"
        skipped.append(Skipped(f"nbss file {number}", reason))
        return NO_RECORD


def _mammogram(
    image: ListedImage, record: NbssRecord, folder: Path, intent: str, skipped: list[Skipped]
) -> Mammogram | None:
    path = folder / "images" / image.file
    try:
        header = read_header(path)
    except BadImageError:
        is_there = path.is_file()
        reason = "it is no DICOM file that can be read" if is_there else "its file is missing"
        skipped.append(Skipped(path.name, reason))
        return None
    facts = image_facts(_dicom_json(folder, image, skipped), header)
    fault = _fault(facts, header, intent)
    if fault is not None:
        skipped.append(Skipped(path.name, fault))
        return None
    return _read(image, record, path, header, facts, skipped)


def _dicom_json(folder: Path, image: ListedImage, skipped: list[Skipped]) -> Mapping[str, Any]:
    """Return the elements from the JSON beside an image, or at its place below `data/`."""
    for root in ("images", "data"):
        for ending in (".json", ".dcm.json"):
            path = folder / root / image.file.with_name(image.file.stem + ending)
            if not path.is_file():
                continue
            try:
                return read_dicom_json(path)
            except BadMammogramsError:
                reason = "it is no JSON that can be read; the DICOM header is used"
                skipped.append(Skipped(path.name, reason))
    return {}


def _fault(facts: ImageFacts, header: DicomHeader, intent: str) -> str | None:
    """Return why an image is no mammogram of use."""
    if facts.modality not in ("MG", None):
        return "it is of another modality than mammography"
    if facts.presentation_intent is None:
        return "it does not say whether it is for presentation or for processing"
    if facts.presentation_intent != intent:
        return f"it is not {intent}"
    return "it has several frames" if header.frames > 1 else None


def _read(
    image: ListedImage,
    record: NbssRecord,
    path: Path,
    header: DicomHeader,
    facts: ImageFacts,
    skipped: list[Skipped],
) -> Mammogram:
    width, height = header.width, header.height
    lesions, is_complete = read_lesions(
        image, record, width=width, height=height, side=facts.laterality
    )
    doubt = _doubt(is_complete=is_complete, is_clear=bool(lesions) or record.is_healthy)
    if doubt is not None:
        skipped.append(Skipped(path.name, f"{doubt}: no healthy patch is cut"))
    status = path.stat()
    return Mammogram(
        image_id=path.stem,
        patient_id=image.client,
        width=width,
        height=height,
        load=partial(read_pixels, path, width, height),
        fingerprint=f"images/{image.file.as_posix()} {status.st_size} {status.st_mtime_ns}",
        laterality=facts.laterality,
        view=facts.view,
        pixel_spacing_mm=header.pixel_spacing_mm,
        lesions=lesions,
        excluded=() if doubt is None else (Box(0, 0, width, height),),
        labels=_labels(image, record, facts),
    )


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


def _unlisted(folder: Path, listed: set[Path]) -> Iterator[Skipped]:
    for path in sorted(folder.glob("images/*/*/*.dcm")):
        if path.relative_to(folder / "images") not in listed:
            yield Skipped(path.name, "no imagedb file lists it")


def _main_reason(skipped: Sequence[Skipped]) -> str:
    if not skipped:
        return "its imagedb files list no image"
    ((reason, times),) = Counter(record.reason for record in skipped).most_common(1)
    return f"{len(skipped)} records are left out, {times} of them because {reason}"
