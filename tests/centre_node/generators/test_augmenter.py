import pytest
import torch

from centre_node.generators.augmenter import Augmenter
from node_api.generator_training import Augmentation

CPU = torch.device("cpu")


def observed(augmenter: Augmenter, overfitting: float, steps: int) -> float:
    for _ in range(steps):
        augmenter.observe(torch.tensor(overfitting), images=10)
    return augmenter.probability.item()


def test_the_probability_rises_above_the_target_and_falls_below_it() -> None:
    augmenter = Augmenter(Augmentation(probability=0.4, images_to_full=10_000), CPU)

    risen = observed(augmenter, 1.0, steps=200)
    fallen = observed(augmenter, 0.0, steps=200)

    assert risen > 0.5
    assert fallen < risen


def test_the_probability_rises_at_the_pace_of_the_configuration() -> None:
    settings = Augmentation(images_to_full=10_000, target=-0.5)

    probability = observed(Augmenter(settings, CPU), 1.0, steps=500)

    assert probability == pytest.approx(500 * 10 / 10_000, rel=1e-4)


@pytest.mark.parametrize(("overfitting", "bound"), [(1.0, 0.7), (-1.0, 0.0)])
def test_the_probability_stays_within_its_bounds(overfitting: float, bound: float) -> None:
    settings = Augmentation(images_to_full=50, largest_probability=0.7, probability=0.3)

    assert observed(Augmenter(settings, CPU), overfitting, 100) == pytest.approx(bound)


def test_without_a_target_the_probability_is_fixed() -> None:
    augmenter = Augmenter(Augmentation(target=None, probability=0.3), CPU)

    assert observed(augmenter, 1.0, steps=50) == pytest.approx(0.3)


def test_a_restored_augmenter_goes_on_as_the_saved_one() -> None:
    settings = Augmentation(images_to_full=1000)
    first, second = Augmenter(settings, CPU), Augmenter(settings, CPU)
    observed(first, 0.9, 30)

    second.load_state_dict(first.state_dict())

    assert observed(second, 0.2, 20) == observed(first, 0.2, 20)
