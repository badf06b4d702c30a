"""What a centre's staff see of a data set and its patches: counts and no more. Light."""

import statistics
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

from pydantic import Field

from centre_node.mammography.mammograms import SPLIT_LABELS, Mammogram, Reading
from shared.models import StrictModel

Quartiles = tuple[float, float, float]


class LesionSummary(StrictModel):
    """The lesions of one kind. Sizes are quartiles of the larger side of their boxes.

    Attributes:
        side_mm: Over the lesions whose image has a pixel spacing; None where none has.
    """

    count: int
    side_px: Quartiles
    side_mm: Quartiles | None


class DatasetSummary(StrictModel):
    """Counts over the mammograms that were read; an unknown value counts as "unknown".

    Attributes:
        single_point_lesions: Those of one pixel, as where each calcification is marked by itself.
        patients_in_several_splits: Those whom the data set's own splits do not keep apart.
        notes: What a reader that had to guess took the folder for; not written where it is empty.
    """

    images: int
    patients: int
    patients_in_several_splits: int = 0
    views: dict[str, int]
    lateralities: dict[str, int]
    densities: dict[str, int]
    lesions: int
    single_point_lesions: int = 0
    kinds: dict[str, int]
    pathologies: dict[str, int]
    sizes: dict[str, LesionSummary]
    pixel_spacings_mm: dict[str, int]
    excluded_regions: int
    images_without_annotation: int
    skipped: dict[str, int]
    notes: tuple[str, ...] = Field((), exclude_if=lambda notes: not notes)


class SubsetBalance(StrictModel):
    """What a subset of a split holds. Densities are shares of its images, 0 to 1; unknown ones too.

    Attributes:
        lesions: By kind.
    """

    subset: str
    patients: int
    share_of_patients: float
    images: int
    images_with_lesions: int
    lesions: dict[str, int]
    densities: dict[str, float]


class ShortcutReport(StrictModel):
    """AUROC of a logistic regression on what no classifier should need; None for one class only.

    Near 0.5 there is no shortcut. Lesions are brighter than most tissue, so `mean` may tell
    something true; `sharpness` and `size` speak of how patches were cut.

    Attributes:
        auroc: Of all three features together.
        sharpness, mean, size: Of each alone.
        n_test: Patches that it is measured on; the regression is fitted on others.
    """

    auroc: float | None
    sharpness: float | None
    mean: float | None
    size: float | None
    n_test: int

    def in_words(self) -> str:
        """Say what was found in one line."""
        if self.auroc is None:
            return "shortcut AUROC: not defined, for there is one class only"
        return (
            f"shortcut AUROC {self.auroc:.2f} on {self.n_test} patches "
            f"(sharpness alone {self.sharpness:.2f}, mean {self.mean:.2f}, size {self.size:.2f})"
        )


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
        images_without_annotation=sum(not image.lesions and not image.excluded for image in images),
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
