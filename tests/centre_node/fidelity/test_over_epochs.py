from collections.abc import Mapping

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from centre_node.fidelity.over_epochs import (
    FidelityOverEpochs,
    fidelity_curves,
    measure_over_epochs,
)
from centre_node.fidelity.radiomics.extraction import radiomic_features
from tests.centre_node.generators.tiny import CPU, discs

PATIENTS = [f"patient-{number // 2}" for number in range(60)]


def over(samples: Mapping[int, NDArray[np.uint8]], seed: int = 0) -> FidelityOverEpochs | None:
    real = radiomic_features(discs(60), CPU)
    return measure_over_epochs(samples, real, patients=PATIENTS, seed=seed, device=CPU)


def learning() -> dict[int, NDArray[np.uint8]]:
    """Noise, then half noise and half discs, then discs."""
    noise = np.random.default_rng(1).integers(0, 256, (30, 16, 16), dtype=np.uint8)
    real = discs(30, seed=2)
    return {10: noise, 20: np.concatenate([noise[:15], real[:15]]), 30: real}


def test_a_generator_that_learns_comes_nearer_to_the_real_halves_line() -> None:
    found = over(learning())

    assert found is not None
    assert found.epochs == (10, 20, 30)
    assert found.patches == 30
    first, middle, last = found.synthetic
    assert first.kid > middle.kid > last.kid
    assert first.kid > 10 * abs(found.real_real.kid)
    assert first.coverage < middle.coverage < last.coverage
    assert last.precision == pytest.approx(found.real_real.precision, abs=0.2)
    low, high = last.kid_interval
    assert low <= last.kid <= high


@pytest.mark.slow
def test_the_same_seed_gives_the_same_curve_and_it_survives_json() -> None:
    samples = learning()
    found = over(samples)

    assert found is not None
    assert found == over(samples) != over(samples, seed=1)
    assert FidelityOverEpochs.model_validate_json(found.model_dump_json()) == found


def test_one_epoch_is_no_curve_and_too_few_patches_are_not_judged() -> None:
    assert over({10: discs(30)}) is None
    assert over({10: discs(19), 20: discs(19)}) is None


def test_it_is_told_how_many_samples_are_measured() -> None:
    told: list[int] = []

    measure_over_epochs(
        {3: discs(4), 7: discs(4)},
        radiomic_features(discs(8), CPU),
        patients=PATIENTS[:8],
        seed=0,
        device=CPU,
        on_count=told.append,
    )

    assert told == [4, 4]


def test_the_curves_are_a_small_png() -> None:
    found = over(learning())
    assert found is not None

    png = fidelity_curves(found)

    assert cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_COLOR) is not None
    assert len(png) < 200_000
