"""Pulls generators and samples from them."""

from collections.abc import Callable, Collection
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from centre_node.errors import GeneratorNotPulledError
from centre_node.generators.sampling import Keep, sample_ensemble
from centre_node.sharing.recipes import Recipe, check_recipe, new_recipe
from shared.errors import DigestMismatchError
from shared.hub_client import HubClient
from shared.packages import Package, open_package
from shared.records import GeneratorVersion
from shared.weight_choices import chosen_weights

OnPatches = Callable[[int], None]
"""Takes how many patches are made so far."""


def pull(
    hub: HubClient,
    centre: str,
    name: str,
    version: int | None,
    *,
    folder: Path,
    weights: Collection[str] = (),
    weights_at_most: int | None = None,
) -> tuple[GeneratorVersion, Package]:
    """Fetch a generator into `folder/<manifest digest>`, verified; None is the latest version.

    Args:
        weights: The weight files to fetch; none is all.
        weights_at_most: How many of them to fetch, evenly spread.

    Raises:
        DigestMismatchError: What the hub gave is not what was asked for.
        NoSuchWeightsError: The version has no weight file of a name.
    """
    record = hub.version(centre, name, version)
    chosen = chosen_weights(record.card, names=weights, at_most=weights_at_most)
    return record, hub.fetch(record, folder / record.manifest_digest, weights=chosen)


def pulled(folder: Path, digest: str, *, partly: bool = False) -> Package:
    """Open a pulled package and verify it again.

    Args:
        partly: Whether one that was pulled in part will do.

    Raises:
        GeneratorNotPulledError: It was not pulled.
        PartlyFetchedError: It was pulled in part, and `partly` is false.
        PackageError: It has been changed since.
    """
    if not (folder / digest).is_dir():
        raise GeneratorNotPulledError(f"no generator with the manifest digest {digest} was pulled")
    package = open_package(folder / digest, partly=partly)
    if package.digest != digest:
        raise DigestMismatchError(f"the folder {digest} holds the package {package.digest}")
    return package


def synthetic_patches(
    package: Package, *, count: int, seed: int, device: torch.device
) -> NDArray[np.uint8]:
    """Return synthetic patches, shape (count, size, size), the same for the same seed."""
    side = package.card.architecture.image_size
    patches = np.empty((count, side, side), dtype=np.uint8)
    follow_recipe(
        new_recipe(package, count=count, seed=seed, device=device),
        package,
        device=device,
        keep=lambda places, made: patches.__setitem__(places, made),
    )
    return patches


def follow_recipe(
    recipe: Recipe,
    package: Package,
    *,
    device: torch.device,
    keep: Keep,
    on_patches: OnPatches = lambda _done: None,
) -> None:
    """Draw the patches of a recipe and hand them over, a batch at a time, not in order.

    Raises:
        RecipeRefusedError: The recipe is of another package, or of files that are not here.
    """
    check_recipe(recipe, package)
    done = 0

    def keep_and_tell(places: NDArray[np.int64], patches: NDArray[np.uint8]) -> None:
        nonlocal done
        keep(places, patches)
        done += len(places)
        on_patches(done)

    sample_ensemble(
        [package.folder / file.name for file in recipe.weights],
        package.card.architecture,
        shares=recipe.shares,
        pixel_range=package.card.pixel_range,
        count=recipe.count,
        seed=recipe.seed,
        device=device,
        keep=keep_and_tell,
    )
