import pytest
import torch

from centre_node.classifiers.networks import Cnn
from centre_node.classifiers.optimisation import new_optimiser, rate_at, set_rate
from node_api.classifier_training import ClassifierTraining

PAPER = ClassifierTraining()
IMPROVED = ClassifierTraining(recipe="improved", learning_rate=1.0, warm_up_share=0.2)


def test_the_papers_descent_has_its_momentum_and_no_decay() -> None:
    optimiser = new_optimiser(Cnn(16), PAPER)

    assert isinstance(optimiser, torch.optim.SGD)
    (group,) = optimiser.param_groups
    assert (group["lr"], group["momentum"], group["weight_decay"]) == (0.001, 0.9, 0)


def test_adamw_decays_matrices_and_kernels_alone() -> None:
    network = Cnn(16)

    optimiser = new_optimiser(network, IMPROVED)

    assert isinstance(optimiser, torch.optim.AdamW)
    decayed, free = optimiser.param_groups
    assert (decayed["weight_decay"], free["weight_decay"]) == (0.05, 0.0)
    assert {weights.ndim for weights in decayed["params"]} == {2, 4}
    assert {weights.ndim for weights in free["params"]} == {1}
    assert len(decayed["params"]) + len(free["params"]) == len(list(network.parameters()))


@pytest.mark.parametrize("progress", [0.001, 0.5, 0.999])
def test_the_papers_rate_is_constant(progress: float) -> None:
    assert rate_at(PAPER, progress) == 0.001


@pytest.mark.parametrize(
    ("progress", "rate"), [(0.0, 0.0), (0.1, 0.5), (0.2, 1.0), (0.6, 0.5), (1.0, 0.0)]
)
def test_the_improved_rate_warms_up_and_falls_along_a_cosine(progress: float, rate: float) -> None:
    assert rate_at(IMPROVED, progress) == pytest.approx(rate)


def test_without_a_warm_up_the_rate_starts_at_its_highest() -> None:
    assert rate_at(IMPROVED.model_copy(update={"warm_up_share": 0.0}), 0.0) == 1.0


def test_a_rate_that_is_set_holds_for_all_weights() -> None:
    optimiser = new_optimiser(Cnn(16), IMPROVED)

    set_rate(optimiser, 0.25)

    assert [group["lr"] for group in optimiser.param_groups] == [0.25, 0.25]
