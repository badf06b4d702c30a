import numpy as np
import pytest

from centre_node.study.analysis.predictions import columns
from centre_node.study.analysis.recovered import DEVIATION, Ratio, recovered_shares, unselected
from centre_node.study.analysis.resampled_metrics import MeasuredColumn, measured
from centre_node.study.analysis.resampling import Bootstrap
from node_api.findings import ArmFacts, RecoveredShare, ShareInterval
from tests.centre_node.study.analysis.simulated import (
    CONTROL,
    REAL,
    SYNTHETIC,
    quick_row,
    simulated,
    true_auroc,
)

ARMS = (CONTROL, SYNTHETIC, REAL)


def column(seed: int = 0, **shifts: float) -> MeasuredColumn:
    named = {"control": shifts["control"], "B": shifts["synthetic"], "real B": shifts["real"]}
    test, runs = simulated(named, seeds=6, seed=seed, patients=80, make_row=quick_row)
    bootstrap = Bootstrap.of(test, resamples=300, seed=0)
    return measured(columns(list(named), runs)[0], test, bootstrap)


def only(found: tuple[RecoveredShare, ...]) -> RecoveredShare:
    assert len(found) == 1
    return found[0]


def test_the_share_of_a_clear_gain_is_that_of_the_means() -> None:
    measured_column = column(control=0.5, synthetic=1.0, real=2.5)

    found = only(recovered_shares(ARMS, measured_column))

    control, synthetic, real = (
        np.mean([run.row.auroc for run in measured_column.column.arms[arm].values()])
        for arm in ("control", "B", "real B")
    )
    assert found.share == pytest.approx((synthetic - control) / (real - control))
    assert found.gain_of_real == pytest.approx(real - control)
    assert found.reason is None
    assert (found.arm, found.control, found.real) == ("B", "control", "real B")


@pytest.mark.slow
def test_the_interval_holds_the_planted_share_nearly_always() -> None:
    control, synthetic, real = (true_auroc(shift) for shift in (0.5, 1.0, 2.0))
    truth = (synthetic - control) / (real - control)
    held = 0
    for seed in range(20):
        measured_column = column(seed, control=0.5, synthetic=1.0, real=2.0)
        interval = only(recovered_shares(ARMS, measured_column)).interval
        assert interval is not None
        assert interval.low is not None
        assert interval.high is not None
        held += interval.low <= truth <= interval.high

    assert held >= 17


def test_real_patches_that_gain_nothing_leave_no_share_to_speak_of() -> None:
    found = only(recovered_shares(ARMS, column(control=1.0, synthetic=1.5, real=0.3)))

    assert found.share is None
    assert found.gain_of_real is not None
    assert found.gain_of_real < 0
    assert found.reason == (
        "real patches of b gained nothing over the control here, so there is no share to speak of"
    )


def test_of_a_gain_of_real_patches_that_may_be_none_no_share_is_told() -> None:
    found = only(recovered_shares(ARMS, column(4, control=1.0, synthetic=1.05, real=1.1)))

    assert found.share is None
    assert found.interval == ShareInterval(low=None, high=None)
    assert found.gain_of_real is not None
    assert found.gain_of_real > 0
    assert found.reason is not None
    assert "any share fits the data" in found.reason


@pytest.mark.slow
@pytest.mark.parametrize(("truth", "errors_of_real"), [(0.0, 1.5), (0.0, 2.0), (1.0, 2.0)])
def test_a_share_that_is_told_is_right_in_the_middle(truth: float, errors_of_real: float) -> None:
    """Of normal differences that share the control's luck; the plain ratio is not."""
    random = np.random.default_rng(0)
    luck = DEVIATION * random.multivariate_normal([0, 0], [[1.0, 0.5], [0.5, 1.0]], 20_000)
    drawn = errors_of_real * np.array([truth, 1.0]) + luck
    shown = [Ratio(above, below, 1.0, 1.0, 0.5) for above, below in drawn if below > 1.961][:1500]

    plain = np.median([one.above / one.below for one in shown])
    corrected = np.median([one.middle for one in shown])

    assert corrected == pytest.approx(truth, abs=0.1)  # 0.05, and what chance may add
    assert abs(plain - truth) > abs(corrected - truth)


def test_a_gain_that_is_clear_is_hardly_corrected() -> None:
    assert unselected(6.0) == pytest.approx(6.0, abs=1e-3)
    assert 1.5 < unselected(2.4) < 2.2
    assert unselected(2.0) == 0.5


def test_differences_without_error_are_divided() -> None:
    assert Ratio(0.02, 0.04, 0.0, 0.0, 0.0).middle == pytest.approx(0.5)


def test_fiellers_interval_is_known() -> None:
    """Of independent normal differences of 2 and 4 with errors of 1."""
    random = np.random.default_rng(0)
    noise = random.normal(0, 1, (2, 200_000))

    found = Ratio.of(2.0, 4.0, np.array([[2.0], [4.0]]) + noise).interval

    square = 4.0**2 - 1.96**2
    reach = np.sqrt(8.0**2 - square * (2.0**2 - 1.96**2))
    assert found.low == pytest.approx((8 - reach) / square, abs=0.02)
    assert found.high == pytest.approx((8 + reach) / square, abs=0.02)
    unclear = Ratio.of(2.0, 1.9, np.array([[2.0], [1.9]]) + noise)
    assert unclear.interval == ShareInterval(low=None, high=None)


def test_without_a_control_or_a_counterpart_there_is_no_entry() -> None:
    measured_column = column(control=0.5, synthetic=1.0, real=2.0)
    of_another = REAL.model_copy(update={"donors": ("c",)})

    assert recovered_shares((SYNTHETIC, REAL), measured_column) == ()
    assert recovered_shares((CONTROL, SYNTHETIC), measured_column) == ()
    assert recovered_shares((CONTROL, SYNTHETIC, of_another), measured_column) == ()


def test_synthetic_lesions_alone_have_no_counterpart() -> None:
    alone = ArmFacts(name="B", role="synthetic only", donors=("b",), lesions_added=100)

    found = recovered_shares((CONTROL, alone, REAL), column(control=0.5, synthetic=1.0, real=2.0))

    assert found == ()
