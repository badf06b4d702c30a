"""Several splits of the same patients, whose truth is known."""

import numpy as np
import pytest

from centre_node.study.analysis.pooled import SplitRuns, pooled_differences
from centre_node.study.analysis.predictions import TestPatches, columns
from node_api.findings import Difference
from tests.centre_node.study.analysis.simulated import (
    BASELINE,
    CONTROL,
    SYNTHETIC,
    quick_row,
    simulated,
)

pytestmark = pytest.mark.slow
ARMS = (BASELINE, CONTROL, SYNTHETIC)


def _split(*, seed: int, first_patient: int, gain: float = 0.0) -> SplitRuns:
    shifts = {"none": 1.5, "control": 1.5, "B": 1.5 + gain}
    test, runs = simulated(
        shifts, seeds=10, seed=seed, of_arm_and_patient=0.4, both=True, make_row=quick_row
    )
    called = TestPatches(test.labels, test.patients.astype(np.int64) + first_patient)
    return SplitRuns(ARMS, called, columns(list(shifts), runs)[0])


def _of_control(*splits: SplitRuns) -> Difference:
    found = pooled_differences(splits, resamples=400)
    (one,) = (each for each in found if each.against == "control" and each.metric == "auroc")
    return one


def _width(found: Difference) -> float:
    assert found.interval is not None
    return found.interval.high - found.interval.low


def test_a_difference_is_the_mean_of_those_of_the_splits() -> None:
    one, two = _split(seed=0, first_patient=0), _split(seed=1, first_patient=0, gain=1.0)

    apart = [_of_control(one).difference, _of_control(two).difference]

    assert None not in apart
    assert _of_control(one, two).difference == pytest.approx(np.mean(np.array(apart)))


def test_patients_of_several_splits_count_once() -> None:
    """Twice the same patients tell no more than once; twice as many do."""
    alone = _width(_of_control(_split(seed=0, first_patient=0)))
    again = _of_control(_split(seed=0, first_patient=0), _split(seed=0, first_patient=0))
    others = _of_control(_split(seed=0, first_patient=0), _split(seed=0, first_patient=1000))

    assert _width(again) > 0.85 * alone  # seeds are others, and they matter little here
    assert _width(others) < 0.8 * alone


def test_splits_with_the_same_gain_show_what_one_alone_does_not() -> None:
    splits = [_split(seed=seed, first_patient=100 * seed, gain=0.35) for seed in range(4)]

    assert [_of_control(split).verdict for split in splits].count("higher") < 4
    assert _of_control(*splits).verdict == "higher"
