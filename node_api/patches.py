"""How patches are cut."""

from typing import Literal, Self

from pydantic import Field, model_validator

from shared.models import StrictModel

PAPERS_MARGIN_PX = 60


class Jitter(StrictModel):
    """The random zoom and translation of a training box, in shares of its side.

    Half of the zoom is added to the side; translations are clipped on both sides.

    Source: paper section 2.2, paragraph 3; the numbers are those of its published code.
    """

    zoom_mean: float = Field(0.2, ge=-0.9, le=10)
    zoom_std: float = Field(0.33, ge=0, le=10)
    zoom_limit: float = Field(0.66, ge=0, le=1, description="Clips the zoom at mean +- limit.")
    translation_std: float = Field(0.25, ge=0, le=10)
    translation_limit: float = Field(0.33, ge=0, le=1)


class PatchConfiguration(StrictModel):
    """How boxes become patches. Pixels are those of the mammogram as stored.

    Attributes:
        margin_mm: Instead of `margin_px`, for images whose pixel spacing is known.
        tissue: What is background: pixels up to `background_level`, the paper's rule, or all
            outside the breast, so that view labels and film edges are no tissue.
        chest_wall: `left` mirrors images whose chest wall is at the right.

    Source: paper section 2.2. `margin_mm`, `breast_mask`, `chest_wall` and `healthy_brightness` are
    not in the paper.
    """

    margin_px: int = Field(PAPERS_MARGIN_PX, ge=0)
    margin_mm: float | None = Field(None, ge=0)
    smallest_side_px: int = Field(128, ge=8)
    largest_background_share: float = Field(0.4, ge=0, le=1)
    tissue: Literal["threshold", "breast_mask"] = "threshold"
    background_level: int = Field(
        10, ge=0, le=254, description="8-bit; at most this is background."
    )
    chest_wall: Literal["as_stored", "left"] = "as_stored"
    healthy_from: Literal["healthy_mammograms", "all_mammograms"] = Field(
        "healthy_mammograms",
        description="all_mammograms takes healthy boxes outside every annotation.",
    )
    healthy_brightness: Literal["any", "as_lesions"] = Field(
        "any",
        description="as_lesions takes healthy boxes that are as bright as the lesions' boxes, so "
        "that brightness does not tell the classes apart.",
    )
    jitter: Jitter = Jitter()

    @model_validator(mode="after")
    def _one_margin(self) -> Self:
        if self.margin_mm is not None and self.margin_px != PAPERS_MARGIN_PX:
            raise ValueError("the margin is given in px and in mm; give one of them")
        return self
