"""Where mammograms come from and how patches are cut. Light: no array library is imported."""

from typing import Annotated, Literal

from pydantic import Field

from shared.models import StrictModel

AcquisitionStyle = Literal["digital", "film", "soft"]


class CocoFolder(StrictModel):
    """A folder with `annotations.coco.json` and the images that it names."""

    format: Literal["coco"] = "coco"
    folder: str = Field(".", description="Relative to the node's mammograms folder.")
    where: dict[str, str] = Field(
        default_factory=dict, description="Keep images whose record has these values."
    )


class PhantomSet(StrictModel):
    """Procedural mammograms, made anew from the seed each time they are read."""

    format: Literal["phantoms"] = "phantoms"
    style: AcquisitionStyle
    patients: int = Field(ge=1, le=5000)
    seed: int = Field(ge=0)
    image_height_px: int = Field(640, ge=256, le=4096)
    healthy_share: float = Field(0.5, ge=0, lt=1, description="Share of patients with no lesion.")


DatasetSource = Annotated[CocoFolder | PhantomSet, Field(discriminator="format")]


class Jitter(StrictModel):
    """The random zoom and translation of a training box, in shares of its side.

    Half of the zoom is added to the side; translations are clipped on both sides.

    Source: paper section 2.2, paragraph 3; the numbers are those of its published code.
    """

    zoom_mean: float = 0.2
    zoom_std: float = Field(0.33, ge=0)
    zoom_limit: float = Field(0.66, ge=0, description="Clips the zoom at mean +- limit.")
    translation_std: float = Field(0.25, ge=0)
    translation_limit: float = Field(0.33, ge=0, le=1)


class PatchConfiguration(StrictModel):
    """How boxes become patches. Pixels are those of the mammogram as stored.

    Source: paper section 2.2.
    """

    margin_px: int = Field(60, ge=0)
    smallest_side_px: int = Field(128, ge=8)
    largest_background_share: float = Field(0.4, ge=0, le=1)
    background_level: int = Field(
        10, ge=0, le=254, description="8-bit; at most this is background."
    )
    healthy_from: Literal["healthy_mammograms", "all_mammograms"] = Field(
        "healthy_mammograms",
        description="all_mammograms takes healthy boxes outside every annotation.",
    )
    jitter: Jitter = Jitter()
