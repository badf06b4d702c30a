import numpy as np
import pytest

from centre_node.fidelity.features import Matrix
from centre_node.fidelity.two_sample import separability
from tests.centre_node.fidelity.populations import normal


def auroc(first: Matrix, second: Matrix, owners: list[int] | None = None) -> float | None:
    mine = np.arange(len(first)) if owners is None else np.array(owners)
    return separability(first, second, groups=(mine, -np.arange(1, len(second) + 1)), seed=0)


def test_equal_distributions_cannot_be_told_apart() -> None:
    assert auroc(normal(300, seed=0), normal(300, seed=1)) == pytest.approx(0.5, abs=0.07)


def test_sets_far_apart_always_can() -> None:
    assert auroc(normal(100, seed=0), normal(100, seed=1, shift=8.0)) == 1


def test_shifted_gaussians_are_told_apart_as_well_as_can_be() -> None:
    found = auroc(normal(2000, seed=0), normal(2000, seed=1, shift=1.0))

    assert found == pytest.approx(0.7602, abs=0.02)  # Phi(1 / sqrt 2)


def test_recognising_a_patient_helps_nothing() -> None:
    """Two sets of the same distribution of patients, whose patches are much alike."""
    random = np.random.default_rng(0)
    centres = random.normal(size=(60, 100))
    patches = np.repeat(centres, 5, axis=0) + random.normal(0, 0.05, (300, 100))
    owners = np.repeat(np.arange(60), 5)
    first, second = (patches[owners % 2 == half] for half in (0, 1))
    groups = (owners[owners % 2 == 0], owners[owners % 2 == 1])

    aware = separability(first, second, groups=groups, seed=0)
    unaware = separability(first, second, groups=(np.arange(150), np.arange(150, 300)), seed=0)

    assert unaware is not None
    assert aware is not None
    assert unaware > 0.9
    assert aware < 0.7


def test_few_patients_give_no_answer() -> None:
    assert auroc(normal(20, seed=0), normal(20, seed=1), owners=[0, 1, 2, 3] * 5) is None
