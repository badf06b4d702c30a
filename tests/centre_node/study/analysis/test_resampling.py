import numpy as np
import pytest

from centre_node.study.analysis import predictions, resampling
from centre_node.study.analysis.resampling import Bootstrap, interval_of
from node_api.findings import Interval

LABELS = np.array([1, 0, 1, 0, 0, 0, 0, 0], dtype=np.int64)
PATIENTS = np.array(["a", "a", "b", "c", "c", "d", "e", "e"])
TEST = predictions.TestPatches(LABELS, PATIENTS)


def bootstrap(resamples: int = 50, seed: int = 0) -> Bootstrap:
    return Bootstrap.of(TEST, resamples=resamples, seed=seed)


def test_a_patient_comes_with_all_its_patches() -> None:
    found = bootstrap()

    patches = found.of_patients(slice(0, 50))[found.patient_of]

    for patient in range(5):
        rows = patches[found.patient_of == patient]
        assert (rows == rows[0]).all()


def test_as_many_patients_with_and_without_lesions_are_drawn_as_there_are() -> None:
    drawn = bootstrap().of_patients(slice(0, 50))

    assert set(drawn[:2].sum(axis=0)) == {2}  # a, b
    assert set(drawn[2:].sum(axis=0)) == {3}  # c, d, e


def test_the_draws_come_back_with_the_seed() -> None:
    one, two, other = bootstrap(), bootstrap(), bootstrap(seed=1)

    assert np.array_equal(one.drawn, two.drawn)
    assert np.array_equal(one.of_seeds(5), two.of_seeds(5))
    assert not np.array_equal(one.drawn, other.drawn)
    assert not np.array_equal(one.of_seeds(5), other.of_seeds(5))


def test_one_seed_is_always_drawn() -> None:
    assert set(bootstrap().of_seeds(1).ravel()) == {1.0}


@pytest.mark.parametrize("count", [2, 3, 10])
def test_the_mean_of_few_seeds_varies_as_it_should(count: int) -> None:
    values = np.random.default_rng(count).normal(size=count)
    found = bootstrap(resamples=40_000)

    means = found.mean(np.repeat(values[:, None], 40_000, axis=1))

    assert means.mean() == pytest.approx(values.mean(), abs=0.02)
    assert means.var() == pytest.approx(values.var(ddof=1) / count, rel=0.03)


def test_the_parts_are_all_the_resamples_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resampling, "MOST_VALUES", 30)

    parts = list(bootstrap(resamples=50).parts())

    assert len(parts) == 17  # of 3 resamples of 8 patches
    assert [index for part in parts for index in range(50)[part]] == list(range(50))


def test_the_interval_holds_the_middle_95_percent() -> None:
    assert interval_of(np.arange(1001.0)) == Interval(low=25.0, high=975.0)


def test_undefined_resamples_are_left_out() -> None:
    assert interval_of(np.array([np.nan, 1.0, 1.0])) == Interval(low=1.0, high=1.0)
    assert interval_of(np.array([np.nan])) is None
