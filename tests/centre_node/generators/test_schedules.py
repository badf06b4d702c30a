from itertools import pairwise

import pytest
import torch

from centre_node.generators.schedules import cosine, follow_schedules
from centre_node.generators.state import new_state
from tests.centre_node.generators.tiny import ARCHITECTURE, CPU, settings


def test_a_cosine_starts_ends_and_halves_where_it_should() -> None:
    values = [cosine(2.0, 1.0, epoch=epoch, epochs=101) for epoch in (0, 50, 100)]

    assert values == pytest.approx([2.0, 1.5, 1.0])


def test_a_cosine_is_slow_at_its_ends() -> None:
    values = [cosine(2.0, 1.0, epoch=epoch, epochs=101) for epoch in range(101)]
    steps = [before - after for before, after in pairwise(values)]

    assert all(step > 0 for step in steps)
    assert steps[0] == pytest.approx(steps[-1])
    assert steps[0] < steps[50] / 10


@pytest.mark.parametrize(("end", "epochs"), [(None, 5), (1.0, 1)])
def test_a_number_without_an_end_or_time_stays(end: float | None, epochs: int) -> None:
    assert cosine(2.0, end, epoch=epochs - 1, epochs=epochs) == 2.0


def test_rates_and_penalty_follow_the_epoch() -> None:
    training = settings(
        loss="relativistic",
        epochs=3,
        learning_rate=4e-4,
        learning_rate_end=2e-4,
        penalty_weight=8.0,
        penalty_weight_end=0.0,
    )
    state = new_state(ARCHITECTURE, training, CPU)
    seen = []

    for _ in range(training.epochs):
        follow_schedules(state, training)
        rates = {
            optimiser.param_groups[0]["lr"]
            for optimiser in (state.generator_optimiser, state.discriminator_optimiser)
        }
        seen.append((*rates, state.penalty_weight.item()))
        state.losses.append((0.0, 0.0))

    assert torch.allclose(torch.tensor(seen), torch.tensor([[4e-4, 8], [3e-4, 4], [2e-4, 0]]))
