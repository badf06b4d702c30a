"""Recipes: what anyone needs, beside the package, to draw the same synthetic patches again."""

from pathlib import Path
from typing import Annotated, Literal, Self

import torch
from pydantic import Field, model_validator

from centre_node.errors import RecipeRefusedError
from shared.cards import WeightFile
from shared.models import LARGEST_SEED, StrictModel, read_model
from shared.names import Digest, FileName, Name
from shared.packages import Package
from shared.version import genshare_version

Share = Annotated[float, Field(gt=0, le=1)]


class RecipeWeights(StrictModel):
    """A weight file that was drawn from."""

    name: FileName
    sha256: Digest
    share: Share | None = None


class Recipe(StrictModel):
    """What was sampled, from what, and by what.

    Attributes:
        weights: The files in the order that numbers them in the draw.
        device, threads, torch_version: Another one of these can change a patch by rounding.
    """

    schema_version: Literal[1] = 1
    centre: Name
    name: Name
    manifest_digest: Digest
    weights: tuple[RecipeWeights, ...] = Field(min_length=1)
    seed: int = Field(ge=0, le=LARGEST_SEED)
    count: int = Field(ge=1)
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


def new_recipe(package: Package, *, count: int, seed: int, device: torch.device) -> Recipe:
    """Return the recipe of patches from the weight files that are in the package's folder."""
    return Recipe(
        centre=package.card.centre,
        name=package.card.name,
        manifest_digest=package.digest,
        weights=tuple(_drawn_from(file) for file in package.weights),
        seed=seed,
        count=count,
        device="cuda" if device.type == "cuda" else "cpu",
        threads=torch.get_num_threads(),
        genshare_version=genshare_version(),
        torch_version=torch.__version__,
    )


def read_recipe(path: Path) -> Recipe:
    """Read a recipe.json.

    Raises:
        RecipeRefusedError: It is none.
    """
    return read_model(Recipe, path, RecipeRefusedError, as_what=" is no recipe")


def check_recipe(recipe: Recipe, package: Package) -> None:
    """Check that a package has what a recipe needs.

    Raises:
        RecipeRefusedError: It is another package, or lacks a weight file.
    """
    if recipe.manifest_digest != package.digest:
        raise RecipeRefusedError(
            f"the recipe is of the package with the manifest digest {recipe.manifest_digest}, but "
            f"{package.folder} holds {package.digest}"
        )
    here = {(file.name, file.sha256) for file in package.weights}
    for file in recipe.weights:
        if (file.name, file.sha256) not in here:
            raise RecipeRefusedError(
                f"the recipe draws from {file.name} with the SHA-256 {file.sha256}, which "
                f"{package.folder} does not hold"
            )


def _drawn_from(file: WeightFile) -> RecipeWeights:
    return RecipeWeights(name=file.name, sha256=file.sha256, share=file.share)
