"""Draws synthetic patches from the weights of a package."""

import numpy as np
import torch
from numpy.typing import NDArray

from centre_node.generators.sampling import Keep, sample_ensemble
from centre_node.sampling.errors import GeneratorOutputError
from centre_node.sampling.recipes import check_recipe, new_recipe
from node_api.recipes import SamplingRecipe
from shared.packages import Package
from shared.progress import OnProgress, Progress

COMPARED = (
    "which are no patches until they are painted, so they cannot be compared with patches; "
    "compare a generator of patches"
)


def check_draws_patches(package: Package, residuals: str = COMPARED) -> None:
    """Check that a package's samples can be held beside patches.

    Args:
        residuals: What is told of residuals: why they will not do, and what to do.

    Raises:
        GeneratorOutputError: They are residuals.
    """
    card = package.card
    if card.architecture.output == "residual":
        raise GeneratorOutputError(f"{card.centre}/{card.name} draws residuals, {residuals}")


def synthetic_patches(
    package: Package, *, count: int, seed: int, device: torch.device
) -> NDArray[np.uint8]:
    """Return synthetic patches, shape (count, size, size), the same for the same seed."""
    recipe = new_recipe(package, count=count, seed=seed, device=device)
    return drawn_by(recipe, package, device=device)


def drawn_by(
    recipe: SamplingRecipe, package: Package, *, device: torch.device
) -> NDArray[np.uint8]:
    """Return all patches of a recipe, shape (count, size, size).

    Raises:
        RecipeRefusedError: See `follow_recipe`.
    """
    side = package.card.architecture.image_size
    patches = np.empty((recipe.count, side, side), dtype=np.uint8)
    follow_recipe(
        recipe,
        package,
        device=device,
        keep=lambda places, made: patches.__setitem__(places, made),
    )
    return patches


def follow_recipe(
    recipe: SamplingRecipe,
    package: Package,
    *,
    device: torch.device,
    keep: Keep,
    on_progress: OnProgress = lambda _step: None,
) -> None:
    """Draw the patches of a recipe and hand them over, a batch at a time, not in order.

    Args:
        on_progress: Is told after each batch how many patches there are.

    Raises:
        RecipeRefusedError: The recipe is of another package, or of files that are not here.
    """
    check_recipe(recipe, package)
    done = 0

    def keep_and_tell(places: NDArray[np.int64], patches: NDArray[np.uint8]) -> None:
        nonlocal done
        keep(places, patches)
        done += len(places)
        step = Progress(done=done, total=recipe.count, unit="patches", message="sampling")
        on_progress(step)

    sample_ensemble(
        [package.folder / file.name for file in recipe.weights],
        package.card.architecture,
        shares=recipe.shares,
        pixel_range=package.card.pixel_range,
        count=recipe.count,
        seed=recipe.seed,
        device=device,
        keep=keep_and_tell,
        pathology=recipe.pathology,
    )
