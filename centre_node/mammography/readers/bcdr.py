"""Reads BCDR: 8-bit TIFF images, outlines and tables of one or several sub data sets, lazily."""

import filecmp
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path

from centre_node.mammography.errors import BadImageError
from centre_node.mammography.found_files import FoundFile
from centre_node.mammography.mammograms import Mammogram, Reading, Skipped, Unplaced
from centre_node.mammography.rasters import raster_size, read_raster
from centre_node.mammography.readers.bcdr_lesions import MALIGN, findings_of
from centre_node.mammography.readers.bcdr_tables import (
    Record,
    Side,
    find_subsets,
    read_records,
)
from centre_node.mammography.readers.data_folder import DataFolder, OnFile, unheard
from centre_node.mammography.readers.gathering import gathered
from centre_node.mammography.readers.values import density_of, known
from shared.counts import counted

_OPEN = "nothing is outlined in it, but it may not be healthy; no healthy patch is cut there"


def read_bcdr(folder: Path, where: Mapping[str, str], on_file: OnFile = unheard) -> Reading:
    """Read the tables of a folder's sub data sets; of the images the headers only, until loaded.

    A lesion that was segmented several times on an image is one with several contours. Nodules
    are masses, also where they hold calcifications. A patient's number counts for the whole
    repository: the same patient may be in several sub data sets, and two who only share a number
    are kept together, which hurts no split.

    Of images with nothing outlined, only these are taken for healthy: normals (N and DN), and
    images of a breast in which nothing is outlined while something is in the patient's other one.
    In all others (the second view of a lesion, a patient none of whose lesions is outlined) and
    where an outline cannot be read, the whole image is excluded: no healthy patch comes from it.

    Args:
        where: Keeps the images with these labels: `set` such as F01, `classification` (Benign, or
            Malign where one lesion is), and `mammography_type`, as in the table.

    Raises:
        BadMammogramsError: The folder or a table is missing or of no use, or nothing is left.
    """
    files = DataFolder(folder, on_file)
    skipped: list[Skipped] = []
    records = [
        record for subset in find_subsets(files) for record in read_records(subset, files, skipped)
    ]
    outlined = _outlined_sides(records)
    present = [record for record in records if _is_usable(record, skipped)]
    read = [_mammogram(record, outlined, skipped) for record in _once(present, skipped)]
    mammograms = [mammogram for mammogram in read if mammogram is not None]
    expected = f"the {counted(len(records), 'image')} that its tables name"
    return gathered(folder, mammograms, where, skipped, expected=expected)


def _outlined_sides(records: Sequence[Record]) -> dict[str, set[Side | None]]:
    """Return the breasts of each patient in which something is outlined; None is one unknown."""
    sides: dict[str, set[Side | None]] = defaultdict(set)
    for record in records:
        if record.outlines:
            for patient in record.patient_ids:
                sides[patient].add(_side_and_view(record)[0])
    return sides


def _side_and_view(record: Record) -> tuple[Side | None, str | None]:
    """Return what all tables agree on."""
    views = record.views()
    sides = {side for side, _ in views}
    names = {view for _, view in views}
    return (
        sides.pop() if len(sides) == 1 else None,
        names.pop() if len(names) == 1 else None,
    )


def _is_usable(record: Record, skipped: list[Skipped]) -> bool:
    reason = _fault(record)
    if reason is not None:
        skipped.append(Skipped(record.name, reason))
    return reason is None


def _fault(record: Record) -> str | None:
    if "" in record.patient_ids:
        return "it has no patient_id"
    if len(record.patient_ids) > 1:
        return "its rows name different patients"
    return record.found if isinstance(record.found, str) else None


def _once(records: Sequence[Record], skipped: list[Skipped]) -> list[Record]:
    """Leave out copies: sub data sets share images, whose names and bytes are then the same.

    Of copies, one with outlines is kept.
    """
    kept: dict[str, list[Record]] = defaultdict(list)
    for record in sorted(records, key=lambda record: not record.outlines):
        alike = kept[record.path.name]
        original = next((other for other in alike if _is_copy(record.path, other.path)), None)
        if original is not None:
            original.copies.append(record)
            reason = "its image is a copy of another; one of them is read"
            skipped.append(Skipped(record.name, reason))
        else:
            alike.append(record)
    chosen = {id(record) for alike in kept.values() for record in alike}
    return [record for record in records if id(record) in chosen]


def _is_copy(path: Path, other: Path) -> bool:
    try:
        return filecmp.cmp(path, other, shallow=False)
    except OSError:
        return False  # it cannot be read, which is told where its size is


def _mammogram(
    record: Record, outlined: Mapping[str, set[Side | None]], skipped: list[Skipped]
) -> Mammogram | None:
    try:
        width, height = raster_size(record.path)
    except BadImageError as error:
        skipped.append(Skipped(record.name, error.reason))
        return None
    is_open = not record.outlines and not _is_healthy(record, outlined)
    skipped += [Skipped(record.name, reason) for reason in _doubts(record)]
    laterality, view = _side_and_view(record)
    place = f"{record.subset.name}/{record.file_name}"
    mammogram = Mammogram(
        image_id=place,
        patient_id=min(record.patient_ids),
        width=width,
        height=height,
        load=partial(read_raster, record.path, width, height),
        file=FoundFile.at(record.path, place),
        laterality=laterality,
        view=view,
        density=density_of(record.first("density")),
        labels=_labels(record),
    ).annotated([Unplaced(record.name, _OPEN)] if is_open else [])
    return mammogram.annotated(findings_of(record, mammogram, skipped))


def _is_healthy(record: Record, outlined: Mapping[str, set[Side | None]]) -> bool:
    """Tell whether an image with nothing outlined shows a healthy breast."""
    side, _ = _side_and_view(record)
    sides = outlined.get(min(record.patient_ids), set())
    is_other_breast = bool(sides) and sides.isdisjoint({None, side})
    return record.subset.holds_normals or (side is not None and is_other_breast)


def _doubts(record: Record) -> Iterator[str]:
    """Yield what is wrong with what the tables say of an image."""
    if len(record.views()) > 1:
        yield "its rows disagree on its view"
    elif not record.views():
        yield "its view is none of RCC, LCC, RO and LO; it is read as unknown"
    if record.first("density") and density_of(record.first("density")) is None:
        yield "its density is not 1 to 4; it is read as unknown"


def _labels(record: Record) -> dict[str, str]:
    classes = sorted(known(row.get("classification", "")) for row in record.outlines.values())
    malign = [name for name in classes if name.lower() == MALIGN]
    labels = {
        "set": record.subset.name,
        "classification": (malign or classes or [""])[-1],
        "mammography_type": record.first("mammography_type"),
    }
    return {key: value for key, value in labels.items() if value}
