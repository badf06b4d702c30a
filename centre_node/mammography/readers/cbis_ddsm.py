"""Reads CBIS-DDSM: tables of abnormalities, and DICOM films and masks. Films are read lazily."""

import os
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice
from pathlib import Path

from centre_node.mammography.boxes import Box, enclosing
from centre_node.mammography.dicom import read_header, read_pixels
from centre_node.mammography.errors import BadImageError, BadMammogramsError
from centre_node.mammography.mammograms import Contour, Lesion, Mammogram, Reading, Skipped
from centre_node.mammography.readers.cbis_tables import (
    Abnormality,
    ImageFiles,
    read_abnormalities,
)
from centre_node.mammography.readers.filtering import filtered

_MOST_MASKS_AT_ONCE = 4

Outline = tuple[Box, tuple[Contour, ...]]


@dataclass(frozen=True, slots=True)
class _Film:
    """A mammogram as one table names it.

    Attributes:
        mammogram: Without lesions, until the masks are read.
        is_complete: The place of every abnormality is known.
    """

    mammogram: Mammogram
    rows: tuple[Abnormality, ...]
    is_complete: bool = False

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        return self.mammogram.width, self.mammogram.height


def read_cbis_ddsm(folder: Path, where: Mapping[str, str]) -> Reading:
    """Read the tables, of the films the headers, and the masks: a tenth of a second each.

    A film with a mass and a calcification stands in two tables under two names, as two images. They
    become one mammogram with the lesions of both; the lesions of a copy that `where` leaves out
    are excluded tissue. Copies of different sizes stay two. A film shows an abnormality always,
    so where the place of one is not known, as its mask is of no use or of a copy of another size,
    the whole image is excluded: no healthy patch comes from it.

    Args:
        where: Keeps the images with these labels: `split` (train or test), `abnormality_type` (mass
            or calcification), `laterality` and `view`.

    Raises:
        BadMammogramsError: The folder or its tables are missing or of no use, or nothing is left.
    """
    if not folder.is_dir():
        raise BadMammogramsError(f"there is no folder {folder}")
    skipped: list[Skipped] = []
    files = ImageFiles(folder)
    films = _films(read_abnormalities(folder, skipped), files, folder, skipped)
    if not films:
        raise BadMammogramsError(
            f"{folder} has none of the images that its tables name, or none that can be read"
        )
    kept = filtered((film.mammogram for film in films), where, folder)
    wanted = {mammogram.image_id for mammogram in kept}
    breasts = [
        copies
        for copies in _copies(films)
        if any(film.mammogram.image_id in wanted for film in copies)
    ]
    mammograms = [
        mammogram
        for copies in _with_lesions(breasts, files, skipped)
        for mammogram in _joined(copies, wanted, skipped)
    ]
    return Reading(folder.resolve().name, tuple(mammograms), tuple(skipped))


def _films(
    rows: Sequence[Abnormality], files: ImageFiles, folder: Path, skipped: list[Skipped]
) -> list[_Film]:
    by_image: dict[str, list[Abnormality]] = defaultdict(list)
    for row in rows:
        by_image[row.image].append(row)
    films = []
    for shown in by_image.values():
        film = _film(shown, files.image(shown[0]), folder, skipped)
        if film is not None:
            films.append(film)
    return films


def _film(
    rows: Sequence[Abnormality], path: Path | str, folder: Path, skipped: list[Skipped]
) -> _Film | None:
    first = rows[0]
    if isinstance(path, str):
        skipped.append(Skipped(first.record, path))
        return None
    try:
        header = read_header(path)
    except BadImageError:
        skipped.append(Skipped(first.record, "its image is no DICOM file that can be read"))
        return None
    labels = {
        "split": first.split,
        "abnormality_type": first.kind,
        "laterality": first.laterality,
        "view": first.view,
    }
    status = path.stat()
    name = path.relative_to(folder).as_posix()
    mammogram = Mammogram(
        image_id=first.image,
        patient_id=first.cells["patient_id"],
        width=header.width,
        height=header.height,
        load=partial(read_pixels, path, header.width, header.height),
        fingerprint=f"{name} {status.st_size} {status.st_mtime_ns}",
        laterality=first.laterality,
        view=first.view,
        density=next((row.density for row in rows if row.density is not None), None),
        pixel_spacing_mm=header.pixel_spacing_mm,
        labels={key: value for key, value in labels.items() if value is not None},
    )
    return _Film(mammogram, tuple(rows))


def _copies(films: Sequence[_Film]) -> list[list[_Film]]:
    """Group the films that show the same view of the same breast of a patient."""
    views: dict[tuple[str, ...], list[_Film]] = defaultdict(list)
    for film in films:
        mammogram = film.mammogram
        if mammogram.laterality is None or mammogram.view is None:
            views[(mammogram.image_id,)].append(film)
        else:
            views[mammogram.patient_id, mammogram.laterality, mammogram.view].append(film)
    return list(views.values())


def _with_lesions(
    breasts: Sequence[Sequence[_Film]], files: ImageFiles, skipped: list[Skipped]
) -> Iterator[list[_Film]]:
    """Yield each group with its lesions, whose masks are decoded a few at a time."""
    tasks = [(row, *film.size) for films in breasts for film in films for row in film.rows]
    workers = min(_MOST_MASKS_AT_ONCE, os.cpu_count() or 1)
    with ThreadPoolExecutor(workers) as pool:
        outlines = pool.map(lambda task: _outline(files, *task), tasks)
        for films in breasts:
            yield [
                _outlined(film, list(islice(outlines, len(film.rows))), skipped) for film in films
            ]


def _outline(files: ImageFiles, row: Abnormality, width: int, height: int) -> Outline | str:
    """Return what a row's mask outlines, or as text why there is nothing."""
    # Here, not above: masks need an array library.
    from centre_node.mammography.readers.masks import read_outlines

    mask = files.mask(row, width, height)
    if isinstance(mask, str):
        return mask
    try:
        return read_outlines(mask, width, height)
    except BadImageError:
        return "its mask is empty or cannot be decoded"


def _outlined(film: _Film, outlines: Sequence[Outline | str], skipped: list[Skipped]) -> _Film:
    found: dict[str, list[tuple[Abnormality, Outline]]] = defaultdict(list)
    for row, outline in zip(film.rows, outlines, strict=True):
        if isinstance(outline, str):
            reason = f"{outline}: no healthy patch is cut"
            skipped.append(Skipped(row.record, reason))
        else:
            found[row.cells["abnormality id"] or row.record].append((row, outline))
    lesions = tuple(map(_lesion, found.values()))
    is_complete = not any(isinstance(outline, str) for outline in outlines)
    return replace(
        film, mammogram=replace(film.mammogram, lesions=lesions), is_complete=is_complete
    )


def _lesion(regions: Sequence[tuple[Abnormality, Outline]]) -> Lesion:
    row = regions[0][0]
    return Lesion(
        box=enclosing([box for _, (box, _) in regions]),
        kind=row.kind,
        contours=tuple(contour for _, (_, contours) in regions for contour in contours),
        pathology=row.cells["pathology"].lower() or None,
        birads=row.cells["assessment"] or None,
    )


def _joined(
    copies: Sequence[_Film], wanted: set[str], skipped: list[Skipped]
) -> Iterator[Mammogram]:
    """Yield a mammogram for each size among the copies of one, in which some copy is wanted."""
    sizes = dict.fromkeys(film.size for film in copies)
    is_known = len(sizes) == 1 and all(film.is_complete for film in copies)
    for size in sizes:
        alike = [film for film in copies if film.size == size]
        kept = [film for film in alike if film.mammogram.image_id in wanted]
        others = [film for film in alike if film.mammogram.image_id not in wanted]
        reason = "its image is a copy of another, which has its lesions now"
        skipped += [Skipped(film.rows[0].record, reason) for film in kept[1:]]
        if kept and len(sizes) > 1:
            reason = "a copy of its image has another size: no healthy patch is cut"
            skipped.append(Skipped(kept[0].rows[0].record, reason))
        if kept:
            yield _one(kept, others, is_known=is_known)


def _one(kept: Sequence[_Film], others: Sequence[_Film], *, is_known: bool) -> Mammogram:
    images = [film.mammogram for film in kept]
    first = images[0]
    unwanted = [lesion.box for film in others for lesion in film.mammogram.lesions]
    everything = [] if is_known else [Box(0, 0, first.width, first.height)]
    return replace(
        first,
        density=next((image.density for image in images if image.density is not None), None),
        lesions=tuple(lesion for image in images for lesion in image.lesions),
        excluded=(*unwanted, *everything),
        labels=_labels(images),
    )


def _labels(images: Sequence[Mammogram]) -> dict[str, str]:
    """Return labels; where copies differ, both values."""
    values: dict[str, list[str]] = defaultdict(list)
    for image in images:
        for name, value in image.labels.items():
            values[name].append(value)
    return {name: " and ".join(dict.fromkeys(several)) for name, several in values.items()}
