import numpy as np
import pytest

from centre_node.fidelity.comparison import FeatureKind, fidelity_report
from centre_node.fidelity.features import Matrix
from shared.fidelity import METRICS, FidelityReport
from tests.centre_node.fidelity.populations import normal

DIGEST = "ab" * 32


def report(
    synthetic: Matrix,
    *,
    real: Matrix | None = None,
    other: Matrix | None = None,
    patients: list[str] | None = None,
    seed: int = 0,
) -> FidelityReport:
    return fidelity_report(
        normal(120, 8, seed=10) if real is None else real,
        synthetic,
        kind=FeatureKind("cnn", DIGEST),
        seed=seed,
        patients=patients,
        other_centre=other,
    )


def test_as_good_as_real_is_as_far_as_the_other_half() -> None:
    found = report(normal(60, 8, seed=1))

    assert found.synthetic.auroc == pytest.approx(0.5, abs=0.12)
    assert found.synthetic.frechet_ratio == pytest.approx(1, abs=0.4)
    assert found.real_real.frechet_ratio == 1
    assert found.synthetic.kid_interval is not None
    assert found.synthetic.kid_interval[0] < 0 < found.synthetic.kid_interval[1]


@pytest.mark.slow
def test_worse_is_farther_in_every_metric() -> None:
    good, bad = (report(normal(60, 8, seed=1, shift=s)).synthetic for s in (0.0, 6.0))

    for metric, sign in (
        ("kid", 1),
        ("auroc", 1),
        ("frechet", 1),
        ("frechet_ratio", 1),
        ("precision", -1),
        ("recall", -1),
        ("density", -1),
        ("coverage", -1),
    ):
        assert sign * (getattr(bad, metric) - getattr(good, metric)) > 0, metric


def test_the_other_centre_has_a_row_of_as_many_patches() -> None:
    found = report(normal(50, 8, seed=1), other=normal(40, 8, seed=2, shift=3.0))

    assert found.other_centre is not None
    assert found.other_centre.auroc is not None
    assert found.other_centre.auroc > 0.9
    assert found.real_real.patches == found.synthetic.patches == found.other_centre.patches == 40


@pytest.mark.slow
def test_the_same_seed_gives_the_same_report_and_it_survives_json() -> None:
    first, second, other = (report(normal(60, 8, seed=1), seed=seed) for seed in (3, 3, 4))

    assert first == second != other
    assert FidelityReport.model_validate_json(first.model_dump_json()) == first
    assert (first.features, first.feature_count, first.extractor_sha256) == ("cnn", 8, DIGEST)


@pytest.mark.slow
def test_halves_share_no_patient() -> None:
    """Patches of a patient are equal: a shared patient would be in the other half's balls."""
    random = np.random.default_rng(0)
    patients = [f"patient {number}" for number in range(60) for _ in range(6)]
    real = np.repeat(random.normal(size=(60, 8)) * 100, 6, axis=0)
    real += random.normal(0, 0.01, real.shape)

    by_patient = report(normal(180, 8, seed=1), real=real, patients=patients)
    by_patch = report(normal(180, 8, seed=1), real=real)

    assert by_patient.split_by_patient
    assert not by_patch.split_by_patient
    assert by_patient.real_real.precision is not None
    assert by_patch.real_real.precision is not None
    assert by_patient.real_real.precision < 0.3
    assert by_patch.real_real.precision > 0.5


@pytest.mark.parametrize(("reals", "samples"), [(120, 19), (38, 200), (0, 50), (50, 0), (1, 1)])
def test_too_few_patches_have_reasons_instead_of_numbers(reals: int, samples: int) -> None:
    found = report(normal(samples, 8, seed=1), real=normal(reals, 8, seed=0))

    assert all(getattr(found.synthetic, metric) is None for metric in METRICS)
    assert "at least 20" in found.synthetic.reasons["kid"]
    assert found.frechet_dimensions is None
    assert found.mode_collapse.verdict == "not judged"


def test_few_patients_leave_the_classifier_out_and_nothing_else() -> None:
    found = report(normal(60, 8, seed=1), patients=[f"p{index % 6}" for index in range(120)])

    assert set(found.synthetic.reasons) == {"auroc"}


def test_features_without_any_variation_give_no_nan() -> None:
    found = report(np.zeros((50, 8)), real=np.zeros((60, 8)))

    assert found.synthetic.frechet == 0
    assert set(found.synthetic.reasons) == {"frechet_ratio"}


def test_a_patient_is_needed_for_each_patch() -> None:
    with pytest.raises(ValueError, match="119 patients"):
        report(normal(60, 8, seed=1), patients=["p"] * 119)
