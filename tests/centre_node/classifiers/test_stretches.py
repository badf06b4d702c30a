from collections import Counter
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from centre_node.classifiers.epochs import batches, mix_epoch
from centre_node.classifiers.stretches import Patches, Step
from node_api.classifier_training import ClassifierTraining

CPU = torch.device("cpu")
SIDE = 4


def numbered(count: int) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Patches that no flip and no turn leaves unknown: each is full of its own number."""
    pixels = np.repeat(np.arange(count, dtype=np.uint8), SIDE * SIDE).reshape(count, SIDE, SIDE)
    return pixels, np.arange(count) % 2


def stretches(count: int, *, seed: int = 0, **training: Any) -> list[list[Step]]:
    patches = Patches(
        lambda _random: numbered(count),
        ClassifierTraining(**training),
        np.random.default_rng(seed),
        CPU,
    )
    found = [list(steps) for steps in patches.stretches()]
    assert len(found) == patches.looks
    return found


def numbers(steps: list[Step]) -> list[int]:
    """Return which patches were trained on, in their order."""
    greys = torch.cat([step.inputs for step in steps])[:, 0, 0, 0]
    return ((greys + 1) * 127.5).round().int().tolist()


@pytest.mark.parametrize("count", [5, 12, 25, 240])
def test_a_training_in_steps_has_as_many_of_the_same_size_whatever_it_is_trained_on(
    count: int,
) -> None:
    found = stretches(count, steps=43, batch_size=12)

    assert len(found) == 20
    assert {len(steps) for steps in found} == {2, 3}
    steps = [step for stretch in found for step in stretch]
    assert len(steps) == 43
    assert {len(step.labels) for step in steps} == {12}
    assert [step.progress for step in steps] == [(index + 0.5) / 43 for index in range(43)]


def test_every_patch_comes_as_often_as_the_others_and_with_its_label() -> None:
    steps = [step for stretch in stretches(25, steps=50, batch_size=10) for step in stretch]

    assert Counter(numbers(steps)) == dict.fromkeys(range(25), 20)
    assert [n % 2 for n in numbers(steps)] == torch.cat([step.labels for step in steps]).tolist()


def test_the_draws_of_an_augmentation_stay_with_an_epochs_rest() -> None:
    steps = [
        step
        for stretch in stretches(7, steps=9, batch_size=5, augmentation="classical")
        for step in stretch
    ]

    assert {step.inputs.shape for step in steps} == {(5, 1, SIDE, SIDE)}


def test_a_training_of_few_steps_looks_at_validation_after_each() -> None:
    assert [len(steps) for steps in stretches(30, steps=3)] == [1, 1, 1]


def test_the_seed_determines_the_steps() -> None:
    first, again, other = (
        [numbers(steps) for steps in stretches(25, steps=40, seed=seed)] for seed in (1, 1, 2)
    )

    assert first == again != other


def test_an_epoch_is_every_patch_once_in_batches_of_which_the_last_may_be_smaller() -> None:
    random = np.random.default_rng(3)
    expected = [mix_epoch(*numbered(26), random, device=CPU, classical=False) for _ in range(2)]

    found = stretches(26, seed=3, epochs=2, batch_size=12)

    for epoch, steps in zip(expected, found, strict=True):
        cuts = list(batches(26, 12))
        assert [len(step.labels) for step in steps] == [12, 12, 2]
        assert all(
            torch.equal(step.inputs, epoch.inputs(cut)) and torch.equal(step.labels, labels)
            for step, cut, labels in zip(steps, cuts, [epoch.labels[c] for c in cuts], strict=True)
        )
    progress = [step.progress for steps in found for step in steps]
    assert progress == pytest.approx([(index + 0.5) / 6 for index in range(6)], rel=1e-12)
