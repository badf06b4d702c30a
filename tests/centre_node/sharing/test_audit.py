"""`genshare audit` and the job's core, on a training's folder."""

import json
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from centre_node.mammography.phantoms.writing import write_phantoms
from centre_node.sharing import audit as module
from centre_node.sharing.release import AUDIT, read_audit
from node_api.data_sources import PhantomSet
from shared.packages import sha256_of
from tests.command_line import Genshare

CUT = ("--kinds", "mass", "--margin-px", "8", "--smallest-side-px", "16")
TINY = ("--size", "16", "--width", "4", "--batch-size", "4", "--epochs", "2", "--seed", "0")


def block_means(patches: NDArray[np.uint8]) -> NDArray[np.float64]:
    means: NDArray[np.float64] = patches.reshape(len(patches), 16, 16).astype(float).mean(axis=1)
    return means


@pytest.fixture(autouse=True)
def no_classifier(monkeypatch: pytest.MonkeyPatch) -> None:
    """Training one on phantoms takes longer than all the rest; it has a test of its own."""
    monkeypatch.setattr(module, "phantom_features", lambda *_: block_means)


@pytest.fixture(scope="module")
def mammograms(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data") / "inbreast"
    phantoms = PhantomSet(
        style="digital", patients=30, seed=0, image_height_px=256, healthy_share=0
    )
    write_phantoms(phantoms, folder, layout="inbreast", on_progress=lambda _done, _total: None)
    return folder


@pytest.mark.slow
def test_what_was_trained_is_audited_and_the_gate_reads_it(
    genshare: Genshare, mammograms: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    kept = tmp_path / "kept.toml"
    kept.write_text("[training]\nkeep_weights_from_epoch = 1\nkeep_weights_every_epochs = 1\n")
    held = ("--hold-out-share", "0.5", "--hold-out-seed", "1", "--training", str(kept))
    trained = genshare("train-generator", mammograms, "--out", out, *CUT, *TINY, *held)
    assert trained.code == 0, trained.stderr

    one = genshare("audit", out, "--samples", "200", "--positive-control")
    union = genshare("audit", out, "--samples", "200", "--ensemble", "--json")

    assert one.code == 0, one.stderr
    assert "calibrated nearest sample, pixels" in one.stdout
    assert "positive control: 10 members planted 20 times each" in one.stdout
    assert "stay in the centre" in one.stdout
    assert union.code == 0, union.stderr
    report = json.loads(union.stdout)
    names = ["weights-epoch-0001.safetensors", "weights.safetensors"]
    assert [file["name"] for file in report["weights"]] == names
    assert [file["sha256"] for file in report["weights"]] == [sha256_of(out / n) for n in names]
    assert report["members"]["patients"] + report["held_out"]["patients"] <= 30
    assert report["internal_auroc"] is not None
    found = read_audit(out / AUDIT)
    assert found is not None
    assert found.report.model_dump(mode="json") == report
    assert (out / "audit" / "most-exposed.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.slow
def test_a_training_that_held_nobody_out_cannot_be_told_of(
    genshare: Genshare, mammograms: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    trained = genshare(
        "train-generator", mammograms, "--out", out, *CUT, *TINY, "--hold-out-share", "0"
    )
    assert trained.code == 0, trained.stderr

    done = genshare("audit", out)

    assert done.code == 0, done.stderr
    assert "nothing can be told: 0 patients are held out" in done.stdout


def test_what_is_no_training_is_refused_in_one_sentence(genshare: Genshare, tmp_path: Path) -> None:
    done = genshare("audit", tmp_path)

    assert done.code == 1
    assert "holds no trained.json of a finished training" in done.stderr


def test_two_choices_of_weights_are_refused(genshare: Genshare, tmp_path: Path) -> None:
    done = genshare("audit", tmp_path, "--ensemble", "--proportion", "weights.safetensors=1")

    assert done.code == 2
    assert "--ensemble takes every weight file" in done.stderr
