"""Counts what a data set holds."""

import statistics
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

from centre_node.mammography.mammograms import SPLIT_LABELS, Mammogram, Reading
from node_api.summaries import DatasetSummary, LesionSummary, Quartiles


def summary(reading: Reading) -> DatasetSummary:
    """Count what a reader found."""
    images = reading.mammograms
    lesions = [lesion for image in images for lesion in image.lesions]
    return DatasetSummary(
        images=len(images),
        patients=len({image.patient_id for image in images}),
        patients_in_several_splits=_in_several_splits(images),
        views=_counted(image.view for image in images),
        lateralities=_counted(image.laterality for image in images),
        densities=_counted(image.density for image in images),
        lesions=len(lesions),
        single_point_lesions=sum(lesion.box.larger_side == 1 for lesion in lesions),
        kinds=_counted(lesion.kind for lesion in lesions),
        pathologies=_counted(lesion.pathology for lesion in lesions),
        sizes={kind: _lesion_summary(kind, images) for kind in sorted({le.kind for le in lesions})},
        pixel_spacings_mm=_counted(
            None if image.pixel_spacing_mm is None else f"{image.pixel_spacing_mm:.4g}"
            for image in images
        ),
        excluded_regions=sum(len(image.excluded) for image in images),
        images_without_annotation=sum(image.is_free for image in images),
        skipped=_counted(skipped.reason for skipped in reading.skipped),
        notes=reading.notes,
    )


def _in_several_splits(images: Sequence[Mammogram]) -> int:
    splits: dict[tuple[str, str], set[str]] = defaultdict(set)
    for image in images:
        for label in SPLIT_LABELS & image.labels.keys():
            # One image may be in two: a film that two tables name.
            splits[image.patient_id, label].update(image.labels[label].split(" and "))
    return len({patient for (patient, _), names in splits.items() if len(names) > 1})


def _counted(values: Iterable[object]) -> dict[str, int]:
    counts = Counter("unknown" if value is None else str(value) for value in values)
    return dict(sorted(counts.items()))


def _lesion_summary(kind: str, images: Sequence[Mammogram]) -> LesionSummary:
    sides = [
        (lesion.box.larger_side, image.pixel_spacing_mm)
        for image in images
        for lesion in image.lesions
        if lesion.kind == kind
    ]
    in_mm = [side * spacing for side, spacing in sides if spacing is not None]
    return LesionSummary(
        count=len(sides),
        side_px=_quartiles([side for side, _ in sides]),
        side_mm=_quartiles(in_mm) if in_mm else None,
    )


def _quartiles(values: Sequence[float]) -> Quartiles:
    if len(values) == 1:
        return (values[0],) * 3
    low, median, high = statistics.quantiles(values, n=4, method="inclusive")
    return low, median, high
