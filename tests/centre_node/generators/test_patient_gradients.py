"""One patient's influence on a step: exact, bounded, and hidden."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from centre_node.generators.construction import new_discriminator
from centre_node.generators.losses import discriminator_loss
from centre_node.generators.patient_gradients import clipped_sum, hidden, patient_gradients
from centre_node.generators.secret_draws import secret_normal, secret_sample
from centre_node.generators.state import random_stream
from node_api.generator_training import GeneratorTraining
from shared.architectures import Architecture
from tests.centre_node.generators.tiny import ARCHITECTURE, RESIDUAL, SIDE

PRIVATE = GeneratorTraining.model_validate(
    {"recipe": "private", "privacy": {"noise_multiplier": 1.0}}
)


def by_a_loop(discriminator: nn.Module, real: Tensor, fake: Tensor, labels: Tensor) -> Tensor:
    """Gradient of one patient's mean loss, in the plain way."""
    scores = discriminator(torch.cat([real, fake])).chunk(2)
    loss = discriminator_loss(scores[0], scores[1], labels)
    found = torch.autograd.grad(loss, list(discriminator.parameters()))
    return torch.cat([part.flatten() for part in found])


@pytest.mark.parametrize("architecture", [ARCHITECTURE, RESIDUAL])
def test_the_gradients_of_patients_are_those_of_a_loop(architecture: Architecture) -> None:
    discriminator = new_discriminator(architecture, PRIVATE, random_stream(0, 0)).double()
    random = torch.Generator().manual_seed(1)
    owners = torch.tensor([0] * 40 + [1, 2, 2])  # one patient's patches fill more than a chunk
    real, fake = 2 * torch.rand(2, 43, 1, SIDE, SIDE, generator=random).double() - 1
    labels = torch.rand(43, generator=random).double()

    found = patient_gradients(discriminator, real, fake, labels, owners)

    for patient in range(3):
        own = owners == patient
        expected = by_a_loop(discriminator, real[own], fake[own], labels[own])
        assert (found[patient] - expected).abs().max() < 1e-6


@settings(max_examples=60, deadline=None)
@given(
    others=st.integers(0, 4),
    scale=st.sampled_from([1e-8, 1.0, 1e8, float("inf"), float("nan")]),
    clip=st.sampled_from([0.1, 1.0, 7.0]),
    seed=st.integers(0, 1000),
)
def test_law_no_patient_moves_the_sum_by_more_than_the_clip(
    others: int, scale: float, clip: float, seed: int
) -> None:
    gradients = torch.randn(others + 1, 6, generator=torch.Generator().manual_seed(seed))
    gradients[0] *= scale

    moved = clipped_sum(gradients, clip) - clipped_sum(gradients[1:], clip)

    assert moved.norm() <= clip * (1 + 1e-9)


def test_a_short_gradient_is_left_as_it_is() -> None:
    gradients = torch.tensor([[0.3, 0.4], [3.0, 4.0]])

    assert clipped_sum(gradients, 1.0).tolist() == pytest.approx([0.3 + 0.6, 0.4 + 0.8])


def test_a_step_without_patients_is_noise_alone() -> None:
    step = hidden(
        clipped_sum(torch.empty(0, 50_000), 2.0), clip=2.0, noise_multiplier=3.0, expected=4.0
    )

    assert float(step.std()) == pytest.approx(2.0 * 3.0 / 4.0, rel=0.03)
    assert float(step.mean()) == pytest.approx(0.0, abs=0.05)


def test_secret_numbers_are_normal_and_never_the_same() -> None:
    drawn = secret_normal(100_001)

    assert drawn.shape == (100_001,)
    assert not np.isin(drawn, secret_normal(100_001)).any()
    below = [float((drawn < limit).mean()) for limit in (-2.0, -1.0, 0.0, 1.0, 2.0)]
    assert below == pytest.approx([0.0228, 0.1587, 0.5, 0.8413, 0.9772], abs=0.008)
    assert abs(np.corrcoef(drawn[:50_000], drawn[50_001:])[0, 1]) < 0.03  # halves of one pair


def test_each_patient_is_sampled_for_itself() -> None:
    sizes = [len(secret_sample(40, 0.1)) for _ in range(2000)]

    assert np.mean(sizes) == pytest.approx(4.0, abs=0.25)
    assert np.var(sizes) == pytest.approx(40 * 0.1 * 0.9, rel=0.2)  # a fixed number would vary by 0
