"""Pictures of what would be cut of a data set: what they show, and what was found on the way."""

from pydantic import Field

from shared.models import StrictModel


class PreviewSettings(StrictModel):
    """What the pictures show."""

    patients: int = Field(
        200, ge=3, le=100_000, description="Look at this many patients, spread over all."
    )
    count: int = Field(24, ge=1, le=600, description="Patches in a row.")
    size: int = Field(96, ge=16, le=256, description="Side of a patch in the pictures, in pixels.")


class PreviewedSubset(StrictModel):
    """How many patches of each class were cut of a part of the patients."""

    name: str
    lesions: int
    healthy: int


class Preview(StrictModel):
    """What was cut, and how far the classes can be told apart without looking for a lesion.

    Attributes:
        shortcut: The latter, in a sentence.
        skipped: What could not be read or cut, by reason.
    """

    subsets: tuple[PreviewedSubset, ...]
    shortcut: str
    skipped: dict[str, int]
