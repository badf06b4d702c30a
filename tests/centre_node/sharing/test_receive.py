from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from centre_node.generators.networks import DcganGenerator
from centre_node.generators.weights import export_weights
from centre_node.sampling.drawing import follow_recipe, synthetic_patches
from centre_node.sampling.errors import RecipeRefusedError
from centre_node.sampling.recipes import new_recipe
from centre_node.sharing.errors import GeneratorNotPulledError
from centre_node.sharing.receive import pulled
from node_api.recipes import SamplingRecipe
from shared.errors import (
    DigestMismatchError,
    HubRefusedError,
    HubUnreachableError,
    PartlyFetchedError,
)
from shared.hub_client import connect
from shared.packages import Package
from tests.centre_node.sampling.ensembles import NAMES, write_random_ensemble
from tests.centre_node.sharing.pulling import pull
from tests.hub_server import RunningHub, running_hub
from tests.lying_hub import ONCE
from tests.packages import TINY, write_tiny_package

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Package:
    folder = tmp_path_factory.mktemp("package")
    torch.manual_seed(0)
    export_weights(DcganGenerator(TINY), TINY, folder / "random.safetensors")
    return write_tiny_package(folder, (folder / "random.safetensors").read_bytes())


def test_pulled_package_is_the_published_one(
    loopback_hub: RunningHub, package: Package, tmp_path: Path
) -> None:
    hub = loopback_hub.invited("centre-b")
    published = hub.publish(package)

    record, got = pull(hub, "centre-b", "lesions-dcgan", None, folder=tmp_path)

    assert record == published
    assert got.folder == tmp_path / package.digest
    assert (got.digest, got.card) == (package.digest, package.card)
    assert pulled(tmp_path, package.digest) == got
    assert [path.name for path in tmp_path.iterdir()] == [package.digest]


def test_generator_that_the_hub_has_not_leaves_nothing(
    loopback_hub: RunningHub, tmp_path: Path
) -> None:
    with pytest.raises(HubRefusedError, match="404"):
        pull(loopback_hub.invited("centre-b"), "centre-b", "none", None, folder=tmp_path)
    assert not list(tmp_path.iterdir())


def test_hub_that_is_down_is_named(tmp_path: Path) -> None:
    with running_hub(tmp_path / "hub") as hub:
        client = connect(hub.url, None, ONCE)

    with pytest.raises(HubUnreachableError, match=hub.url):
        pull(client, "centre-b", "lesions-dcgan", None, folder=tmp_path / "generators")


def test_generator_that_was_not_pulled_is_named(tmp_path: Path) -> None:
    with pytest.raises(GeneratorNotPulledError, match="0" * 64):
        pulled(tmp_path, "0" * 64)


def test_package_that_changed_after_the_pull_is_refused_until_it_is_pulled_again(
    loopback_hub: RunningHub, package: Package, tmp_path: Path
) -> None:
    hub = loopback_hub.invited("centre-b")
    hub.publish(package)
    _, got = pull(hub, "centre-b", "lesions-dcgan", None, folder=tmp_path)
    weights = got.folder / "weights.safetensors"
    content = bytearray(weights.read_bytes())
    content[-1] ^= 1
    weights.write_bytes(bytes(content))

    with pytest.raises(DigestMismatchError, match=r"weights\.safetensors"):
        pulled(tmp_path, got.digest)
    (got.folder / "manifest.json").unlink()  # the folder's name says whose it is
    pull(hub, "centre-b", "lesions-dcgan", None, folder=tmp_path)

    assert pulled(tmp_path, got.digest) == got


def test_package_under_another_digest_is_refused(package: Package, tmp_path: Path) -> None:
    (tmp_path / ("0" * 64)).symlink_to(package.folder)

    with pytest.raises(DigestMismatchError, match="holds the package"):
        pulled(tmp_path, "0" * 64)


def test_same_seed_gives_the_same_patches(package: Package) -> None:
    first, again, other = (
        synthetic_patches(package, count=5, seed=seed, device=CPU) for seed in (1, 1, 2)
    )

    assert first.shape == (5, 16, 16)
    assert first.dtype == np.uint8
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()


def test_smaller_count_is_the_beginning_of_a_larger_one(package: Package) -> None:
    few, many = (synthetic_patches(package, count=n, seed=1, device=CPU) for n in (3, 80))

    np.testing.assert_array_equal(few, many[:3])


def test_some_weights_are_pulled_and_used_where_a_part_will_do(
    loopback_hub: RunningHub, tmp_path: Path
) -> None:
    hub = loopback_hub.invited("centre-b")
    whole = write_random_ensemble(tmp_path / "whole")
    hub.publish(whole)

    _, part = pull(hub, "centre-b", "lesions-dcgan", None, folder=tmp_path / "g", weights_at_most=1)

    assert (part.digest, part.extent) == (whole.digest, "1 of 3 weight files")
    with pytest.raises(PartlyFetchedError, match="only 1 of 3 weight files"):
        pulled(tmp_path / "g", whole.digest)
    assert pulled(tmp_path / "g", whole.digest, partly=True) == part
    recipe = new_recipe(part, count=5, seed=1, device=CPU)
    assert [file.name for file in recipe.weights] == [NAMES[-1]]
    assert (drawn(recipe, whole) == synthetic_patches(part, count=5, seed=1, device=CPU)).all()


def test_shares_of_the_card_weigh_the_draw(tmp_path: Path) -> None:
    package = write_random_ensemble(tmp_path, shares=(0.98, 0.01, 0.01))
    mostly = write_random_ensemble(tmp_path / "even")

    recipe = new_recipe(package, count=20, seed=1, device=CPU)

    assert recipe.shares == (0.98, 0.01, 0.01)
    assert new_recipe(mostly, count=20, seed=1, device=CPU).shares is None
    assert (
        drawn(recipe, package) == synthetic_patches(package, count=20, seed=1, device=CPU)
    ).all()
    assert (drawn(recipe, package) != synthetic_patches(mostly, count=20, seed=1, device=CPU)).any()


def test_a_recipe_of_another_package_or_of_missing_files_is_refused(
    loopback_hub: RunningHub, package: Package, tmp_path: Path
) -> None:
    hub = loopback_hub.invited("centre-b")
    whole = write_random_ensemble(tmp_path / "whole")
    record = hub.publish(whole)
    part = hub.fetch(record, tmp_path / "part", weights=NAMES[:2])
    recipe = new_recipe(whole, count=5, seed=1, device=CPU)

    with pytest.raises(RecipeRefusedError, match=f"{whole.digest}, but .* holds {package.digest}"):
        drawn(recipe, package)
    with pytest.raises(RecipeRefusedError, match=rf"draws from {NAMES[2]} with .* does not hold"):
        drawn(recipe, part)


def drawn(recipe: SamplingRecipe, package: Package) -> NDArray[np.uint8]:
    patches = np.zeros((recipe.count, 16, 16), dtype=np.uint8)
    follow_recipe(
        recipe, package, device=CPU, keep=lambda places, made: patches.__setitem__(places, made)
    )
    return patches
