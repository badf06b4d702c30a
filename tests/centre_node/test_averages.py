import pytest
import torch
from torch import nn

from centre_node.averages import MovingAverage, new_share


def constant(value: float) -> nn.Module:
    network = nn.BatchNorm2d(1)
    for tensor in (*network.parameters(), network.running_mean):
        assert tensor is not None
        nn.init.constant_(tensor, value)
    return network


def test_after_a_half_life_what_was_before_counts_half() -> None:
    patches, before = 10, 1e9  # long past the ramp

    share = new_share(torch.tensor(before), patches, half_life=1000.0)

    assert (1 - share.item()) ** (1000 / patches) == pytest.approx(0.5, rel=1e-3)


def test_the_first_step_is_copied_and_early_ones_are_soon_forgotten() -> None:
    shares = [
        new_share(torch.tensor(before), 10, half_life=1000.0).item()
        for before in (0.0, 100.0, 1000.0, 20_000.0, 40_000.0)
    ]

    assert shares[0] == 1.0
    assert shares == sorted(shares, reverse=True)
    assert shares[3] == shares[4]  # the ramp ends at 1000 / 0.05 patches


def test_early_on_the_half_life_is_a_twentieth_of_the_patches_so_far() -> None:
    assert new_share(torch.tensor(200.0), 10, half_life=100.0).item() == pytest.approx(0.5)


def test_weights_move_by_their_share() -> None:
    average = MovingAverage(constant(0.0), half_life=10)
    average.update(constant(0.0), patches=1000)

    average.update(constant(1.0), patches=20)

    assert [p.item() for p in average.network.parameters()] == pytest.approx([0.75, 0.75])


def test_all_running_statistics_are_copied() -> None:
    original = nn.BatchNorm1d(2)
    average = MovingAverage(original, half_life=10)
    for _ in range(3):
        original(torch.randn(8, 2, generator=torch.Generator().manual_seed(0)))
        average.update(original, patches=8)

    for copied, source in zip(average.network.buffers(), original.buffers(), strict=True):
        assert torch.equal(copied, source)


def test_weights_are_averaged_and_running_statistics_copied() -> None:
    average = MovingAverage(constant(0.0), half_life=100)
    average.update(constant(1.0), patches=10)

    average.update(constant(2.0), patches=10)

    network = average.network
    assert isinstance(network, nn.BatchNorm2d)
    share = new_share(torch.tensor(10.0), 10, half_life=100.0).item()
    assert network.weight.item() == pytest.approx(1 + share)
    assert network.running_mean is not None
    assert network.running_mean.item() == 2.0


def test_a_restored_average_goes_on_as_the_saved_one() -> None:
    first, second = (MovingAverage(constant(0.0), 100) for _ in range(2))
    for value in (1.0, 3.0):
        first.update(constant(value), patches=10)

    second.load_state_dict(first.state_dict())

    for average in (first, second):
        average.update(constant(7.0), patches=10)
    assert torch.equal(*(next(average.network.parameters()) for average in (first, second)))


def test_the_averaged_network_takes_no_gradient() -> None:
    average = MovingAverage(constant(0.0), 100)

    assert not any(parameter.requires_grad for parameter in average.network.parameters())


def test_the_averaged_network_is_for_evaluation_and_the_original_is_left_alone() -> None:
    original = constant(0.0)

    average = MovingAverage(original, 100)
    average.update(original, patches=10)

    assert not average.network.training
    assert original.training
