"""Where mammograms come from."""

import hashlib
from typing import Annotated, Literal

from pydantic import Field

from shared.models import StrictModel
from shared.names import Name

AcquisitionStyle = Literal["digital", "film", "soft"]


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
