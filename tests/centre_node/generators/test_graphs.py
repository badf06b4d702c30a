"""CUDA graphs against the eager step. Only what concerns the CPU runs without a GPU."""

import pytest
import torch

from centre_node.generators import graphs
from centre_node.generators.draws import draw_epoch
from centre_node.generators.graphs import GraphedStep, fastest_step
from centre_node.generators.schedules import follow_schedules
from centre_node.generators.state import new_state
from centre_node.generators.steps import TrainingStep, training_step
from node_api.generator_training import GeneratorTraining
from tests.centre_node.generators.tiny import CPU, LOSSES, RESIDUAL, discs, settings

STEPS = 30


def new_step(training: GeneratorTraining, device: torch.device) -> TrainingStep:
    state = new_state(RESIDUAL, training, device)
    follow_schedules(state, training)
    return training_step(state, training, torch.tensor(discs(4 * STEPS), device=device))


def test_on_the_cpu_the_step_stays_eager_even_where_graphs_are_asked_for() -> None:
    step = new_step(settings(cuda_graphs=True), CPU)

    assert fastest_step(step, graphs=True, compiles=False) is step


def test_a_step_that_cannot_be_captured_stays_eager_with_the_same_numbers(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """What CUDA does is replaced: its stream by the CPU's, its capture by a refusal."""

    def refused(*_arguments: object, **_names: object) -> None:
        raise RuntimeError("operation not permitted when stream is capturing")

    monkeypatch.setattr(graphs, "_on_side_stream", lambda step, draws, **due: step(draws, **due))
    monkeypatch.setattr(graphs, "_Graph", refused)
    training = settings(loss="wgan-gp")
    eager, refusing = (new_step(training, CPU) for _ in range(2))
    graphed = GraphedStep(refusing)
    random = torch.Generator().manual_seed(0)
    draws = draw_epoch(4 * STEPS, training, latent_size=8, random=random)

    for index in range(STEPS):
        due = (index + 1) % 5 == 0
        expected = eager(draws[index], with_generator=due)
        assert torch.equal(graphed(draws[index], with_generator=due), expected)

    assert len(caplog.records) == 2  # once for steps with the generator and once for those without
    assert "stays eager: operation not permitted" in caplog.text


@pytest.mark.skipif(not torch.cuda.is_available(), reason="CUDA graphs need a CUDA device")
@pytest.mark.parametrize("loss", LOSSES)
def test_a_graph_gives_the_numbers_of_the_eager_step(loss: str) -> None:
    """Never run where this was written: that machine had no GPU."""
    training, device = settings(loss=loss), torch.device("cuda")
    eager, graphed = (new_step(training, device) for _ in range(2))
    replayed = fastest_step(graphed, graphs=True, compiles=False)
    assert isinstance(replayed, GraphedStep)
    random = torch.Generator().manual_seed(0)
    draws = draw_epoch(4 * STEPS, training, latent_size=8, random=random).to(device)

    for index in range(STEPS):
        due = (index + 1) % training.critic_steps == 0
        expected = eager(draws[index], with_generator=due)
        assert torch.allclose(replayed(draws[index], with_generator=due), expected, rtol=1e-3)

    for a, b in zip(
        eager.state.generator.parameters(), graphed.state.generator.parameters(), strict=True
    ):
        assert torch.allclose(a, b, rtol=1e-3, atol=1e-5)
