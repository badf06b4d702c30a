import numpy as np
import pytest
from numpy.typing import NDArray

from centre_node.study.analysis.curves import GRID, KINDS, curves, on_grid, reliability
from centre_node.study.analysis.predictions import Predictions, columns
from centre_node.study.analysis.rankings import Ranking
from centre_node.study.analysis.resampling import Bootstrap
from node_api.findings import Curve
from tests.centre_node.study.analysis.simulated import predicted, simulated


def ranking(labels: list[int], scores: list[float]) -> Ranking:
    return Ranking.of(np.array(labels, dtype=np.int64), np.array(scores), np.ones((len(labels), 1)))


def found_curves(shift: float = 1.0, seeds: int = 3, patients: int = 60) -> list[Curve]:
    test, runs = simulated({"none": shift}, seeds=seeds, patients=patients)
    bootstrap = Bootstrap.of(test, resamples=300, seed=0)
    return list(curves(columns(["none"], runs)[0], test, bootstrap))


def test_the_curves_of_four_patches_are_known() -> None:
    found = ranking([1, 0, 1, 0], [4.0, 3.0, 2.0, 1.0])

    roc, pr = (on_grid(found, kind)[:, 0] for kind in KINDS)

    assert (roc[[0, 49]] == 0.5).all()  # the first lesion, then a healthy patch
    assert (roc[[50, 100]] == 1.0).all()
    assert (pr[:51] == 1.0).all()
    assert pr[51:] == pytest.approx(np.full(50, 2 / 3))


def test_the_precision_at_no_recall_is_that_of_the_first_lesion() -> None:
    pr = on_grid(ranking([0, 1, 0], [3.0, 2.0, 1.0]), "pr")[:, 0]

    assert (pr == 0.5).all()


def test_a_tie_is_a_slope() -> None:
    roc = on_grid(ranking([1, 0], [1.0, 1.0]), "roc")[:, 0]

    assert roc == pytest.approx(GRID)


@pytest.mark.parametrize("ties", [False, True])
def test_the_areas_are_the_metrics(ties: bool) -> None:
    random = np.random.default_rng(0)
    labels = np.tile([1, 0], 100)  # 100 of each: every step of a curve is on the grid
    scores = random.normal(labels, 1.0)
    found = Ranking.of(labels, np.round(scores) if ties else scores, np.ones((200, 1)))

    roc, pr = (on_grid(found, kind)[:, 0] for kind in KINDS)

    steps = pr[1:].mean()
    assert steps == pytest.approx(found.auprc()[0])
    if ties:
        assert np.trapezoid(roc, GRID) == pytest.approx(found.auroc()[0])
    else:
        between = roc[:-1].mean()  # from one healthy patch to the next the curve is level
        assert between == pytest.approx(found.auroc()[0], abs=0.01)


def test_a_cells_curve_is_the_mean_over_seeds_and_lies_in_its_band() -> None:
    roc, pr = found_curves()

    assert (roc.kind, pr.kind) == ("roc", "pr")
    assert roc.x == tuple(GRID)
    for curve in (roc, pr):
        low, mean, high = (np.array(values) for values in (curve.low, curve.y, curve.high))
        assert (low <= high).all()
        assert np.mean((low <= mean) & (mean <= high)) > 0.95
        assert low.min() >= 0
        assert high.max() <= 1


def test_the_mean_is_over_seeds() -> None:
    test, runs = predicted([1, 0, 0], {"none": [[3.0, 2.0, 1.0], [1.0, 2.0, 3.0]]})

    roc, _ = curves(columns(["none"], runs)[0], test, Bootstrap.of(test, resamples=9, seed=0))

    assert roc.y[0] == 0.5  # 1 and 0
    assert roc.y[100] == 1.0


def test_the_band_is_narrower_for_more_patients() -> None:
    def width(curve: Curve) -> float:
        return float(np.mean(np.array(curve.high) - np.array(curve.low)))

    few, many = (found_curves(patients=patients)[0] for patients in (20, 300))

    assert width(many) < width(few) / 2


def test_one_class_has_no_curve() -> None:
    test, runs = predicted([0, 0, 0], {"none": [[3.0, 2.0, 1.0]]})

    assert curves(columns(["none"], runs)[0], test, Bootstrap.of(test, resamples=9, seed=0)) == ()


def test_reliability_is_of_all_seeds_after_temperature_scaling() -> None:
    scores: list[NDArray[np.float64]] = [np.linspace(-3, 3, 40), np.linspace(-2, 4, 40)]
    test, runs = predicted([0, 1] * 20, {"none": np.stack(scores)})

    (found,) = reliability(columns(["none"], runs)[0], test)

    probability = np.sort(1 / (1 + np.exp(-np.concatenate(scores) / 1.5)))
    assert [bin.patches for bin in found.bins] == [8] * 10
    assert found.bins[0].predicted == pytest.approx(probability[:8].mean())
    assert sum(bin.observed * bin.patches for bin in found.bins) == pytest.approx(40)


def test_a_run_without_a_temperature_has_no_reliability() -> None:
    test, runs = predicted([0, 1], {"none": [[1.0, 2.0]]})
    bare = Predictions(runs[0].row.model_copy(update={"temperature": None}), runs[0].log_odds)

    assert reliability(columns(["none"], [bare])[0], test) == ()
