"""What the rows of an image say of it as a whole: side, view, density, spacing and labels."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Literal, TypeVar

from centre_node.mammography.mammograms import Mammogram, Skipped
from centre_node.mammography.readers.table_fields import MEANINGS, Field
from centre_node.mammography.readers.table_file import Row
from centre_node.mammography.readers.table_values import density, side, spacing_mm, view

Value = TypeVar("Value")

OTHER_SIDE = "its row and its DICOM header disagree on the side; the row is believed"


def with_facts(
    image: Mammogram, rows: Sequence[Row], labels: Mapping[str, int], skipped: list[Skipped]
) -> Mammogram:
    """Return an image with what its rows say; they are believed before a DICOM header.

    Args:
        labels: Columns that become labels, where all rows of the image have the same cell.
        skipped: Gets what is not understood.
    """
    laterality: Literal["L", "R"] | None = _agreed(image, rows, "laterality", side, skipped)
    if laterality and image.laterality and laterality != image.laterality:
        skipped.append(Skipped(image.image_id, OTHER_SIDE))
    spacing = _agreed(image, rows, "spacing", spacing_mm, skipped)
    cells = {name: {row.at(place) for row in rows} for name, place in labels.items()}
    told = replace(
        image,
        laterality=laterality or image.laterality,
        view=_agreed(image, rows, "view", view, skipped) or image.view,
        density=_agreed(image, rows, "density", density, skipped),
        pixel_spacing_mm=spacing or image.pixel_spacing_mm,
        labels={
            name: found.pop()
            for name, found in cells.items()
            if len(found - {""}) == len(found) == 1
        },
    )
    return with_labels(told)


def with_labels(image: Mammogram) -> Mammogram:
    """Return an image that can be filtered by its side, view and density too."""
    known = {"laterality": image.laterality, "view": image.view, "density": image.density}
    labels = {name: str(value) for name, value in known.items() if value is not None}
    return replace(image, labels={**image.labels, **labels})


def _agreed(
    image: Mammogram,
    rows: Sequence[Row],
    field: Field,
    meaning: Callable[[str], Value | None],
    skipped: list[Skipped],
) -> Value | None:
    """Return what the rows of an image say in a field; None where they differ or say nothing."""
    said = {meaning(cell) for row in rows if (cell := row.text(field))}
    if len(said) == 1 and None not in said:
        return said.pop()
    if said:
        how = "is none that is known" if said == {None} else "differs from row to row"
        reason = f"{MEANINGS[field]} {how}; it is read as unknown"
        skipped.append(Skipped(image.image_id, reason))
    return None
