"""Reads CBIS-DDSM: tables of abnormalities, and DICOM films and masks. Films are read lazily."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from centre_node.mammography.dicom import read_header, read_pixels
from centre_node.mammography.errors import BadImageError
from centre_node.mammography.found_files import FoundFile
from centre_node.mammography.mammograms import (
    Mammogram,
    Reading,
    Skipped,
    Unplaced,
)
from centre_node.mammography.readers.cbis_files import ImageFiles
from centre_node.mammography.readers.cbis_lesions import Film, with_lesions
from centre_node.mammography.readers.cbis_tables import Abnormality, read_abnormalities
from centre_node.mammography.readers.data_folder import DataFolder, OnFile, unheard
from centre_node.mammography.readers.filtering import filtered, in_several_splits
from centre_node.mammography.readers.gathering import gathered

_Place = tuple[str, str | None, str | None]
"""Patient, breast and view; what is unknown is None."""


def read_cbis_ddsm(folder: Path, where: Mapping[str, str], on_file: OnFile = unheard) -> Reading:
    """Read the tables, of the films the headers, and the masks: a tenth of a second each.

    A film with a mass and a calcification stands in two tables under two names, as two images. They
    become one mammogram with the lesions of both; the lesions of a copy that `where` leaves out
    are excluded tissue. Copies of different sizes stay two. A film shows an abnormality always,
    so where the place of one is not known, as its mask is of no use or of a copy of another size,
    or as its row or its own copy of the film cannot be read, the whole image is excluded: no
    healthy patch comes from it.

    The official splits of masses and of calcifications were made apart, so that a patient may be in
    train with the one and in test with the other: with `split` such patients are counted.

    Args:
        where: Keeps the images with these labels: `split` (train or test), `abnormality_type` (mass
            or calcification), `laterality` and `view`.

    Raises:
        BadMammogramsError: The folder or its tables are missing or of no use, or nothing is left.
    """
    files = DataFolder(folder, on_file)
    images = ImageFiles(files)
    skipped: list[Skipped] = []
    lost: dict[_Place, list[Unplaced]] = defaultdict(list)
    films = _films(read_abnormalities(files), images, folder, lost)
    skipped += [record for records in lost.values() for record in records]
    kept = filtered((film.mammogram for film in films), where, folder) if films else ()
    skipped += in_several_splits(
        ((f.mammogram.patient_id, f.mammogram.labels) for f in films), where
    )
    wanted = {mammogram.image_id for mammogram in kept}
    breasts = [
        copies
        for copies in _copies(films)
        if any(film.mammogram.image_id in wanted for film in copies)
    ]
    mammograms = [
        mammogram.annotated(_lost_near(mammogram, lost))
        for copies in with_lesions(breasts, images, skipped)
        for mammogram in _joined(copies, wanted, skipped)
    ]
    return gathered(folder, mammograms, {}, skipped, expected="the images that its tables name")


def _films(
    rows: Sequence[Abnormality],
    images: ImageFiles,
    folder: Path,
    lost: dict[_Place, list[Unplaced]],
) -> list[Film]:
    """Return the films that can be read; the abnormalities of the others are lost somewhere."""
    by_image: dict[str | None, list[Abnormality]] = defaultdict(list)
    for row in rows:
        by_image[row.image].append(row)
    for row in by_image.pop(None, []):
        reason = "it has no path of an image inside the folder"
        lost[_place(row)].append(Unplaced(row.record, reason))
    films = []
    for shown in by_image.values():
        film = _film(shown, images.image(shown[0]), folder)
        if isinstance(film, str):
            lost[_place(shown[0])].append(Unplaced(shown[0].record, film))
        else:
            films.append(film)
    return films


def _place(row: Abnormality) -> _Place:
    return row.cells["patient_id"], row.laterality, row.view


def _lost_near(
    mammogram: Mammogram, lost: Mapping[_Place, Sequence[Unplaced]]
) -> Iterator[Unplaced]:
    """Yield what was lost of the same view: it may show in this copy; an unknown view may be it."""
    for (patient, side, view), records in lost.items():
        is_side = None in (side, mammogram.laterality) or side == mammogram.laterality
        is_view = None in (view, mammogram.view) or view == mammogram.view
        if patient == mammogram.patient_id and is_side and is_view:
            yield from records


def _film(rows: Sequence[Abnormality], path: Path | str, folder: Path) -> Film | str:
    """Return a film, or as text why there is none."""
    first = rows[0]
    if isinstance(path, str):
        return path
    try:
        header = read_header(path)
    except BadImageError as error:
        return error.reason
    labels = {
        "split": first.split,
        "abnormality_type": first.kind,
        "laterality": first.laterality,
        "view": first.view,
    }
    name = path.relative_to(folder).as_posix()
    mammogram = Mammogram(
        image_id=str(first.image),
        patient_id=first.cells["patient_id"],
        width=header.width,
        height=header.height,
        load=partial(read_pixels, path, header.width, header.height),
        file=FoundFile.at(path, name),
        laterality=first.laterality,
        view=first.view,
        density=next((row.density for row in rows if row.density is not None), None),
        pixel_spacing_mm=header.pixel_spacing_mm,
        labels={key: value for key, value in labels.items() if value is not None},
    )
    return Film(mammogram, tuple(rows))


def _copies(films: Sequence[Film]) -> list[list[Film]]:
    """Group the films that show the same view of the same breast of a patient."""
    views: dict[tuple[str, ...], list[Film]] = defaultdict(list)
    for film in films:
        mammogram = film.mammogram
        if mammogram.laterality is None or mammogram.view is None:
            views[(mammogram.image_id,)].append(film)
        else:
            views[mammogram.patient_id, mammogram.laterality, mammogram.view].append(film)
    return list(views.values())


def _joined(
    copies: Sequence[Film], wanted: set[str], skipped: list[Skipped]
) -> Iterator[Mammogram]:
    """Yield a mammogram for each size among the copies of one, in which some copy is wanted."""
    sizes = dict.fromkeys(film.size for film in copies)
    for size in sizes:
        alike = [film for film in copies if film.size == size]
        kept = [film for film in alike if film.mammogram.image_id in wanted]
        others = [film for film in alike if film.mammogram.image_id not in wanted]
        reason = "its image is a copy of another, which has its lesions now"
        skipped += [Skipped(film.rows[0].record, reason) for film in kept[1:]]
        if kept:
            mammogram = _one(kept, others)
            if len(sizes) > 1:
                reason = "a copy of its image has another size: no healthy patch is cut"
                doubt = Unplaced(kept[0].rows[0].record, reason)
                mammogram = mammogram.annotated([doubt])
            yield mammogram


def _one(kept: Sequence[Film], others: Sequence[Film]) -> Mammogram:
    images = [film.mammogram for film in kept]
    unwanted = [film.mammogram for film in others]
    return replace(
        images[0],
        density=next((image.density for image in images if image.density is not None), None),
        lesions=tuple(lesion for image in images for lesion in image.lesions),
        excluded=tuple(lesion.box for image in unwanted for lesion in image.lesions),
        unplaced=tuple(lost for image in (*images, *unwanted) for lost in image.unplaced),
        labels=_labels(images),
    )


def _labels(images: Sequence[Mammogram]) -> dict[str, str]:
    """Return labels; where copies differ, both values."""
    values: dict[str, list[str]] = defaultdict(list)
    for image in images:
        for name, value in image.labels.items():
            values[name].append(value)
    return {name: " and ".join(dict.fromkeys(several)) for name, several in values.items()}
