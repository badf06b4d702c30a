"""`genshare sample` as a user types it."""

import json
import os
import signal
import subprocess
import sys
from functools import partial
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from centre_node.sampling import commands
from centre_node.sampling.drawing import synthetic_patches
from node_api.recipes import SamplingRecipe
from shared.interruption import SENTENCE
from shared.packages import Fetched, Package, canonical_json
from shared.terms import UseLimits
from tests.centre_node.sampling.ensembles import NAMES, write_random_ensemble
from tests.command_line import Genshare
from tests.waiting import wait_for

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Package:
    return write_random_ensemble(tmp_path_factory.mktemp("package"))


@pytest.fixture
def sample(genshare: Genshare, monkeypatch: pytest.MonkeyPatch) -> Genshare:
    monkeypatch.setattr(commands, "default_device", lambda: CPU)
    return partial(genshare, "sample")


def test_patches_and_their_recipe_and_the_same_patches_again(
    package: Package, tmp_path: Path, sample: Genshare
) -> None:
    first, again = tmp_path / "first", tmp_path / "again"

    done = sample(package.folder, "--count", "70", "--seed", "3", "--out", first, "--json")
    redone = sample(
        package.folder, "--recipe", first / "recipe.json", "--out", again, "--format", "npy"
    )

    assert (done.code, done.stderr) == (0, "")
    recipe = SamplingRecipe.model_validate_json(done.stdout)
    assert SamplingRecipe.model_validate_json((first / "recipe.json").read_bytes()) == recipe
    assert [file.name for file in recipe.weights] == list(NAMES)
    assert (redone.code, redone.stderr) == (0, "")
    assert "70 patches of 16 px from 3 weight files of centre-b/lesions-dcgan" in redone.stdout
    expected = synthetic_patches(package, count=70, seed=3, device=CPU)
    np.testing.assert_array_equal(np.load(again / "patches.npy"), expected)
    assert (again / "recipe.json").read_bytes() == (first / "recipe.json").read_bytes()
    pictures = sorted(first.glob("*.png"))
    assert [path.name for path in pictures[:2]] == ["patch-000001.png", "patch-000002.png"]
    assert len(pictures) == 70
    for path, patch in zip(pictures, expected, strict=True):
        np.testing.assert_array_equal(cv2.imread(str(path), cv2.IMREAD_UNCHANGED), patch)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["again", "first"]


def test_terms_of_use_are_shown_and_no_more_patches_drawn_than_they_allow(
    tmp_path: Path, sample: Genshare
) -> None:
    use = UseLimits(purpose="Research on detection", most_samples=5)
    package = write_random_ensemble(tmp_path / "package", use=use)

    done = sample(package.folder, "--count", "5", "--out", tmp_path / "five")
    refused = sample(package.folder, "--count", "6", "--out", tmp_path / "six")

    assert done.code == 0
    assert "purpose: Research on detection; patches at once, at most 5" in done.stderr
    assert (refused.code, (tmp_path / "six").exists()) == (1, False)
    assert "6 patches are asked for, but the terms of centre-b/lesions-dcgan allow 5" in " ".join(
        refused.stderr.split()
    )


def test_a_part_of_a_package_says_so_and_names_what_it_drew_from(
    tmp_path: Path, sample: Genshare
) -> None:
    folder = write_random_ensemble(tmp_path).folder
    (folder / "fetched.json").write_bytes(canonical_json(Fetched(weights=NAMES[1:])))
    (folder / NAMES[0]).unlink()

    done = sample(folder, "--count", "2", "--out", tmp_path / "out", "--json")

    assert "holds 2 of 3 weight files" in done.stderr
    assert [file["name"] for file in json.loads(done.stdout)["weights"]] == list(NAMES[1:])


def test_another_packages_recipe_is_refused_in_one_sentence(
    package: Package, tmp_path: Path, sample: Genshare
) -> None:
    other = write_random_ensemble(tmp_path / "other", files=1)
    sample(package.folder, "--count", "1", "--out", tmp_path / "out")

    done = sample(
        other.folder, "--recipe", tmp_path / "out" / "recipe.json", "--out", tmp_path / "again"
    )

    assert done.code == 1
    assert f"the recipe is of the package with the manifest digest {package.digest}" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "again").exists()


def test_a_recipe_made_by_another_torch_or_device_is_followed_with_a_word(
    package: Package, tmp_path: Path, sample: Genshare
) -> None:
    made = sample(package.folder, "--count", "3", "--out", tmp_path / "out", "--json")
    recipe = {**json.loads(made.stdout), "torch_version": "2.0.0", "device": "cuda"}
    (tmp_path / "other.json").write_text(json.dumps(recipe))

    done = sample(package.folder, "--recipe", tmp_path / "other.json", "--out", tmp_path / "again")

    assert done.code == 0
    assert "made with torch 2.0.0" in done.stderr
    assert "made with device cuda, this is cpu" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        ((), 2, "either --count"),
        (("--count", "1", "--recipe", "r.json"), 2, "either --count"),
        (("--seed", "1", "--recipe", "r.json"), 2, "either --count"),
        (("--count", "0"), 2, "--count"),
        (("--count", "1", "--seed", "-1"), 2, "--seed"),
        (("--count", "1", "--format", "gif"), 2, "--format is 'gif'; it must be one of png, npy"),
        (("--recipe", "none.json"), 1, "none.json cannot be read: No such file"),
    ],
)
def test_wrong_things_are_one_sentence_and_leave_nothing(
    package: Package,
    tmp_path: Path,
    sample: Genshare,
    arguments: tuple[str, ...],
    code: int,
    sentence: str,
) -> None:
    done = sample(package.folder, *arguments, "--out", tmp_path / "out")

    assert sentence in done.stderr
    assert "Traceback" not in done.stderr
    assert done.code == code
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
@pytest.mark.parametrize(
    ("patch_format", "number", "code"),
    [("png", signal.SIGINT, 130), ("npy", signal.SIGTERM, 143)],
)
def test_a_signal_leaves_nothing(
    package: Package, tmp_path: Path, patch_format: str, number: signal.Signals, code: int
) -> None:
    command = [sys.executable, "-m", "genshare", "sample", str(package.folder), "--count"]
    options = ["1000000", "--out", str(tmp_path / "out"), "--format", patch_format]
    environment = {**os.environ, "CUDA_VISIBLE_DEVICES": ""}
    with subprocess.Popen(
        [*command, *options],
        env=environment,
        stderr=subprocess.PIPE,
        # Who starts tests in the background has them ignore it.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    ) as process:
        wait_for(lambda: _has_patches(tmp_path))
        process.send_signal(number)
        _, stderr = process.communicate(timeout=60)

    assert process.returncode == code, stderr.decode()
    assert stderr.decode().splitlines()[-1] == SENTENCE
    assert "Traceback" not in stderr.decode()
    assert list(tmp_path.iterdir()) == []


def _has_patches(folder: Path) -> bool:
    """Tell whether a patch is written yet; a listing of all would never end while they come."""
    for unfinished in folder.glob(".out.*"):
        with os.scandir(unfinished) as files:
            return any("patch" in file.name for file in files)
    return False
