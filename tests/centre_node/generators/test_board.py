import importlib.util
from pathlib import Path

import pytest

from centre_node.generators.errors import TensorboardMissingError
from centre_node.generators.progress import FinishedEpoch
from tests.centre_node.generators.tiny import StopError, settings, stop_after, train

event_accumulator = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")


def told(folder: Path, **changes: object) -> list[FinishedEpoch]:
    """Train with a board, and return the epochs' events."""
    events: list[FinishedEpoch] = []
    train(folder, settings(**changes), on_progress=events.append, tensorboard=True)
    return events


def scalars(folder: Path) -> dict[str, list[tuple[int, float]]]:
    read = event_accumulator.EventAccumulator(str(folder / "tensorboard")).Reload()
    return {
        name: [(event.step, event.value) for event in read.Scalars(name)]
        for name in read.Tags()["scalars"]
    }


def test_the_numbers_of_every_epoch_and_the_grids_are_read_back(tmp_path: Path) -> None:
    events = told(tmp_path, loss="relativistic", learning_rate_end=1e-5)

    found = scalars(tmp_path)
    assert set(found) == {
        "loss/discriminator",
        "loss/generator",
        "patches_per_second",
        "learning_rate",
        "penalty_weight",
        "augmentation/probability",
        "augmentation/overfitting",
        "diversity",
    }
    steps, losses = zip(*found["loss/generator"], strict=True)
    assert list(steps) == [event.epoch for event in events]
    assert list(losses) == pytest.approx([event.generator_loss for event in events])
    rates = [value for _, value in found["learning_rate"]]
    assert rates[0] == pytest.approx(2e-4)
    assert rates == sorted(rates, reverse=True)
    assert [step for step, _ in found["diversity"]] == [2, 4]
    read = event_accumulator.EventAccumulator(str(tmp_path / "tensorboard")).Reload()
    pictures = read.Images("samples")
    assert [picture.step for picture in pictures] == [2, 4]
    assert pictures[0].encoded_image_string.startswith(b"\x89PNG")


def test_what_a_training_lacks_is_left_out(tmp_path: Path) -> None:
    told(tmp_path)

    assert not {name for name in scalars(tmp_path) if name.startswith(("augment", "penalty"))}


def test_a_resumed_training_tells_no_epoch_twice(tmp_path: Path) -> None:
    with pytest.raises(StopError):
        train(tmp_path, settings(), on_progress=stop_after(3), tensorboard=True)

    told(tmp_path)

    found = scalars(tmp_path)
    assert [step for step, _ in found["loss/discriminator"]] == [1, 2, 3, 4]
    assert [step for step, _ in found["diversity"]] == [2, 4]


def test_the_board_changes_no_weight_and_no_identity(tmp_path: Path) -> None:
    with_board, without = tmp_path / "with", tmp_path / "without"
    told(with_board)
    train(without, settings())

    for name in ("weights.safetensors", "training.json"):
        assert (with_board / name).read_bytes() == (without / name).read_bytes()


def test_a_training_may_be_resumed_without_its_board(tmp_path: Path) -> None:
    with pytest.raises(StopError):
        train(tmp_path, settings(), on_progress=stop_after(3), tensorboard=True)

    assert train(tmp_path, settings()).exists()


def test_a_missing_tensorboard_is_said_before_anything_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _name: None)

    with pytest.raises(TensorboardMissingError, match="tensorboard is not installed"):
        train(tmp_path / "run", settings(), tensorboard=True)

    assert not (tmp_path / "run").exists()
