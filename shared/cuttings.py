"""How lesions were cut from mammograms: how much tissue is kept around them, and at which scale."""

from dataclasses import dataclass
from typing import Literal, Self

from pydantic import Field, model_validator

from shared.models import LARGEST_SIDE_PX, StrictModel

LesionPosition = Literal["centred", "anywhere"]
"""Of a lesion in its patch."""

ANYWHERE, CENTRED = "their middle anywhere in the patch", "their middle in that of the patch"


@dataclass(frozen=True, slots=True)
class Length:
    """A length in pixels of a mammogram as stored, or in mm."""

    value: float
    unit: Literal["px", "mm"]

    def __str__(self) -> str:
        return f"{self.value:g} {self.unit}"

    def in_mm(self, spacing_mm: float | None) -> float | None:
        """Return it in mm; None where it is in pixels whose spacing is not known."""
        if self.unit == "mm":
            return self.value
        return None if spacing_mm is None else self.value * spacing_mm


class Cutting(StrictModel):
    """Margin and smallest side of what is cut around a lesion, and where in it the lesion lies.

    Each length is in pixels or in mm.
    """

    margin_px: int | None = Field(
        None,
        ge=0,
        le=LARGEST_SIDE_PX,
        exclude_if=lambda given: given is None,
        description="Tissue that is kept around a lesion's box, in pixels of the mammogram.",
    )
    margin_mm: float | None = Field(
        None, ge=0, exclude_if=lambda given: given is None, description="The same in mm."
    )
    smallest_side_px: int | None = Field(
        None,
        ge=1,
        le=LARGEST_SIDE_PX,
        exclude_if=lambda given: given is None,
        description="Least side of a patch before resizing, in pixels of the mammogram.",
    )
    smallest_side_mm: float | None = Field(
        None, gt=0, exclude_if=lambda given: given is None, description="The same in mm."
    )
    lesion_position: LesionPosition = Field(
        "centred",
        exclude_if=lambda position: position == "centred",
        description="Whether lesions lie in the middle of their patches, or anywhere in them.",
    )

    @model_validator(mode="after")
    def _one_unit_each(self) -> Self:
        for name, px, mm in (
            ("margin", self.margin_px, self.margin_mm),
            ("smallest side", self.smallest_side_px, self.smallest_side_mm),
        ):
            if (px is None) == (mm is None):
                raise ValueError(f"the {name} must be given either in px or in mm")
        return self

    @property
    def margin(self) -> Length:
        """What is kept around a lesion's box."""
        return _length(self.margin_px, self.margin_mm)

    @property
    def smallest_side(self) -> Length:
        """What the side of a patch is at least."""
        return _length(self.smallest_side_px, self.smallest_side_mm)

    @property
    def position_words(self) -> str:
        """Where lesions lie in their patches."""
        return ANYWHERE if self.lesion_position == "anywhere" else CENTRED

    @property
    def words(self) -> str:
        """Return "a margin of 60 px and a smallest side of 128 px", and more where it applies."""
        lengths = f"a margin of {self.margin} and a smallest side of {self.smallest_side}"
        return lengths if self.lesion_position == "centred" else f"{lengths}, {self.position_words}"


def _length(px: int | None, mm: float | None) -> Length:
    if mm is not None:
        return Length(mm, "mm")
    assert px is not None, "the validator saw to it"
    return Length(px, "px")
