import pytest
import torch
from torch import Tensor, nn

from centre_node.generators.conditions import ConditionedScorer
from centre_node.generators.construction import new_discriminator
from centre_node.generators.draws import StepDraws
from centre_node.generators.objectives import (
    DcganObjective,
    Objective,
    RelativisticObjective,
    WassersteinObjective,
)
from tests.centre_node.generators.tiny import RESIDUAL, SIDE, settings

WEIGHT = torch.tensor(10.0)


def step_draws(batch: int = 4) -> StepDraws:
    empty = torch.empty(0)
    return StepDraws(
        order=empty,
        flips=empty,
        latents=empty,
        labels=torch.linspace(0.8, 1.1, batch),
        generator_latents=empty,
        mixing=torch.linspace(0.0, 0.9, batch),
        augmentation=empty,
    )


def discriminator() -> nn.Module:
    return new_discriminator(RESIDUAL, settings(loss="wgan-gp"), torch.Generator().manual_seed(0))


def patches(seed: int) -> Tensor:
    random = torch.Generator().manual_seed(seed)
    return torch.rand(4, 1, SIDE, SIDE, generator=random) * 2 - 1


def gradients(objective: Objective, network: nn.Module) -> list[Tensor]:
    network.zero_grad()
    objective.judged(network, patches(1), patches(2), step_draws()).loss.backward()
    return [p.grad for p in network.parameters() if p.grad is not None]


@pytest.mark.parametrize(
    ("together", "apart"),
    [
        (DcganObjective(together=True), DcganObjective(together=False)),
        (WassersteinObjective(WEIGHT), WassersteinObjective(WEIGHT, together=False)),
        (RelativisticObjective(WEIGHT), RelativisticObjective(WEIGHT, together=False)),
    ],
)
def test_one_pass_over_real_and_fake_gives_the_numbers_of_two(
    together: Objective, apart: Objective
) -> None:
    network = discriminator()

    in_one, in_two = (gradients(objective, network) for objective in (together, apart))

    assert len(in_one) == len(in_two) > 10
    for one, two in zip(in_one, in_two, strict=True):
        assert torch.allclose(one, two, rtol=1e-4, atol=1e-6)


def test_the_critics_loss_of_a_linear_critic_is_equation_2() -> None:
    def critic(x: Tensor) -> Tensor:
        return 3.0 * x[:, 0, 0, 0]

    real, fake = torch.ones(4, 1, SIDE, SIDE), torch.zeros(4, 1, SIDE, SIDE)

    judgement = WassersteinObjective(WEIGHT).judged(critic, real, fake, step_draws())

    assert judgement.loss.item() == pytest.approx(0.0 - 3.0 + 10.0 * (3.0 - 1.0) ** 2)
    assert judgement.overfitting.item() == 1.0  # every real patch outscores its partner


def test_the_relativistic_loss_adds_half_of_r1_and_half_of_r2() -> None:
    def linear(x: Tensor) -> Tensor:
        return 3.0 * x[:, 0, 0, 0]

    real, fake = torch.ones(4, 1, SIDE, SIDE), torch.zeros(4, 1, SIDE, SIDE)

    loss = RelativisticObjective(WEIGHT).judged(linear, real, fake, step_draws()).loss

    unpenalised = torch.nn.functional.softplus(torch.tensor(0.0 - 3.0)).item()
    assert loss.item() == pytest.approx(unpenalised + 10.0 / 2 * (9.0 + 9.0))


def test_the_relativistic_generator_gains_where_its_patches_outscore_the_real_ones() -> None:
    objective = RelativisticObjective(WEIGHT)
    real, better, worse = (torch.full((4, 1, SIDE, SIDE), level) for level in (0.0, 1.0, -1.0))

    losses = [
        objective.for_generator(lambda x: x.mean(dim=(1, 2, 3)), real, fake).item()
        for fake in (better, real, worse)
    ]

    assert losses == sorted(losses)
    assert losses[1] == pytest.approx(0.6931, abs=1e-4)


@pytest.mark.parametrize(("level", "overfitting"), [(1.0, 1.0), (-1.0, -1.0)])
def test_the_dcgan_overfits_as_far_as_it_holds_real_patches_for_real(
    level: float, overfitting: float
) -> None:
    real = torch.full((4, 1, SIDE, SIDE), level)

    judgement = DcganObjective(together=True).judged(
        lambda x: x.mean(dim=(1, 2, 3)), real, torch.zeros_like(real), step_draws()
    )

    assert judgement.overfitting.item() == overfitting


def test_a_discriminator_that_refuses_wrong_classes_has_half_the_loss() -> None:
    bright = torch.tensor([-1.0, 1.0])[:, None, None, None].expand(2, 1, SIDE, SIDE)
    rows = torch.tensor([[1.0, 0.0], [0.0, 1.0]])  # the dark patch's class, the bright one's
    draws = step_draws(2)._replace(labels=torch.ones(2))

    def takes_all(both: Tensor) -> Tensor:
        return torch.full((len(both),), 50.0)

    def takes_the_right_class(both: Tensor) -> Tensor:
        shade, is_bright = both[:, 0].mean(dim=(1, 2)), both[:, 2].mean(dim=(1, 2))
        return 50 * shade * (2 * is_bright - 1)

    of_all, of_the_right = (
        DcganObjective(together=False, wrong_class_weight=0.5)
        .judged(ConditionedScorer(discriminator, rows), bright, bright, draws)
        .loss.item()
        for discriminator in (takes_all, takes_the_right_class)
    )

    # Fake patches are the real ones here, so that either discriminator is wrong about them.
    assert of_all == pytest.approx(50.0)
    assert of_the_right == pytest.approx(25.0)
