"""Recipes of painted patches: what paints the same ones again, beside the mammograms."""

from pathlib import Path
from typing import Literal

from pydantic import Field

from centre_node.mammography.patch_store import PatchStore
from centre_node.painting.own_lesions import PaintedFrom
from centre_node.sampling.errors import RecipeRefusedError
from node_api.patches import PatchConfiguration
from shared.models import LARGEST_SEED, StrictModel, read_model
from shared.names import Digest, LesionKind
from shared.version import genshare_version


class PaintingOrder(StrictModel):
    """What is painted on what.

    Attributes:
        painted: `own` the own lesions, `ellipse` blobs of their axes and contrasts.
        count: Patches with a lesion.
        size: Side of a patch in pixels.
        backgrounds: Healthy patches that are cut to paint on.
        patches: How lesions and healthy patches are cut.
        kinds: Of the lesions.
    """

    painted: PaintedFrom
    count: int = Field(ge=1)
    size: int = Field(ge=16, le=256)
    seed: int = Field(ge=0, le=LARGEST_SEED)
    backgrounds: int = Field(ge=1)
    patches: PatchConfiguration
    kinds: tuple[LesionKind, ...] = Field(min_length=1)


class PaintingRecipe(PaintingOrder):
    """What was painted, of which mammograms and by which version.

    Attributes:
        mammograms: SHA-256 of every image's id, file, patient and annotations.
    """

    schema_version: Literal[1] = 1
    mammograms: Digest
    genshare_version: str


def recipe_of(order: PaintingOrder, store: PatchStore) -> PaintingRecipe:
    """Return the recipe of what is painted from a store's patches."""
    return PaintingRecipe(
        **dict(order), mammograms=store.provenance.mammograms, genshare_version=genshare_version()
    )


def read_painting_recipe(path: Path) -> PaintingRecipe:
    """Read a recipe.json of painted patches.

    Raises:
        RecipeRefusedError: It is none.
    """
    return read_model(
        PaintingRecipe, path, RecipeRefusedError, as_what=" is no recipe of painted patches"
    )


def check_same_mammograms(mammograms: Digest, store: PatchStore) -> None:
    """Check that a store was cut from what a recipe was made of.

    Args:
        mammograms: The digest that the recipe has.

    Raises:
        RecipeRefusedError: It was not.
    """
    if mammograms != store.provenance.mammograms:
        raise RecipeRefusedError(
            "the recipe is of other mammograms: the SHA-256 of theirs is "
            f"{mammograms}, and of these {store.provenance.mammograms}; name the folder and "
            "the --where that it was made with; a copy must keep its files' times (cp -a)"
        )
