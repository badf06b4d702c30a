"""A whole training under differential privacy: what it leaves, resumes and refuses."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from centre_node.generators.accountant import Steps, spent_epsilon
from centre_node.generators.construction import new_discriminator
from centre_node.generators.errors import CheckpointError, PrivacyError
from centre_node.generators.loop import OnEpoch
from centre_node.generators.patient_gradients import check_separable
from centre_node.generators.spent_steps import promised
from centre_node.generators.state import random_stream
from centre_node.generators.training import train_generator
from node_api.generator_training import GeneratorTraining
from shared.architectures import DcganArchitecture
from tests.centre_node.generators.tiny import ARCHITECTURE, CPU, SIDE, StopError, discs, stop_after

PATIENTS = 10
OWNERS = np.repeat(np.arange(PATIENTS), 2)


def private(**changes: Any) -> GeneratorTraining:
    short = {
        "recipe": "private",
        "seed": 0,
        "epochs": 4,
        "batch_size": 4,
        "critic_steps": 2,
        "checkpoint_every_epochs": 2,
        "privacy": {"noise_multiplier": 1.0, "sampling_rate": 0.25, "delta": 1e-3},
    }
    return GeneratorTraining.model_validate({**short, **changes})


def train_privately(
    folder: Path,
    training: GeneratorTraining | None = None,
    *,
    patients: NDArray[np.int64] | None = OWNERS,
    architecture: DcganArchitecture = ARCHITECTURE,
    classes: NDArray[np.int64] | None = None,
    on_epoch: OnEpoch = lambda _event: None,
) -> Path:
    return train_generator(
        discs(len(OWNERS)),
        architecture=architecture,
        training=training or private(),
        folder=folder,
        device=CPU,
        on_epoch=on_epoch,
        classes=classes,
        patients=patients,
    )


def test_a_finished_training_says_what_it_spent(tmp_path: Path) -> None:
    train_privately(tmp_path)

    promise = promised(tmp_path, private(), PATIENTS)

    assert promise is not None
    assert (promise.steps, promise.delta, promise.unit) == (4 * 4, 1e-3, "patient")
    assert promise.epsilon == spent_epsilon(Steps(16, 0.25, 1e-3), 1.0)


@pytest.mark.slow
def test_a_target_is_kept_and_not_missed_by_much(tmp_path: Path) -> None:
    training = private(privacy={"epsilon": 5.0, "sampling_rate": 0.25})
    train_privately(tmp_path, training)

    promise = promised(tmp_path, training, PATIENTS)

    assert promise is not None
    assert 4.9 < promise.epsilon <= 5.0
    assert promise.delta == 0.07  # 10 to the power -1.1 is 0.079


@pytest.mark.slow
def test_the_same_seed_gives_other_weights_because_noise_is_secret(tmp_path: Path) -> None:
    first, second = (train_privately(tmp_path / name).read_bytes() for name in ("a", "b"))

    assert first != second


@pytest.mark.slow
def test_what_an_interruption_loses_was_spent_and_is_not_done_again(tmp_path: Path) -> None:
    with pytest.raises(StopError):
        train_privately(tmp_path, on_epoch=stop_after(3))  # the last checkpoint is of the 2nd
    epochs: list[int] = []

    train_privately(tmp_path, on_epoch=lambda event: epochs.append(event.epoch))

    assert epochs == [4]
    promise = promised(tmp_path, private(), PATIENTS)
    assert promise is not None
    assert promise.steps == 16
    assert (tmp_path / "losses.csv").read_text().splitlines()[3] == "3,,"


def test_an_epoch_is_counted_before_its_result_can_be_seen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    counted: list[int] = []

    def seen(*_arguments: Any, **_named: Any) -> None:
        counted.append(json.loads((tmp_path / "privacy.json").read_text())["epochs"])
        raise StopError

    monkeypatch.setattr("centre_node.generators.private_epochs.patient_gradients", seen)
    monkeypatch.setattr(
        "centre_node.generators.private_epochs.secret_sample", lambda count, _rate: np.arange(count)
    )

    with pytest.raises(StopError):
        train_privately(tmp_path)

    assert counted == [1]


@pytest.mark.slow
def test_a_checkpoint_holds_no_state_that_noise_could_be_drawn_from_again(tmp_path: Path) -> None:
    with pytest.raises(StopError):
        train_privately(tmp_path, private(epochs=8), on_epoch=stop_after(2))
    copy = tmp_path.with_name("copy")
    copy.mkdir()
    for name in ("training.json", "checkpoint.pt", "privacy.json"):
        (copy / name).write_bytes((tmp_path / name).read_bytes())

    both = [train_privately(folder, private(epochs=8)).read_bytes() for folder in (tmp_path, copy)]

    assert both[0] != both[1]


def test_a_removed_checkpoint_does_not_give_the_budget_back(tmp_path: Path) -> None:
    with pytest.raises(StopError):
        train_privately(tmp_path, on_epoch=stop_after(3))
    (tmp_path / "checkpoint.pt").unlink()
    epochs: list[int] = []

    train_privately(tmp_path, on_epoch=lambda event: epochs.append(event.epoch))

    assert epochs == [4]


@pytest.mark.parametrize(
    ("removed", "left", "sentence"),
    [
        ("privacy.json", 2, "no privacy.json that counts what it spent"),
        ("checkpoint.pt", 4, "has spent all its epochs and kept no checkpoint of them"),
    ],
)
def test_a_folder_that_lost_its_count_or_its_checkpoint_is_refused(
    tmp_path: Path, removed: str, left: int, sentence: str
) -> None:
    with pytest.raises(StopError):
        train_privately(tmp_path, on_epoch=stop_after(left))
    (tmp_path / removed).unlink()

    with pytest.raises((CheckpointError, PrivacyError), match=sentence):
        train_privately(tmp_path)


def test_no_real_patch_decides_when_a_training_stops_or_what_it_warns_of(tmp_path: Path) -> None:
    events: list[str | None] = []

    train_privately(
        tmp_path,
        private(collapse_share=0.99),
        on_epoch=lambda event: events.append(event.warning),
    )

    assert events == [None] * 4


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"patients": None}, "each of the 20 patches needs to be some patient's"),
        (
            {"training": private(privacy={"noise_multiplier": 1, "sampling_rate": 0.05})},
            r"a step sees less than one of 10 patients on average",
        ),
        (
            {"training": private(privacy={"epsilon": 1e-5, "delta": 1e-9, "sampling_rate": 1})},
            "cannot be kept over 4 steps",
        ),
    ],
)
def test_what_cannot_be_promised_is_refused_in_a_sentence(
    tmp_path: Path, changes: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(PrivacyError, match=sentence):
        train_privately(tmp_path, **changes)


def test_a_generator_of_classes_is_refused(tmp_path: Path) -> None:
    of_classes = DcganArchitecture(image_size=SIDE, width=4, classes=("benign", "malignant"))

    with pytest.raises(PrivacyError, match="trains no generator of classes"):
        train_privately(tmp_path, architecture=of_classes, classes=OWNERS % 2)


def test_batch_norm_in_the_discriminator_is_refused_and_the_recipe_builds_none() -> None:
    ordinary, protected = (
        new_discriminator(ARCHITECTURE, training, random_stream(0, 0))
        for training in (GeneratorTraining(), private())
    )
    check_separable(protected)

    with pytest.raises(PrivacyError, match="the discriminator has BatchNorm"):
        check_separable(ordinary)


def test_until_its_first_step_a_generator_depends_on_no_patient(tmp_path: Path) -> None:
    """Its BatchNorm and the stream of latents would tell how many patches a step saw."""
    found = []
    for name, patches in (("bright", discs(20)), ("dark", 255 - discs(20))):
        train_generator(
            patches,
            architecture=ARCHITECTURE,
            training=private(epochs=1, critic_steps=10),
            folder=tmp_path / name,
            device=CPU,
            on_epoch=lambda _event: None,
            patients=OWNERS,
        )
        saved = torch.load(tmp_path / name / "checkpoint.pt", weights_only=True)["state"]
        found.append({**saved["generator"], "random": saved["random"]})

    assert all(torch.equal(value, found[1][name]) for name, value in found[0].items())
