"""Errors of mammograms, patches and how they are cut."""

from centre_node.errors import NodeError

OTHER_KINDS = (
    "Check the lesion kinds (--kinds, lesion_kinds): genshare data inspect says which there are."
)
"""What to do where no lesion is of the wanted kinds."""


class BadMammogramsError(
    NodeError,
    code="GS-3101",
    title="Mammograms unreadable",
    hint="Check the folder's path; docs/data.md says what each data set's folder must hold.",
):
    """A folder of mammograms is missing or its annotations cannot be used."""


APART = "Take the patients out of one of the two, or leave out the arms that need it."


class NothingCutError(
    BadMammogramsError,
    code="GS-3108",
    title="Nothing cut",
    hint="Where images have no pixel spacing, give lengths in pixels (margin_px, smallest_side_px, "
    "--margin-px, --smallest-side-px; of a donor in donor_cuttings), or add pixel_spacing_mm to "
    "their data set's table or COCO records; genshare data inspect says what they hold.",
):
    """Not one patch could be cut from mammograms that can be read.

    Attributes:
        field: Path of the request's field that asks for what cannot be; "" where none does.
    """

    def __init__(self, *sentence: object, hint: str | None = None, field: str = "") -> None:
        super().__init__(*sentence, hint=hint)
        self.field = field


class BadImageError(
    NodeError,
    code="GS-3102",
    title="Image unreadable",
    hint="Replace the file, or take its record out of the data set's tables.",
):
    """One image file cannot be decoded.

    Attributes:
        reason: Why, in words that name no file and that images share, so that they can be counted.
    """

    def __init__(self, message: str, *, reason: str = "image cannot be read") -> None:
        super().__init__(message)
        self.reason = reason


class NotEnoughPatientsError(
    NodeError,
    code="GS-3103",
    title="Not enough patients",
    hint="Use more patients, or fewer or larger subsets.",
):
    """Fewer patients than a split or a training set needs."""


class OneClassOnlyError(
    NodeError,
    code="GS-3104",
    title="One class only",
    hint="Check the lesion kinds and, in a study, healthy_from and task: patches are missing.",
):
    """A subset would hold patches of one class only: lesions or healthy, malignant or benign."""


class PatchDoesNotFitError(
    NodeError,
    code="GS-3105",
    title="Patch does not fit",
    hint="Lower margin_px or smallest_side_px to suit the images' resolution.",
):
    """A square is larger than its image."""


class NotEnoughTissueError(
    NodeError,
    code="GS-3106",
    title="Not enough healthy tissue",
    hint="Ask for fewer healthy patches, or set healthy_from (--healthy-from) to all_mammograms.",
):
    """Fewer healthy patches could be placed than were asked for."""


class PatchStoreError(
    NodeError,
    code="GS-3107",
    title="Stored patches unusable",
    hint="Remove the folder, or choose another; patches are cut again.",
):
    """A folder of stored patches is damaged, or holds something else."""
