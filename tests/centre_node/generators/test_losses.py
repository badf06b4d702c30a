import math

import pytest
import torch

from centre_node.generators.losses import (
    class_aware_loss,
    critic_generator_loss,
    critic_loss,
    discriminator_loss,
    generator_loss,
    relativistic_loss,
    smoothed_labels,
)


def test_an_undecided_discriminator_loses_ln_2_on_each_side() -> None:
    undecided = torch.zeros(4)

    loss = discriminator_loss(undecided, undecided, torch.ones(4))

    assert loss.item() == pytest.approx(2 * math.log(2))


def test_the_discriminators_loss_is_known_for_smoothed_labels() -> None:
    real, fake, labels = torch.tensor([1.0, 2.0]), torch.tensor([-1.0, 0.5]), [0.8, 1.1]

    loss = discriminator_loss(real, fake, torch.tensor(labels))

    def on_real(score: float, label: float) -> float:
        probability = 1 / (1 + math.exp(-score))
        return -label * math.log(probability) - (1 - label) * math.log(1 - probability)

    expected = (on_real(1.0, 0.8) + on_real(2.0, 1.1)) / 2
    expected += (math.log1p(math.exp(-1.0)) + math.log1p(math.exp(0.5))) / 2
    assert loss.item() == pytest.approx(expected, rel=1e-5)


def test_wrong_classes_take_their_share_of_the_weight_of_fake_patches() -> None:
    real, fake, labels = torch.tensor([1.0, 2.0]), torch.tensor([-1.0, 0.5]), torch.ones(2)
    surely_refused = torch.full((2,), -50.0)

    without = class_aware_loss(real, fake, surely_refused, labels, 0.0)
    all_of_it = class_aware_loss(real, surely_refused, fake, labels, 1.0)
    half = class_aware_loss(real, fake, fake, labels, 0.5)

    plain = discriminator_loss(real, fake, labels)
    assert without.item() == all_of_it.item() == pytest.approx(plain.item())
    assert half.item() == pytest.approx(plain.item())


def test_the_discriminator_settles_at_the_smoothed_label() -> None:
    score = torch.tensor([math.log(0.9 / 0.1)], requires_grad=True)  # sigmoid(score) = 0.9

    discriminator_loss(score, torch.zeros(1), torch.tensor([0.9])).backward()

    assert score.grad is not None
    assert score.grad.item() == pytest.approx(0.0, abs=1e-6)


def test_the_generator_is_rewarded_for_patches_held_for_real() -> None:
    assert generator_loss(torch.zeros(3)).item() == pytest.approx(math.log(2))
    assert generator_loss(torch.full((3,), 9.0)) < generator_loss(torch.full((3,), -9.0))


def test_labels_are_drawn_for_each_patch_within_their_range() -> None:
    labels = smoothed_labels((2000,), (0.8, 1.1), torch.Generator().manual_seed(0))

    assert len(labels.unique()) > 1900
    assert labels.min() >= 0.8
    assert labels.max() <= 1.1
    assert labels.mean().item() == pytest.approx(0.95, abs=0.01)


def test_the_same_random_stream_gives_the_same_labels() -> None:
    first, second = (
        smoothed_labels((5,), (0.8, 1.1), torch.Generator().manual_seed(3)) for _ in range(2)
    )

    assert torch.equal(first, second)


def test_the_critic_minimises_fake_minus_real_scores() -> None:
    assert critic_loss(torch.tensor([1.0, 3.0]), torch.tensor([0.0, 0.5])).item() == -1.75


def test_the_critics_generator_maximises_the_scores_of_its_patches() -> None:
    assert critic_generator_loss(torch.tensor([1.0, 2.0])).item() == -1.5


def test_equal_scores_cost_both_relativistic_players_ln_2() -> None:
    scores = torch.tensor([3.0, -1.0])

    assert relativistic_loss(scores, scores).item() == pytest.approx(math.log(2))


def test_the_relativistic_loss_is_known_and_looks_at_pairs_only() -> None:
    real, fake = torch.tensor([1.0, 0.0]), torch.tensor([0.0, 2.0])

    loss = relativistic_loss(real, fake)

    expected = (math.log1p(math.exp(-1.0)) + math.log1p(math.exp(2.0))) / 2
    assert loss.item() == pytest.approx(expected, rel=1e-6)
    assert torch.equal(relativistic_loss(real + 4, fake + 4), loss)
