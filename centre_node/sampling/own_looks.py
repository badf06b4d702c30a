"""Samples in the look of a centre's own lesions: recipes that say whose, and the fit."""

import tempfile
from dataclasses import dataclass
from pathlib import Path

import torch
from pydantic import Field

from centre_node.mammography.errors import OneClassOnlyError
from centre_node.mammography.fingerprints import digest_of_contents
from centre_node.mammography.looks import Look, Pixels, fitted_look
from centre_node.mammography.mammograms import Reading
from centre_node.mammography.patch_cutting import PatchCutting
from centre_node.mammography.patch_store import PatchStore
from centre_node.sampling.cuttings import Cut
from centre_node.sampling.drawing import check_draws_patches, drawn_by
from centre_node.sampling.errors import RecipeRefusedError
from centre_node.sampling.painting_recipes import check_same_mammograms
from node_api.looks import HarmonisedBy
from node_api.patches import PatchConfiguration
from node_api.recipes import SamplingRecipe
from shared.counts import counted
from shared.models import StrictModel, read_model
from shared.names import Digest, LesionKind
from shared.packages import Package
from shared.progress import OnProgress

FITTED_ON = 500
"""Of a generator's first patches, whatever is drawn: the first of more are those of fewer."""

RESIDUALS = "which have the contrasts of own lesions once they are painted; leave out --look-of"


class LookOrder(StrictModel):
    """Whose look samples get.

    Attributes:
        by: What of it.
        patches: How the own lesions are cut.
        kinds: Of the own lesions.
    """

    by: HarmonisedBy
    patches: PatchConfiguration
    kinds: tuple[LesionKind, ...] = Field(min_length=1)


class LookRecipe(LookOrder):
    """Whose look samples got.

    Attributes:
        mammograms: See `digest_of_contents`; `digest_at_a_glance` in recipes of earlier versions.
    """

    mammograms: Digest


class OwnSamplingRecipe(SamplingRecipe):
    """What was sampled and, for a centre's own use, in which look.

    Attributes:
        look: None, which is not written, is the generator's own.
    """

    look: LookRecipe | None = Field(None, exclude_if=lambda look: look is None)


@dataclass(frozen=True)
class FittedLook:
    """A look with what it is of.

    Attributes:
        recipe: Of the samples that get it.
        lesions: Own ones that it was fitted to.
        patients: Who have them.
        cut: How they were cut.
    """

    recipe: OwnSamplingRecipe
    look: Look
    lesions: int
    patients: int
    cut: Cut


def read_recipe(path: Path) -> OwnSamplingRecipe:
    """Read a recipe.json of samples, in whichever look.

    Raises:
        RecipeRefusedError: It is none.
    """
    return read_model(OwnSamplingRecipe, path, RecipeRefusedError, as_what=" is no recipe")


def in_own_look(
    recipe: OwnSamplingRecipe,
    order: LookOrder,
    reading: Reading,
    package: Package,
    *,
    device: torch.device,
    on_progress: OnProgress,
) -> FittedLook:
    """Fit the look of own lesions.

    Raises:
        GeneratorOutputError: The package draws residuals.
        OneClassOnlyError: There is no lesion of the kinds.
        RecipeRefusedError: The order is a recipe's, and these are other mammograms than it names.
    """
    check_draws_patches(package, RESIDUALS)
    size = package.card.architecture.image_size
    with tempfile.TemporaryDirectory() as scratch:
        store = _own_lesions(order, reading, Path(scratch) / "patches", on_progress)
        look = _recipe(order, reading, store)
        indices = store.indices(1)
        lesions = store.crops(indices, size=size)
        patients = {store.records[index].patient_id for index in indices}
    drawn = _first_patches(recipe, package, device)
    return FittedLook(
        recipe.model_copy(update={"look": look}),
        fitted_look(drawn, lesions, order.by),
        len(lesions),
        len(patients),
        Cut(order.patches.cutting, reading.pixel_spacing_mm),
    )


def _own_lesions(
    order: LookOrder, reading: Reading, folder: Path, on_progress: OnProgress
) -> PatchStore:
    cutting = PatchCutting(order.patches, order.kinds, on_progress=on_progress)
    if cutting.count_lesions(reading.mammograms):
        store = cutting.cut_into(folder, reading.mammograms, healthy=0)
        if len(store.indices(1)):
            return store
    have = counted(len(reading.mammograms), "mammogram has", "mammograms have")
    raise OneClassOnlyError(
        f"{have} no lesion of the kinds "
        f"{', '.join(order.kinds)} that can be cut, and a look takes after own lesions"
    )


def _recipe(order: LookOrder, reading: Reading, store: PatchStore) -> LookRecipe:
    """Return the recipe of an order; one that was given must be of these mammograms."""
    if isinstance(order, LookRecipe):
        check_same_mammograms(order.mammograms, reading.mammograms, store)
        return order
    return LookRecipe(**dict(order), mammograms=digest_of_contents(reading.mammograms, store))


def _first_patches(recipe: SamplingRecipe, package: Package, device: torch.device) -> Pixels:
    """Return what a look is fitted to: of all classes, so that each keeps what tells it apart."""
    use = package.card.use
    count = min(FITTED_ON, (use and use.most_samples) or FITTED_ON)
    first = recipe.model_copy(update={"count": count, "pathology": None})
    return drawn_by(first, package, device=device)
