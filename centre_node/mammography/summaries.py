"""Counts of a data set: what a centre's staff see of it."""

import statistics
from collections import Counter
from collections.abc import Iterable, Sequence

from pydantic import Field

from centre_node.mammography.mammograms import Reading
from shared.models import StrictModel


class DatasetSummary(StrictModel):
    """Counts over the mammograms that were read; an unknown value counts as "unknown"."""

    images: int
    patients: int
    views: dict[str, int]
    lateralities: dict[str, int]
    densities: dict[str, int]
    lesions: int
    kinds: dict[str, int]
    pathologies: dict[str, int]
    lesion_side_quartiles_px: tuple[float, float, float] | None = Field(
        None, description="Of the larger side of each lesion's box; None under 2 lesions."
    )
    excluded_regions: int
    images_without_annotation: int
    skipped: dict[str, int]


def summary(reading: Reading) -> DatasetSummary:
    """Count what a reader found."""
    images = reading.mammograms
    lesions = [lesion for image in images for lesion in image.lesions]
    return DatasetSummary(
        images=len(images),
        patients=len({image.patient_id for image in images}),
        views=_counted(image.view for image in images),
        lateralities=_counted(image.laterality for image in images),
        densities=_counted(image.density for image in images),
        lesions=len(lesions),
        kinds=_counted(lesion.kind for lesion in lesions),
        pathologies=_counted(lesion.pathology for lesion in lesions),
        lesion_side_quartiles_px=_quartiles([lesion.box.larger_side for lesion in lesions]),
        excluded_regions=sum(len(image.excluded) for image in images),
        images_without_annotation=sum(not image.lesions and not image.excluded for image in images),
        skipped=_counted(skipped.reason for skipped in reading.skipped),
    )


def _counted(values: Iterable[object]) -> dict[str, int]:
    counts = Counter("unknown" if value is None else str(value) for value in values)
    return dict(sorted(counts.items()))


def _quartiles(sides: Sequence[int]) -> tuple[float, float, float] | None:
    if len(sides) < 2:
        return None
    low, median, high = statistics.quantiles(sides, n=4, method="inclusive")
    return low, median, high
