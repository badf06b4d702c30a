"""Recipes of painted patches: what paints the same ones again, beside the mammograms."""

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from pydantic import Field

from centre_node.mammography.fingerprints import digest_of_contents
from centre_node.mammography.mammograms import Mammogram
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
        mammograms: See `digest_of_contents`; `digest_at_a_glance` in those of earlier versions.
    """

    schema_version: Literal[1] = 1
    mammograms: Digest
    genshare_version: str


def recipe_of(
    order: PaintingOrder, mammograms: Sequence[Mammogram], store: PatchStore
) -> PaintingRecipe:
    """Return the recipe of what is painted from a store's patches.

    Args:
        mammograms: That it was cut from.
    """
    return PaintingRecipe(
        **dict(order),
        mammograms=digest_of_contents(mammograms, store),
        genshare_version=genshare_version(),
    )


def read_painting_recipe(path: Path) -> PaintingRecipe:
    """Read a recipe.json of painted patches.

    Raises:
        RecipeRefusedError: It is none.
    """
    return read_model(
        PaintingRecipe, path, RecipeRefusedError, as_what=" is no recipe of painted patches"
    )


def check_same_mammograms(
    digest: Digest, mammograms: Sequence[Mammogram], store: PatchStore
) -> None:
    """Check that these are the mammograms that a recipe was made of, or a copy of them.

    Args:
        digest: Of the recipe's mammograms.
        mammograms: That the store was cut from.

    Raises:
        RecipeRefusedError: They are others.
    """
    if digest == store.provenance.mammograms:
        return  # a recipe of an earlier version, and the very files
    here = digest_of_contents(mammograms, store)
    if digest != here:
        raise RecipeRefusedError(
            "the recipe is of other mammograms, or was changed: the SHA-256 of its images is "
            f"{digest}, and of these {here}; name the folder and the --where that it was made "
            "with, or a copy of it (beside a recipe of an earlier version one by cp -a, which "
            "keeps files' times)"
        )
