"""Makes recipes of packages, and checks that a recipe and a package belong together."""

import torch

from centre_node.sampling.classes import check_count, check_pathology
from centre_node.sampling.errors import RecipeRefusedError
from node_api.recipes import RecipeWeights, SamplingRecipe
from shared.cards import WeightFile
from shared.names import Pathology
from shared.packages import Package
from shared.version import genshare_version


def new_recipe(
    package: Package,
    *,
    count: int,
    seed: int,
    device: torch.device,
    pathology: Pathology | None = None,
) -> SamplingRecipe:
    """Return the recipe of patches from the weight files that are in the package's folder.

    Args:
        pathology: Of all patches; None draws the generator's classes, if it has any, by turns.

    Raises:
        RecipeRefusedError: The generator knows no classes, and a pathology is asked for.
        UseNotAllowedError: Its terms allow fewer patches.
    """
    check_pathology(pathology, package.card)
    check_count(count, package.card)
    return SamplingRecipe(
        centre=package.card.centre,
        name=package.card.name,
        manifest_digest=package.digest,
        weights=tuple(_drawn_from(file) for file in package.weights),
        seed=seed,
        count=count,
        pathology=pathology,
        device="cuda" if device.type == "cuda" else "cpu",
        threads=torch.get_num_threads(),
        genshare_version=genshare_version(),
        torch_version=torch.__version__,
    )


def check_recipe(recipe: SamplingRecipe, package: Package) -> None:
    """Check that a package has what a recipe needs.

    Raises:
        RecipeRefusedError: It is another package, lacks a weight file or knows no classes.
        UseNotAllowedError: Its terms allow fewer patches.
    """
    if recipe.manifest_digest != package.digest:
        raise RecipeRefusedError(
            f"the recipe is of the package with the manifest digest {recipe.manifest_digest}, but "
            f"{package.folder} holds {package.digest}"
        )
    check_pathology(recipe.pathology, package.card)
    check_count(recipe.count, package.card)
    here = {(file.name, file.sha256) for file in package.weights}
    for file in recipe.weights:
        if (file.name, file.sha256) not in here:
            raise RecipeRefusedError(
                f"the recipe draws from {file.name} with the SHA-256 {file.sha256}, which "
                f"{package.folder} does not hold"
            )


def _drawn_from(file: WeightFile) -> RecipeWeights:
    return RecipeWeights(name=file.name, sha256=file.sha256, share=file.share)
