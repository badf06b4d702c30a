import json
from pathlib import Path
from typing import Any

import pytest
import torch

from centre_node.sampling.errors import RecipeRefusedError
from centre_node.sampling.own_looks import OwnSamplingRecipe, read_recipe
from centre_node.sampling.recipes import new_recipe
from shared.version import genshare_version
from tests.centre_node.sampling.ensembles import NAMES, write_random_ensemble

CPU = torch.device("cpu")


def test_a_recipe_says_what_was_drawn_from_what_by_what(tmp_path: Path) -> None:
    package = write_random_ensemble(tmp_path)

    recipe = new_recipe(package, count=9, seed=2**64 - 1, device=CPU)

    assert (recipe.centre, recipe.name) == ("centre-b", "lesions-dcgan")
    assert recipe.manifest_digest == package.digest
    assert [(file.name, file.sha256) for file in recipe.weights] == [
        (file.name, file.sha256) for file in package.card.weights
    ]
    assert [file.name for file in recipe.weights] == list(NAMES)
    assert (recipe.count, recipe.seed, recipe.device, recipe.threads) == (9, 2**64 - 1, "cpu", 1)
    assert (recipe.genshare_version, recipe.torch_version) == (
        genshare_version(),
        torch.__version__,
    )


def test_a_recipe_read_back_is_the_same(tmp_path: Path) -> None:
    recipe = new_recipe(write_random_ensemble(tmp_path), count=9, seed=1, device=CPU)
    (tmp_path / "recipe.json").write_text(recipe.model_dump_json(indent=2))

    assert read_recipe(tmp_path / "recipe.json") == OwnSamplingRecipe(**dict(recipe))


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"seed": -1}, "seed: must be 0 or more"),
        ({"seed": 2**64}, "seed: must be 18446744073709551615 or less"),
        ({"count": 0}, "count: must be 1 or more"),
        ({"weights": []}, "weights: must have at least 1 entry"),
        ({"manifest_digest": "../x"}, "manifest_digest: must be a SHA-256"),
        ({"extra": 1}, "extra: there is no such field"),
        ({"schema_version": 2}, "schema_version: must be 1"),
    ],
)
def test_what_is_no_recipe_is_told_by_its_field(
    tmp_path: Path, change: dict[str, Any], sentence: str
) -> None:
    recipe = new_recipe(write_random_ensemble(tmp_path), count=9, seed=1, device=CPU)
    path = tmp_path / "recipe.json"
    path.write_text(json.dumps({**recipe.model_dump(mode="json"), **change}))

    with pytest.raises(RecipeRefusedError, match=sentence):
        read_recipe(path)


@pytest.mark.parametrize(
    ("weights", "sentence"),
    [
        ([(NAMES[0], None), (NAMES[0], None)], "a weight file stands in it twice"),
        ([(NAMES[0], 0.5), (NAMES[1], None)], "either every weight file has a share, or none"),
        ([("../card.json", None)], "weights.0.name: must be the name of a file"),
    ],
)
def test_weights_of_a_recipe_are_named_once_and_share_alike(
    tmp_path: Path, weights: list[tuple[str, float | None]], sentence: str
) -> None:
    recipe = new_recipe(write_random_ensemble(tmp_path), count=9, seed=1, device=CPU)
    listed = [{"name": name, "sha256": "0" * 64, "share": share} for name, share in weights]
    path = tmp_path / "recipe.json"
    path.write_text(json.dumps({**recipe.model_dump(mode="json"), "weights": listed}))

    with pytest.raises(RecipeRefusedError, match=sentence):
        read_recipe(path)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(RecipeRefusedError, match=r"none\.json cannot be read: No such file"):
        read_recipe(tmp_path / "none.json")
