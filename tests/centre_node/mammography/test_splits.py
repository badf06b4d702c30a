import numpy as np
import pytest

from centre_node.mammography.boxes import Box
from centre_node.mammography.errors import NotEnoughPatientsError
from centre_node.mammography.mammograms import Lesion, Mammogram
from centre_node.mammography.splits import (
    balance,
    balance_of_pathologies,
    share_of_both,
    share_of_patients,
    split_patients,
    split_patients_by_pathology,
)

SHARES = (0.7, 0.15, 0.15)


def _mammograms(patients: int, with_lesions: int) -> list[Mammogram]:
    lesion = Lesion(Box(1, 1, 2, 2), "mass")
    return [
        Mammogram(
            image_id=f"{patient}-{view}",
            patient_id=f"p{patient}",
            width=10,
            height=10,
            load=lambda: np.zeros((10, 10), dtype=np.uint8),
            density=1 + patient % 4,
            lesions=(lesion,) if patient < with_lesions else (),
        )
        for patient in range(patients)
        for view in ("CC", "MLO")
    ]


def test_shares_lesions_and_densities_are_alike_in_the_subsets() -> None:
    split = split_patients(_mammograms(400, 200), shares=SHARES, seed=3)

    for (_, subset), share in zip(split.subsets(), SHARES, strict=True):
        numbers = [int(patient[1:]) for patient in subset]
        assert len(numbers) == pytest.approx(400 * share, rel=0.07)
        assert sum(number < 200 for number in numbers) == pytest.approx(len(numbers) / 2, abs=2)
        densities = np.bincount([number % 4 for number in numbers]) / len(numbers)
        assert np.abs(densities - 0.25).max() < 0.05


@pytest.mark.parametrize(
    "shares", [(0.7, 0.15, 0.15), (0.5, 0.15, 0.35), (0.4, 0.2, 0.4), (0.8, 0.1, 0.1)]
)
def test_any_shares_are_met_within_a_few_percent(shares: tuple[float, float, float]) -> None:
    split = split_patients(_mammograms(200, 120), shares=shares, seed=0)

    achieved = [len(patients) / 200 for _, patients in split.subsets()]
    assert achieved == pytest.approx(shares, abs=0.03)


def test_the_balance_counts_what_each_subset_holds() -> None:
    mammograms = _mammograms(40, 20)

    report = balance(split_patients(mammograms, shares=SHARES, seed=0), mammograms)

    assert [part.subset for part in report] == ["train", "validation", "test"]
    assert sum(part.patients for part in report) == 40
    assert sum(part.images for part in report) == 80
    assert sum(part.lesions["mass"] for part in report) == 40
    for part in report:
        assert sum(part.densities.values()) == pytest.approx(1)


def test_no_patient_is_in_two_subsets_and_none_is_lost() -> None:
    split = split_patients(_mammograms(37, 11), shares=SHARES, seed=0)

    everybody = [*split.train, *split.validation, *split.test]
    assert sorted(everybody) == sorted({f"p{n}" for n in range(37)})


def test_the_same_seed_gives_the_same_split_and_another_another() -> None:
    mammograms = _mammograms(60, 30)

    first = split_patients(mammograms, shares=SHARES, seed=1)

    assert split_patients(mammograms, shares=SHARES, seed=1).digest() == first.digest()
    assert split_patients(mammograms, shares=SHARES, seed=2).train != first.train


@pytest.mark.parametrize("affected", [3, 4, 5, 7])
def test_every_subset_gets_a_patient_with_lesions(affected: int) -> None:
    split = split_patients(_mammograms(affected, affected), shares=SHARES, seed=0)

    assert min(len(split.train), len(split.validation), len(split.test)) >= 1


def test_too_few_patients_are_refused() -> None:
    with pytest.raises(NotEnoughPatientsError, match="2 patients with lesions cannot fill 3"):
        split_patients(_mammograms(9, 2), shares=SHARES, seed=0)


def test_smaller_shares_lie_inside_larger_ones() -> None:
    patients = tuple(f"p{n}" for n in range(40))

    half, quarter = (share_of_patients(patients, share, seed=5) for share in (0.5, 0.25))

    assert (len(half), len(quarter)) == (20, 10)
    assert set(quarter) < set(half)
    assert share_of_patients(patients, 1.0, seed=5) == tuple(sorted(patients))


def _lesions_of(malignant: int, benign: int) -> list[Mammogram]:
    """One mammogram a patient; who has a malignant lesion comes first."""
    return [
        Mammogram(
            image_id=f"{patient}",
            patient_id=f"p{patient:03}",
            width=10,
            height=10,
            load=lambda: np.zeros((10, 10), dtype=np.uint8),
            density=1 + patient % 4,
            lesions=(
                Lesion(
                    Box(1, 1, 2, 2),
                    "mass",
                    pathology="malignant" if patient < malignant else "benign",
                ),
            ),
        )
        for patient in range(malignant + benign)
    ]


@pytest.mark.parametrize("seed", [0, 1])
def test_malignancy_is_alike_in_the_subsets_of_patients(seed: int) -> None:
    mammograms = _lesions_of(60, 140)

    split = split_patients_by_pathology(mammograms, shares=SHARES, seed=seed)

    parts = balance_of_pathologies(split, mammograms)
    assert sum(part.patients for part in parts) == 200
    for part in parts:
        assert part.pathologies["malignant"] / part.patients == pytest.approx(0.3, abs=0.04)


def test_a_small_share_of_the_patients_has_both_pathologies_and_lies_in_a_larger_one() -> None:
    mammograms = _lesions_of(30, 70)
    patients = [m.patient_id for m in mammograms]

    small, large = (share_of_both(patients, mammograms, share, seed=1) for share in (0.02, 0.5))

    assert [int(patient[1:]) < 30 for patient in small].count(True) == 1
    assert len(small) == 2
    assert set(small) < set(large)
    assert [int(patient[1:]) < 30 for patient in large].count(True) == 15


def test_too_few_patients_of_a_pathology_are_refused_with_their_number() -> None:
    with pytest.raises(NotEnoughPatientsError, match="2 patients with malignant lesions and 40"):
        split_patients_by_pathology(_lesions_of(2, 40), shares=SHARES, seed=0)
