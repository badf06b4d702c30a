"""From the masks of CBIS-DDSM to the lesions of its films."""

import os
from collections import defaultdict
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import islice

from centre_node.mammography.boxes import Box, enclosing
from centre_node.mammography.errors import BadImageError
from centre_node.mammography.mammograms import (
    Contour,
    Finding,
    Lesion,
    Mammogram,
    Skipped,
    Unplaced,
)
from centre_node.mammography.readers.cbis_files import ImageFiles
from centre_node.mammography.readers.cbis_tables import Abnormality

_MOST_MASKS_AT_ONCE = 4

Outline = tuple[Box, tuple[Contour, ...]]


@dataclass(frozen=True, slots=True)
class Film:
    """A mammogram as one table names it.

    Attributes:
        mammogram: Without lesions, until the masks are read.
    """

    mammogram: Mammogram
    rows: tuple[Abnormality, ...]

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        return self.mammogram.width, self.mammogram.height


def with_lesions(
    breasts: Sequence[Sequence[Film]], images: ImageFiles, skipped: list[Skipped]
) -> Iterator[list[Film]]:
    """Yield each group with its lesions, whose masks are decoded a few at a time."""
    tasks = [(row, *film.size) for films in breasts for film in films for row in film.rows]
    workers = min(_MOST_MASKS_AT_ONCE, os.cpu_count() or 1)
    with ThreadPoolExecutor(workers) as pool:
        outlines = pool.map(lambda task: _outline(images, *task), tasks)
        for films in breasts:
            yield [
                _outlined(film, list(islice(outlines, len(film.rows))), skipped) for film in films
            ]


def _outline(images: ImageFiles, row: Abnormality, width: int, height: int) -> Outline | str:
    """Return what a row's mask outlines, or as text why there is nothing."""
    # Here, not above: masks need an array library.
    from centre_node.mammography.readers.masks import read_outlines

    masks, fault = images.masks(row, width, height)
    for mask in masks:
        with suppress(BadImageError):  # a crop, or of no use: then the next, else the fault is told
            return read_outlines(mask, width, height)
    return fault


def _outlined(film: Film, outlines: Sequence[Outline | str], skipped: list[Skipped]) -> Film:
    found: dict[str, list[tuple[Abnormality, Outline]]] = defaultdict(list)
    unplaced: list[Unplaced] = []
    for row, outline in zip(film.rows, outlines, strict=True):
        if isinstance(outline, str):
            unplaced.append(Unplaced(row.record, f"{outline}: no healthy patch is cut"))
        else:
            found[row.cells["abnormality id"] or row.record].append((row, outline))
    skipped += unplaced
    findings: list[Finding] = [*map(_lesion, found.values()), *unplaced]
    return replace(film, mammogram=film.mammogram.annotated(findings))


def _lesion(regions: Sequence[tuple[Abnormality, Outline]]) -> Lesion:
    row = regions[0][0]
    return Lesion(
        box=enclosing([box for _, (box, _) in regions]),
        kind=row.kind,
        contours=tuple(contour for _, (_, contours) in regions for contour in contours),
        pathology=row.cells["pathology"].lower() or None,
        birads=row.cells["assessment"] or None,
    )
