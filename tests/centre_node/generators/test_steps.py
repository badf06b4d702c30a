from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy

from centre_node.generators.draws import EpochDraws, draw_epoch, real_batch
from centre_node.generators.state import TrainingState, new_state
from centre_node.generators.steps import TrainingStep, training_step
from node_api.generator_training import Augmentation, GeneratorTraining
from shared.architectures import Architecture
from tests.centre_node.generators.tiny import (
    ARCHITECTURE,
    CPU,
    LOSSES,
    RESIDUAL,
    discs,
    settings,
)

PATCHES = torch.tensor(discs(40))


def new_step(
    training: GeneratorTraining, architecture: Architecture = ARCHITECTURE
) -> TrainingStep:
    return training_step(new_state(architecture, training, CPU), training, PATCHES)


def epoch_draws(training: GeneratorTraining, seed: int = 0) -> EpochDraws:
    random = torch.Generator().manual_seed(seed)
    return draw_epoch(len(PATCHES), training, latent_size=8, random=random)


def weights(network: nn.Module) -> Tensor:
    return torch.cat([parameter.detach().flatten() for parameter in network.parameters()])


@pytest.mark.parametrize("architecture", [ARCHITECTURE, RESIDUAL])
@pytest.mark.parametrize("loss", LOSSES)
def test_a_step_moves_both_networks_whatever_they_are(
    loss: str, architecture: Architecture
) -> None:
    training = settings(loss=loss)
    step, twin = (new_step(training, architecture) for _ in range(2))

    losses = step(epoch_draws(training)[0], with_generator=True)

    assert losses.isfinite().all()
    assert not torch.equal(weights(step.state.generator), weights(twin.state.generator))
    assert not torch.equal(weights(step.state.discriminator), weights(twin.state.discriminator))
    assert all(parameter.requires_grad for parameter in step.state.discriminator.parameters())


def test_dcgan_steps_are_those_of_a_plain_loop_that_keeps_every_gradient() -> None:
    """Written out as the public examples do it; freezing the discriminator changes no bit."""
    training = settings()
    step, plain = new_step(training), new_step(training)
    draws = epoch_draws(training)

    for index in range(4):
        step(draws[index], with_generator=True)
        _plain_dcgan_step(plain.state, draws, index)

    for name in ("generator", "discriminator"):
        ours, theirs = (getattr(s.state, name).state_dict() for s in (step, plain))
        assert all(torch.equal(ours[key], theirs[key]) for key in theirs)


def _plain_dcgan_step(state: TrainingState, draws: EpochDraws, index: int) -> None:
    loss = nn.BCEWithLogitsLoss()
    drawn = draws[index]
    fake = state.generator(drawn.latents)
    state.discriminator_optimiser.zero_grad()
    real_scores = state.discriminator(real_batch(PATCHES, drawn.order, drawn.flips))
    fake_scores = state.discriminator(fake.detach())
    (loss(real_scores, drawn.labels) + loss(fake_scores, torch.zeros(4))).backward()
    state.discriminator_optimiser.step()
    state.generator_optimiser.zero_grad()
    loss(state.discriminator(fake), torch.ones(4)).backward()
    state.generator_optimiser.step()


def test_the_discriminators_gradient_is_that_of_probabilities_written_out() -> None:
    training = settings()
    step, twin = new_step(training), new_step(training)
    drawn = epoch_draws(training)[0]

    step(drawn, with_generator=True)

    on_real, on_fake = (
        twin.state.discriminator(patches).sigmoid()
        for patches in (
            real_batch(PATCHES, drawn.order, drawn.flips),
            twin.state.generator(drawn.latents).detach(),
        )
    )
    labels = drawn.labels
    cross_entropy = -(labels * on_real.log() + (1 - labels) * (1 - on_real).log()).mean()
    (cross_entropy + binary_cross_entropy(on_fake, torch.zeros(4))).backward()
    assert torch.allclose(_gradient(step), _gradient(twin), rtol=1e-4, atol=1e-7)


def _gradient(step: TrainingStep) -> Tensor:
    gradient = next(step.state.discriminator.parameters()).grad
    assert gradient is not None
    return gradient


def test_the_critics_step_without_the_generators_leaves_the_generators_weights() -> None:
    training = settings(loss="wgan-gp")
    step = new_step(training)
    before = weights(step.state.generator)

    losses = step(epoch_draws(training)[0], with_generator=False)

    assert torch.equal(weights(step.state.generator), before)
    assert losses[1] == 0


def test_a_wgan_gp_cycle_is_that_of_a_plain_loop() -> None:
    training = settings(loss="wgan-gp")
    step, plain = new_step(training), new_step(training)
    draws = epoch_draws(training)

    for index in range(5):
        step(draws[index], with_generator=index == 4)
        _plain_critic_step(plain.state, draws, index)
    _plain_generator_step(plain.state, draws[4].generator_latents)

    for name in ("generator", "discriminator"):
        ours, theirs = (weights(getattr(s.state, name)) for s in (step, plain))
        assert torch.allclose(ours, theirs, atol=1e-5)


def _plain_critic_step(state: TrainingState, draws: EpochDraws, index: int) -> None:
    drawn, critic = draws[index], state.discriminator
    real = real_batch(PATCHES, drawn.order, drawn.flips)
    fake = state.generator(drawn.latents).detach()
    share = drawn.mixing.view(-1, 1, 1, 1)
    between = (share * real + (1 - share) * fake).requires_grad_()
    gradient = torch.autograd.grad(critic(between).sum(), between, create_graph=True)[0]
    penalty = ((gradient.view(4, -1).norm(2, dim=1) - 1) ** 2).mean()
    state.discriminator_optimiser.zero_grad()
    (critic(fake).mean() - critic(real).mean() + 10 * penalty).backward()
    state.discriminator_optimiser.step()


def _plain_generator_step(state: TrainingState, latents: Tensor) -> None:
    state.generator_optimiser.zero_grad()
    (-state.discriminator(state.generator(latents)).mean()).backward()
    state.generator_optimiser.step()


@pytest.mark.parametrize("loss", LOSSES)
def test_bfloat16_steps_are_close_to_float32_ones(loss: str) -> None:
    losses = []
    for precision in ("float32", "bfloat16"):
        training = settings(loss=loss, precision=precision)
        losses.append(new_step(training)(epoch_draws(training)[0], with_generator=True))

    exact, half = losses
    assert torch.allclose(half, exact, rtol=0.05, atol=0.02)
    assert not torch.equal(half, exact)


def test_augmented_real_and_fake_patches_are_what_the_discriminator_sees() -> None:
    augmentation = Augmentation(kinds=("brightness",), probability=0.8, target=None)
    training = settings(loss="relativistic", augmentation=augmentation)
    step = new_step(training)
    seen = _Recorder(step)
    draws = epoch_draws(training)

    seen.step(draws[0], with_generator=True)

    plain = real_batch(PATCHES, draws[0].order, draws[0].flips)
    shifts = (seen.real - plain).flatten(1)
    assert torch.allclose(shifts, shifts[:, :1].expand_as(shifts), atol=1e-6)
    assert (shifts[:, 0].abs() > 1e-3).any()
    assert not torch.equal(seen.fake, seen.generators_fake)  # augmented anew for the generator


class _Recorder:
    """A step whose objective notes what it is given."""

    def __init__(self, step: TrainingStep) -> None:
        self._objective = step.objective
        self.step = replace(step, objective=self)

    def judged(self, discriminator: Any, real: Tensor, fake: Tensor, draws: Any, /) -> Any:
        self.real, self.fake = real, fake
        return self._objective.judged(discriminator, real, fake, draws)

    def for_generator(self, discriminator: Any, real: Tensor, fake: Tensor, /) -> Tensor:
        self.generators_fake = fake.detach()
        return self._objective.for_generator(discriminator, real, fake)


def test_the_moving_average_follows_the_generators_steps_only() -> None:
    training = settings(loss="wgan-gp", average_half_life_images=100)
    step, draws = new_step(training), epoch_draws(training)
    average = step.state.average
    assert average is not None
    start = weights(average.network)

    step(draws[0], with_generator=False)
    assert torch.equal(weights(average.network), start)

    step(draws[1], with_generator=True)
    assert torch.equal(weights(average.network), weights(step.state.generator))
