"""Where mammograms come from."""

import hashlib
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, StringConstraints

from shared.models import LARGEST_SEED, StrictModel
from shared.names import Name

AcquisitionStyle = Literal["digital", "film", "soft"]

LesionForm = Literal["round", "lobulated", "spiculated", "cluster"]
"""What a phantom's lesion looks like: three forms of masses, and clusters of calcifications."""

EVERY_FORM: tuple[LesionForm, ...] = ("round", "lobulated", "spiculated", "cluster")

FolderFormat = Literal["coco", "inbreast", "bcdr", "optimam", "cbis-ddsm", "mias", "table"]


FolderLayout = Annotated[
    Literal[FolderFormat, "auto"],
    Field(description="How the folder is laid out: as one of these data sets; auto recognises it."),
]
RecordValues = Annotated[
    dict[
        Annotated[str, StringConstraints(max_length=200)],
        Annotated[str, StringConstraints(max_length=1_000)],
    ],
    Field(
        max_length=100,
        description="Keep only images whose record has this value, such as view=CC; of several, "
        "all must be so.",
    ),
]


class MammogramFolder(StrictModel):
    """A data set as its publishers lay it out in a folder."""

    format: FolderLayout = "auto"
    folder: str = Field(
        ".", max_length=4096, description="Relative to the node's mammograms folder."
    )
    lent_by: Name | None = Field(
        None, description="Another centre, whose mammograms lie in the node's lent folder."
    )
    where: RecordValues = Field(default_factory=dict)


class PhantomSet(StrictModel):
    """Procedural mammograms from a seed: drawn when they are read, or written as a real data set.

    Attributes:
        written_as: The layout in which a node writes them, to be read like the real one.
    """

    format: Literal["phantoms"] = "phantoms"
    style: AcquisitionStyle = Field(
        description="How the images look: of a digital machine, scanned from film, or soft and of "
        "low dose."
    )
    patients: int = Field(ge=1, le=5000, description="How many patients are drawn.")
    seed: int = Field(ge=0, le=LARGEST_SEED, description="The same number draws the same patients.")
    image_height_px: int = Field(640, ge=256, le=4096, description="Height of an image in pixels.")
    healthy_share: float = Field(0.5, ge=0, lt=1, description="Share of patients with no lesion.")
    calcifications: Literal["clusters", "each"] = Field(
        "clusters",
        description="What an annotation outlines: a cluster, as in most data sets, or each single "
        "calcification, as in INbreast.",
    )
    lesion_forms: tuple[LesionForm, ...] = Field(
        EVERY_FORM,
        min_length=1,
        max_length=len(EVERY_FORM),
        description="Which forms lesions have, in the shares that they have among all of them.",
        exclude_if=lambda forms: set(forms) == set(EVERY_FORM),
    )
    lesion_contrast: float = Field(
        1.0,
        ge=0.25,
        le=4,
        description="How much more than by default lesions stand out from the tissue.",
        exclude_if=lambda contrast: contrast == 1,
    )
    pathology: Literal["mixed", "by_form"] = Field(
        "mixed",
        description="With mixed, most spiculated lesions are malignant and some others too; with "
        "by_form, all spiculated ones and no others, as in a textbook.",
        exclude_if=lambda pathology: pathology == "mixed",
    )
    written_as: FolderFormat | None = None

    def digest(self) -> str:
        """Return the SHA-256 of what is drawn and how it is written."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()


def _read_as_folder(value: Any) -> Any:
    """Take what names a folder and no format for one whose layout is recognised."""
    if isinstance(value, dict) and "folder" in value and "format" not in value:
        return {"format": "auto", **value}
    return value


DatasetSource = Annotated[
    Annotated[MammogramFolder | PhantomSet, Field(discriminator="format")],
    BeforeValidator(_read_as_folder),
]
