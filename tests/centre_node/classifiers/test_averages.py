import pytest
import torch
from torch import nn

from centre_node.classifiers.averages import MovingAverage, kept_share


def linear(value: float) -> nn.Linear:
    layer = nn.Linear(1, 1)
    nn.init.constant_(layer.weight, value)
    nn.init.constant_(layer.bias, value)
    return layer


def test_the_first_step_is_copied() -> None:
    average = MovingAverage(linear(5.0), half_life_patches=100)

    average.update(linear(1.0), patches=10)

    assert [p.item() for p in average.network.parameters()] == [1.0, 1.0]


def test_after_a_half_life_what_was_there_before_counts_half() -> None:
    assert kept_share(10_000, 100, half_life=100) == pytest.approx(0.5)
    assert kept_share(10_000, 50, half_life=100) ** 2 == pytest.approx(0.5)


def test_early_on_the_half_life_is_a_twentieth_of_the_patches_so_far() -> None:
    assert kept_share(0, 10, half_life=100) == 0
    assert kept_share(200, 10, half_life=100) == pytest.approx(0.5)


def test_weights_move_by_the_share_that_is_not_kept() -> None:
    average = MovingAverage(linear(0.0), half_life_patches=10)
    average.update(linear(0.0), patches=1000)

    average.update(linear(1.0), patches=20)

    assert [p.item() for p in average.network.parameters()] == pytest.approx([0.75, 0.75])


def test_running_statistics_are_copied_and_the_original_is_left_alone() -> None:
    original = nn.BatchNorm1d(2)
    average = MovingAverage(original, half_life_patches=10)
    for _ in range(3):
        original(torch.randn(8, 2, generator=torch.Generator().manual_seed(0)))
        average.update(original, patches=8)

    for copied, source in zip(average.network.buffers(), original.buffers(), strict=True):
        assert torch.equal(copied, source)
    assert not average.network.training
    assert original.training
