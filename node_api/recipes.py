"""Recipes: what anyone needs, beside the package, to draw the same synthetic patches again."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from shared.models import LARGEST_SEED, StrictModel
from shared.names import Digest, FileName, Name, Pathology

Share = Annotated[float, Field(gt=0, le=1)]


class RecipeWeights(StrictModel):
    """A weight file that was drawn from."""

    name: FileName
    sha256: Digest
    share: Share | None = None


class SamplingRecipe(StrictModel):
    """What was sampled, from what, and by what.

    Attributes:
        weights: The files in the order that numbers them in the draw.
        pathology: Of all patches; None, which is not written, draws the classes that the generator
            has by turns, in the order of its card.
        device, threads, torch_version: Another one of these can change a patch by rounding.
    """

    schema_version: Literal[1] = 1
    centre: Name
    name: Name
    manifest_digest: Digest
    weights: tuple[RecipeWeights, ...] = Field(min_length=1)
    seed: int = Field(ge=0, le=LARGEST_SEED)
    count: int = Field(ge=1)
    pathology: Pathology | None = Field(None, exclude_if=lambda pathology: pathology is None)
    device: Literal["cpu", "cuda"]
    threads: int = Field(ge=1)
    genshare_version: str
    torch_version: str

    @model_validator(mode="after")
    def _draws_once_from_each(self) -> Self:
        if len({file.name for file in self.weights}) < len(self.weights):
            raise ValueError("a weight file stands in it twice")
        if len({file.share is None for file in self.weights}) > 1:
            raise ValueError("either every weight file has a share, or none")
        return self

    @property
    def shares(self) -> tuple[float, ...] | None:
        """Of the patches by file, in proportion; None is evenly."""
        shares = tuple(file.share for file in self.weights if file.share is not None)
        return shares or None
