"""What a centre's staff see of a data set and its patches: counts and no more."""

from pydantic import Field

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


class Counted(StrictModel):
    """What a process that counts a data set tells: the counts, or why there are none."""

    summary: DatasetSummary | None = None
    problem: str | None = None


class SubsetBalance(StrictModel):
    """What a subset of a split holds. Densities are shares of its images, 0 to 1; unknown ones too.

    Attributes:
        lesions: By kind.
        pathologies: Lesions by pathology, where a study's classes are those; else empty.
    """

    subset: str
    patients: int
    share_of_patients: float
    images: int
    images_with_lesions: int
    lesions: dict[str, int]
    densities: dict[str, float]
    pathologies: dict[str, int] = Field(default_factory=dict, exclude_if=lambda found: not found)


class ShortcutReport(StrictModel):
    """AUROC of a logistic regression on what no classifier should need; None for one class only.

    Near 0.5 there is no shortcut. Lesions are brighter than most tissue, so `mean` may tell
    something true; `sharpness` and `size` speak of how patches were cut, but for malignant
    lesions, which are the larger ones.

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
