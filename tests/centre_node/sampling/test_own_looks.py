"""`genshare sample --look-of` as a user types it."""

import json
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from centre_node.mammography.datasets import read_folder
from centre_node.mammography.looks import fitted_look
from centre_node.mammography.patch_cutting import PatchCutting
from centre_node.sampling import commands, own_looks
from centre_node.sampling.drawing import synthetic_patches
from centre_node.sampling.own_looks import OwnSamplingRecipe
from centre_node.sampling.recipes import new_recipe
from node_api.looks import HarmonisedBy
from node_api.patches import PatchConfiguration
from shared.architectures import DcganArchitecture
from shared.cards import TrainingSet
from shared.cuttings import Cutting
from shared.packages import Package
from shared.terms import UseLimits
from tests.centre_node.mammography.coco_folder import (
    copied,
    document,
    edit_unnoticed,
    write_coco_folder,
)
from tests.centre_node.sampling.ensembles import write_random_ensemble
from tests.command_line import Genshare

CPU = torch.device("cpu")
CUT = ("--margin-px", "6", "--smallest-side-px", "16", "--kinds", "mass")
NPY = ("--format", "npy")
CUTTING = PatchConfiguration(margin_px=6, smallest_side_px=16)


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Package:
    return write_random_ensemble(tmp_path_factory.mktemp("package"))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_coco_folder(tmp_path_factory.mktemp("own") / "ours", document())


@pytest.fixture
def sample(package: Package, genshare: Genshare, monkeypatch: pytest.MonkeyPatch) -> Genshare:
    monkeypatch.setattr(commands, "default_device", lambda: CPU)
    monkeypatch.setattr(own_looks, "FITTED_ON", 20)
    return partial(genshare, "sample", package.folder)


def array(folder: Path) -> NDArray[np.uint8]:
    return np.asarray(np.load(folder / "patches.npy"), dtype=np.uint8)


def own_lesions(folder: Path, scratch: Path) -> NDArray[np.uint8]:
    mammograms = read_folder(folder, "auto", {}).mammograms
    store = PatchCutting(CUTTING, ("mass",)).cut_into(scratch, mammograms, healthy=0)
    return store.crops(store.indices(1), size=16)


@pytest.mark.parametrize("by", ["greys", "greys_and_bands"])
def test_samples_get_the_look_of_own_lesions_and_the_recipe_draws_them_again(
    package: Package, folder: Path, tmp_path: Path, sample: Genshare, by: HarmonisedBy
) -> None:
    first, again = tmp_path / "first", tmp_path / "again"
    look = ("--look-of", folder, "--harmonised-by", by, *CUT)

    done = sample("--count", "30", "--seed", "3", *look, *NPY, "--out", first)
    redone = sample(
        "--recipe", first / "recipe.json", "--look-of", folder, *NPY, "--out", again, "--json"
    )

    assert (done.code, redone.code) == (0, 0), (done.stderr, redone.stderr)
    drawn = synthetic_patches(package, count=30, seed=3, device=CPU)
    expected = fitted_look(drawn[:20], own_lesions(folder, tmp_path / "cut"), by).applied(drawn)
    np.testing.assert_array_equal(array(first), expected)
    np.testing.assert_array_equal(array(again), expected)
    assert (again / "recipe.json").read_bytes() == (first / "recipe.json").read_bytes()
    recipe = OwnSamplingRecipe.model_validate_json(redone.stdout)
    assert recipe.look is not None
    assert (recipe.look.by, recipe.look.kinds, recipe.look.patches) == (by, ("mass",), CUTTING)
    for told in (done, redone):
        assert "for your centre's own use" in " ".join(told.stderr.split())
    assert (first / "patches.npy").stat().st_mode & 0o077 == 0


def test_the_first_of_more_patches_are_those_of_fewer(
    folder: Path, tmp_path: Path, sample: Genshare
) -> None:
    for count in ("4", "25"):
        look = ("--look-of", folder, "--harmonised-by", "greys_and_bands", *CUT)
        sample("--count", count, *look, *NPY, "--out", tmp_path / count)

    np.testing.assert_array_equal(array(tmp_path / "4"), array(tmp_path / "25")[:4])


@pytest.mark.usefixtures("sample")
def test_benign_and_malignant_samples_go_through_one_curve(
    folder: Path, tmp_path: Path, genshare: Genshare
) -> None:
    by_class = DcganArchitecture(
        image_size=16, latent_size=4, width=4, classes=("benign", "malignant")
    )
    package = write_random_ensemble(tmp_path / "package", architecture=by_class)
    becomes: dict[int, set[int]] = {}
    for pathology in ("benign", "malignant"):
        order = ("--count", "5", "--pathology", pathology, *NPY)
        for out, look in (("as-drawn", ()), ("look", ("--look-of", folder, *CUT))):
            done = genshare(
                "sample", package.folder, *order, *look, "--out", tmp_path / f"{pathology}-{out}"
            )
            assert done.code == 0, done.stderr
        before, after = (array(tmp_path / f"{pathology}-{out}") for out in ("as-drawn", "look"))
        assert (before != after).any()
        for one, other in zip(before.ravel().tolist(), after.ravel().tolist(), strict=True):
            becomes.setdefault(one, set()).add(other)

    assert {len(greys) for greys in becomes.values()} == {1}


@pytest.mark.usefixtures("sample")
def test_no_more_patches_are_drawn_for_the_fit_than_the_terms_allow(
    folder: Path, tmp_path: Path, genshare: Genshare
) -> None:
    package = write_random_ensemble(tmp_path / "package", use=UseLimits(most_samples=5))

    done = genshare(
        "sample", package.folder, "--count", "5", "--look-of", folder, *CUT, "--out", tmp_path / "o"
    )

    assert done.code == 0, done.stderr


@pytest.mark.parametrize(("margin", "is_told"), [(6, False), (60, True)])
@pytest.mark.usefixtures("sample")
def test_own_lesions_of_another_cutting_than_the_cards_are_told_of(
    folder: Path, tmp_path: Path, genshare: Genshare, margin: int, *, is_told: bool
) -> None:
    trained_on = TrainingSet(
        data_set="none",
        lesion_kinds=("mass",),
        patients=5,
        patches=5,
        cutting=Cutting(margin_px=margin, smallest_side_px=16),
    )
    package = write_random_ensemble(tmp_path / "package", training_set=trained_on)

    done = genshare(
        "sample", package.folder, "--count", "5", "--look-of", folder, *CUT, "--out", tmp_path / "o"
    )

    assert done.code == 0, done.stderr
    assert (
        "lesions with a margin of 60 px, and yours are cut with a margin of 6 px" in done.stderr
    ) is is_told


def test_recipes_without_a_look_are_written_as_they_were(
    package: Package, tmp_path: Path, sample: Genshare
) -> None:
    sample("--count", "2", "--out", tmp_path / "out")

    made = new_recipe(package, count=2, seed=0, device=CPU)
    text = (tmp_path / "out" / "recipe.json").read_text()
    assert text == made.model_dump_json(indent=2) + "\n"
    assert "look" not in json.loads(text)


def test_a_recipe_is_refused_with_other_mammograms_or_without_any(
    folder: Path, tmp_path: Path, sample: Genshare
) -> None:
    other = write_coco_folder(tmp_path / "other", document(8))
    sample("--count", "2", "--look-of", folder, *CUT, "--out", tmp_path / "first")
    sample("--count", "2", "--out", tmp_path / "plain")
    with_look, plain = (tmp_path / name / "recipe.json" for name in ("first", "plain"))

    for arguments, sentence in (
        (("--recipe", with_look, "--look-of", other), "the recipe is of other mammograms"),
        (("--recipe", with_look), "name their folder with --look-of"),
        (("--recipe", plain, "--look-of", folder), "leave out --look-of, or draw with --count"),
    ):
        done = sample(*arguments, "--out", tmp_path / "again")

        assert done.code == 1
        assert sentence in " ".join(done.stderr.split())
        assert not (tmp_path / "again").exists()


def test_a_recipe_is_followed_beside_a_copy_and_refused_beside_an_edited_image(
    folder: Path, tmp_path: Path, sample: Genshare
) -> None:
    sample("--count", "2", "--look-of", folder, *CUT, *NPY, "--out", tmp_path / "first")
    copy = copied(folder, tmp_path / "copy")
    again = ("--recipe", tmp_path / "first" / "recipe.json", "--look-of", copy, *NPY, "--out")

    followed = sample(*again, tmp_path / "again")
    edit_unnoticed(copy / "0.png", seed=99)
    refused = sample(*again, tmp_path / "never")

    assert followed.code == 0, followed.stderr
    np.testing.assert_array_equal(array(tmp_path / "again"), array(tmp_path / "first"))
    assert refused.code == 1
    assert "the recipe is of other mammograms" in " ".join(refused.stderr.split())


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (("--count", "1", "--kinds", "mass"), 2, "give --look-of FOLDER too"),
        (("--count", "1", "--harmonised-by", "greys"), 2, "give --look-of FOLDER too"),
        (("--count", "1", "--margin-px", "3"), 2, "give --look-of FOLDER too"),
        (("--count", "1", "--look-of", "FOLDER", "--harmonised-by", "grain"), 2, "one of greys"),
        (("--count", "1", "--look-of", "FOLDER", "--kinds", "other"), 1, "have no lesion of the"),
        (("--count", "1", "--look-of", "nowhere"), 1, "nowhere"),
        (("--recipe", "r.json", "--look-of", "FOLDER", "--seed", "1"), 2, "either --count"),
    ],
)
def test_wrong_things_are_one_sentence_and_leave_nothing(
    folder: Path,
    tmp_path: Path,
    sample: Genshare,
    arguments: tuple[str, ...],
    code: int,
    sentence: str,
) -> None:
    named = (str(folder) if word == "FOLDER" else word for word in arguments)

    done = sample(*named, "--out", tmp_path / "out")

    assert sentence in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr
    assert done.code == code
    assert list(tmp_path.iterdir()) == []


def test_a_recipe_says_itself_how_lesions_are_cut(
    folder: Path, tmp_path: Path, sample: Genshare
) -> None:
    sample("--count", "2", "--look-of", folder, *CUT, "--out", tmp_path / "first")
    again = ("--recipe", tmp_path / "first" / "recipe.json", "--look-of", folder)

    for more in (("--margin-px", "3"), ("--kinds", "mass"), ("--harmonised-by", "greys")):
        done = sample(*again, *more, "--out", tmp_path / "again")

        assert done.code == 2
        assert "leave out --harmonised-by, --kinds and the options of cutting" in " ".join(
            done.stderr.split()
        )


@pytest.mark.usefixtures("sample")
def test_residuals_have_no_look_of_lesions(
    folder: Path, tmp_path: Path, genshare: Genshare
) -> None:
    residual = DcganArchitecture(image_size=16, latent_size=4, width=4, output="residual")
    package = write_random_ensemble(tmp_path / "package", architecture=residual)

    done = genshare(
        "sample", package.folder, "--count", "1", "--look-of", folder, "--out", tmp_path / "out"
    )

    assert done.code == 1
    assert "draws residuals, which have the contrasts of own lesions once" in " ".join(
        done.stderr.split()
    )
