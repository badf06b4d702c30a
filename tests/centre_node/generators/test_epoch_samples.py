from pathlib import Path

import numpy as np
import pytest

from centre_node.generators.epoch_samples import (
    read_samples,
    sampled_epochs,
    samples_of_an_epoch,
)
from node_api.generator_training import GeneratorTraining
from tests.centre_node.generators.tiny import SIDE, StopError, discs, settings, stop_after, train


def test_of_the_papers_60_checkpoints_every_fifth_has_samples() -> None:
    assert sampled_epochs(GeneratorTraining()) == tuple(range(250, 3001, 250))


@pytest.mark.parametrize(
    ("epochs", "every", "expected"),
    [
        (4, 2, (2, 4)),
        (5, 2, (2, 4, 5)),
        (3, 50, (3,)),
        (13, 1, (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 13)),
    ],
)
def test_samples_are_kept_at_checkpoints_and_the_last_is_one(
    epochs: int, every: int, expected: tuple[int, ...]
) -> None:
    found = sampled_epochs(settings(epochs=epochs, checkpoint_every_epochs=every))

    assert found == expected


def test_there_are_as_many_as_half_of_the_patches_but_not_more_than_128() -> None:
    assert [samples_of_an_epoch(patches) for patches in (14, 15, 1148)] == [7, 8, 128]


@pytest.mark.slow
def test_a_training_keeps_samples_that_move_with_it(tmp_path: Path) -> None:
    train(tmp_path, settings(epochs=6, learning_rate=1e-2), patches=discs(150))

    found = read_samples(tmp_path)

    assert list(found) == [2, 4, 6]
    for samples in found.values():
        assert samples.shape == (75, SIDE, SIDE)
        assert samples.dtype == np.uint8
    assert not np.array_equal(found[2], found[6])


def test_a_resumed_training_has_the_samples_of_the_uninterrupted_one(tmp_path: Path) -> None:
    with pytest.raises(StopError):
        train(tmp_path / "stopped", settings(), on_progress=stop_after(3))
    train(tmp_path / "stopped", settings())
    train(tmp_path / "whole", settings())

    resumed, whole = (read_samples(tmp_path / name) for name in ("stopped", "whole"))

    assert list(resumed) == list(whole)
    for epoch, samples in whole.items():
        np.testing.assert_array_equal(resumed[epoch], samples)


def test_a_folder_without_samples_has_none(tmp_path: Path) -> None:
    assert read_samples(tmp_path) == {}
