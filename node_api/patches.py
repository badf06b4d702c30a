"""How patches are cut."""

from typing import Literal, Self

from pydantic import BaseModel, Field, ValidationInfo, field_validator, model_validator

from shared.cuttings import Cutting, LesionPosition
from shared.models import LARGEST_SIDE_PX, StrictModel

PAPERS_MARGIN_PX, PAPERS_SMALLEST_SIDE_PX = 60, 128
LEAST_SIDE_PX = 8
"""No patch is asked to be smaller."""

IN_MM = "The same in mm, instead of pixels, for images whose pixel spacing is known."


class Jitter(StrictModel):
    """The random zoom and translation of a training box, in shares of its side.

    Half of the zoom is added to the side; translations are clipped on both sides.

    Source: paper section 2.2, paragraph 3; the numbers are those of its published code.
    """

    zoom_mean: float = Field(
        0.2, ge=-0.9, le=10, description="Average random zoom of a box, as a share of its side."
    )
    zoom_std: float = Field(
        0.33, ge=0, le=10, description="How much the zoom varies: its standard deviation."
    )
    zoom_limit: float = Field(
        0.66, ge=0, le=1, description="Most that a zoom may differ from the average zoom."
    )
    translation_std: float = Field(
        0.25,
        ge=0,
        le=10,
        description="How far a box is shifted, as a share of its side: the standard deviation.",
    )
    translation_limit: float = Field(
        0.33, ge=0, le=1, description="Most that a box is shifted, as a share of its side."
    )


class PatchConfiguration(StrictModel):
    """How boxes become patches. Pixels are those of the mammogram as stored.

    Source: paper section 2.2. `margin_mm`, `smallest_side_mm`, `lesion_position`, `breast_mask`,
    `chest_wall` and `healthy_brightness` are not in the paper.
    """

    margin_px: int = Field(
        PAPERS_MARGIN_PX,
        ge=0,
        le=LARGEST_SIDE_PX,
        description="Tissue that is kept around a lesion's box, in pixels of the mammogram; longer "
        "than every image it is refused when patches are cut.",
    )
    margin_mm: float | None = Field(
        None,
        ge=0,
        description=IN_MM,
    )
    smallest_side_px: int = Field(
        PAPERS_SMALLEST_SIDE_PX,
        ge=LEAST_SIDE_PX,
        le=LARGEST_SIDE_PX,
        description="Least side of a patch in pixels of the mammogram.",
    )
    smallest_side_mm: float | None = Field(
        None,
        gt=0,
        exclude_if=lambda given: given is None,
        description=IN_MM,
    )
    lesion_position: LesionPosition = Field(
        "centred",
        exclude_if=lambda position: position == "centred",
        description="Where in its patch a lesion lies: in the middle, or with anywhere its middle "
        "at a place by chance, as a detector's window meets it, and parts of it may be outside.",
    )
    largest_background_share: float = Field(
        0.4,
        ge=0,
        le=1,
        description="Most of a healthy patch that may be background, as a share of its area.",
    )
    tissue: Literal["threshold", "breast_mask"] = Field(
        "threshold",
        description="What is background: with threshold dark pixels, as in the paper; with "
        "breast_mask all outside the breast, so that view labels and film edges are no tissue.",
    )
    background_level: int = Field(
        10,
        ge=0,
        le=254,
        description="Lightest grey value that still is background, on a scale of 0 (black) to 255.",
    )
    chest_wall: Literal["as_stored", "left"] = Field(
        "as_stored",
        description="With left, images whose chest wall is at the right are mirrored.",
    )
    healthy_from: Literal["healthy_mammograms", "all_mammograms"] = Field(
        "healthy_mammograms",
        description="Where healthy patches are cut: from mammograms with no annotation, or from "
        "all of them, outside every annotation.",
    )
    healthy_brightness: Literal["any", "as_lesions"] = Field(
        "any",
        description="With as_lesions, healthy patches are cut where they are as bright as lesions, "
        "so that brightness does not tell the two apart.",
    )
    jitter: Jitter = Jitter()

    @field_validator("margin_mm", "smallest_side_mm")
    @classmethod
    def _one_unit(cls, mm: float | None, info: ValidationInfo) -> float | None:
        return _in_one_unit(cls, mm, info)

    @property
    def in_mm(self) -> tuple[str, ...]:
        """Names of the lengths that are given in mm, and so need the images' pixel spacing."""
        return tuple(
            name for name in ("margin_mm", "smallest_side_mm") if getattr(self, name) is not None
        )

    @property
    def cutting(self) -> Cutting:
        """Margin and smallest side, each in the unit that counts, and where lesions lie."""
        return Cutting(
            margin_px=self.margin_px if self.margin_mm is None else None,
            margin_mm=self.margin_mm,
            smallest_side_px=self.smallest_side_px if self.smallest_side_mm is None else None,
            smallest_side_mm=self.smallest_side_mm,
            lesion_position=self.lesion_position,
        )


class DonorCutting(StrictModel):
    """What is cut otherwise from a donor's mammograms, as their resolution is another.

    All else, and what is not given here, is as the receiver cuts: tissue, jitter and the rest
    decide nothing about a lesion's square, or must be the same for both.
    """

    margin_px: int | None = Field(
        None,
        ge=0,
        le=LARGEST_SIDE_PX,
        description="Tissue that is kept around a lesion's box, in pixels of the donor's images.",
    )
    margin_mm: float | None = Field(
        None,
        ge=0,
        description=IN_MM,
    )
    smallest_side_px: int | None = Field(
        None,
        ge=LEAST_SIDE_PX,
        le=LARGEST_SIDE_PX,
        description="Least side of a patch in pixels of the donor's images.",
    )
    smallest_side_mm: float | None = Field(
        None,
        gt=0,
        description=IN_MM,
    )

    @field_validator("margin_mm", "smallest_side_mm")
    @classmethod
    def _one_unit(cls, mm: float | None, info: ValidationInfo) -> float | None:
        return _in_one_unit(cls, mm, info)

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not self.model_dump(exclude_none=True):
            raise ValueError(
                "nothing is cut otherwise; give a margin or a smallest side, or leave the donor out"
            )
        return self

    def applied_to(self, patches: PatchConfiguration) -> PatchConfiguration:
        """Return how the donor's patches are cut where the receiver cuts as `patches` says."""
        given, fields = self.model_dump(exclude_none=True), patches.model_dump()
        for length in ("margin", "smallest_side"):
            names = {f"{length}_px", f"{length}_mm"}
            if names & given.keys():  # the receiver's may be in the other unit
                fields = {name: value for name, value in fields.items() if name not in names}
        return PatchConfiguration.model_validate({**fields, **given})


def _in_one_unit(model: type[BaseModel], mm: float | None, info: ValidationInfo) -> float | None:
    """Refuse a length in mm whose px differ from their default; so the fault has a field."""
    length = str(info.field_name).removesuffix("_mm")
    in_px = f"{length}_px"
    default = model.model_fields[in_px].default
    if mm is not None and info.data.get(in_px, default) != default:
        told = length.replace("_", " ")
        raise ValueError(f"the {told} is given in px and in mm; give one of them")
    return mm
