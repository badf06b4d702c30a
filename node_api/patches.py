"""How patches are cut."""

from typing import Literal, Self

from pydantic import Field, model_validator

from shared.models import LARGEST_SIDE_PX, StrictModel

PAPERS_MARGIN_PX = 60


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

    Source: paper section 2.2. `margin_mm`, `breast_mask`, `chest_wall` and `healthy_brightness` are
    not in the paper.
    """

    margin_px: int = Field(
        PAPERS_MARGIN_PX,
        ge=0,
        le=LARGEST_SIDE_PX,
        description="Tissue that is kept around a lesion's box, in pixels of the mammogram.",
    )
    margin_mm: float | None = Field(
        None,
        ge=0,
        description="The same in mm, instead of pixels, for images whose pixel spacing is known.",
    )
    smallest_side_px: int = Field(
        128,
        ge=8,
        le=LARGEST_SIDE_PX,
        description="Least side of a patch in pixels of the mammogram.",
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

    @model_validator(mode="after")
    def _one_margin(self) -> Self:
        if self.margin_mm is not None and self.margin_px != PAPERS_MARGIN_PX:
            raise ValueError("the margin is given in px and in mm; give one of them")
        return self
