from pathlib import Path

import pytest

from centre_node.generators.kept_weights import weight_files
from node_api.generator_training import GeneratorTraining, is_kept, kept_epochs
from shared.weights import inspect_weights
from tests.centre_node.generators.tiny import ARCHITECTURE, StopError, settings, stop_after, train

KEEPING = settings(epochs=6, keep_weights_from_epoch=2, keep_weights_every_epochs=2)


def test_the_papers_dcgan_leaves_51_weight_files() -> None:
    paper = GeneratorTraining()

    kept = [epoch for epoch in range(1, paper.epochs + 1) if is_kept(epoch, paper)]

    assert kept == list(range(500, 3000, 50))  # and epoch 3000, the final weights
    assert kept_epochs(paper) == len(kept) == 50


def test_kept_weights_are_those_of_their_epoch(tmp_path: Path) -> None:
    train(tmp_path / "six", KEEPING)
    names = ["weights-epoch-0002.safetensors", "weights-epoch-0004.safetensors"]

    files = weight_files(tmp_path / "six")

    assert [path.name for path in files] == [*names, "weights.safetensors"]
    assert len({path.read_bytes() for path in files}) == 3
    for path in files:
        inspect_weights(path, ARCHITECTURE.generator_tensors())
    four = train(tmp_path / "four", settings(epochs=4))
    assert files[1].read_bytes() == four.read_bytes()


def test_a_resumed_training_leaves_the_same_kept_weights(tmp_path: Path) -> None:
    with pytest.raises(StopError):
        train(tmp_path / "stopped", KEEPING, on_progress=stop_after(3))

    train(tmp_path / "stopped", KEEPING)

    train(tmp_path / "whole", KEEPING)
    stopped, whole = (weight_files(tmp_path / name) for name in ("stopped", "whole"))
    assert [path.read_bytes() for path in stopped] == [path.read_bytes() for path in whole]


def test_no_weights_but_the_final_ones_are_kept_where_none_are_asked_for(tmp_path: Path) -> None:
    weights = train(tmp_path, settings(keep_weights_from_epoch=None))

    assert weight_files(tmp_path) == (weights,)


def test_weight_files_are_ordered_by_epoch_not_by_name(tmp_path: Path) -> None:
    for epoch in ("10000", "0500", "9950"):
        (tmp_path / f"weights-epoch-{epoch}.safetensors").touch()
    (tmp_path / "weights-epoch-500.txt").touch()

    epochs = [path.stem.removeprefix("weights-epoch-") for path in weight_files(tmp_path)]

    assert epochs == ["0500", "9950", "10000"]
