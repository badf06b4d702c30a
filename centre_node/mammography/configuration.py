"""Where mammograms come from and how patches are cut. Light: no array library is imported."""

import hashlib
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from shared.models import StrictModel
from shared.names import Name

AcquisitionStyle = Literal["digital", "film", "soft"]


PAPERS_MARGIN_PX = 60

FolderFormat = Literal["coco", "inbreast", "bcdr", "optimam", "cbis-ddsm", "mias", "table"]


class MammogramFolder(StrictModel):
    """A data set as its publishers lay it out in a folder."""

    format: Literal[FolderFormat, "auto"] = Field("auto", description="auto recognises it.")
    folder: str = Field(".", description="Relative to the node's mammograms folder.")
    lent_by: Name | None = Field(
        None, description="Another centre, whose mammograms lie in the node's lent folder."
    )
    where: dict[str, str] = Field(
        default_factory=dict, description="Keep images whose record has these values."
    )


class PhantomSet(StrictModel):
    """Procedural mammograms from a seed: drawn when they are read, or written as a real data set.

    Attributes:
        calcifications: Whether an annotation outlines a cluster, as most data sets do, or each
            calcification, as INbreast does.
        written_as: The layout in which a node writes them, to be read like the real one.
    """

    format: Literal["phantoms"] = "phantoms"
    style: AcquisitionStyle
    patients: int = Field(ge=1, le=5000)
    seed: int = Field(ge=0)
    image_height_px: int = Field(640, ge=256, le=4096)
    healthy_share: float = Field(0.5, ge=0, lt=1, description="Share of patients with no lesion.")
    calcifications: Literal["clusters", "each"] = "clusters"
    written_as: FolderFormat | None = None

    def digest(self) -> str:
        """Return the SHA-256 of what is drawn and how it is written."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()


DatasetSource = Annotated[MammogramFolder | PhantomSet, Field(discriminator="format")]


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
