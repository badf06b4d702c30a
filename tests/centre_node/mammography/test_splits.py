import numpy as np
import pytest

from centre_node.errors import NotEnoughPatientsError
from centre_node.mammography.boxes import Box
from centre_node.mammography.mammograms import Lesion, Mammogram
from centre_node.mammography.splits import share_of_patients, split_patients

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

    assert [len(split.train), len(split.validation), len(split.test)] == [280, 60, 60]
    for subset, size in ((split.train, 280), (split.validation, 60), (split.test, 60)):
        numbers = [int(patient[1:]) for patient in subset]
        assert sum(number < 200 for number in numbers) == size / 2
        densities = np.bincount([number % 4 for number in numbers]) / size
        assert np.abs(densities - 0.25).max() < 0.05


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
