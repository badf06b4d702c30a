import numpy as np
import pytest
from numpy.typing import NDArray

from centre_node.fidelity.comparison import FeatureKind, fidelity_report
from centre_node.fidelity.harmonised import HarmonisedReport, HeldOutLook
from centre_node.mammography.frequency_bands import BandGains, strengths
from node_api.looks import HarmonisedBy
from shared.fidelity import FidelityReport
from tests.centre_node.mammography.tissue import tissue

PATIENTS = [f"p{number // 3}" for number in range(90)]


@pytest.fixture(scope="module")
def own() -> NDArray[np.uint8]:
    return tissue(patches=90)


def test_no_patient_whose_look_it_is_is_compared(own: NDArray[np.uint8]) -> None:
    look = HeldOutLook.of(own, PATIENTS, "greys", seed=0)

    compared = {PATIENTS[index] for index in look.compared}
    fitted = {
        PATIENTS[i] for i, patch in enumerate(own) if (look.lesions == patch).all((1, 2)).any()
    }
    assert compared | fitted == set(PATIENTS)
    assert not compared & fitted
    assert len(look.lesions) + len(look.compared) == len(own)
    assert abs(len(look.lesions) - len(look.compared)) <= 3


def test_what_is_compared_has_no_part_in_the_look(own: NDArray[np.uint8]) -> None:
    look = HeldOutLook.of(own, PATIENTS, "greys_and_bands", seed=0)
    spoilt = own.copy()
    spoilt[look.compared] = 0
    other = tissue(patches=9, seed=1) // 2

    again = HeldOutLook.of(spoilt, PATIENTS, "greys_and_bands", seed=0)

    np.testing.assert_array_equal(look.given_to(other), again.given_to(other))


@pytest.mark.parametrize("by", ["greys", "greys_and_bands"])
def test_another_archive_comes_nearer_by_its_look(own: NDArray[np.uint8], by: HarmonisedBy) -> None:
    other = BandGains((0.5, 0.5, 0.8, 1.0)).applied(tissue(patches=60, seed=1)) // 2 + 10
    look = HeldOutLook.of(own, PATIENTS, by, seed=0)
    held_out = own[look.compared]

    made = look.given_to(other)

    assert abs(made.mean() - held_out.mean()) < 2 < 20 < abs(other.mean() - held_out.mean())
    if by == "greys_and_bands":
        np.testing.assert_allclose(strengths(made), strengths(held_out), rtol=0.15)


def test_the_report_says_so_and_others_have_no_such_field(own: NDArray[np.uint8]) -> None:
    rows = np.random.default_rng(0).normal(size=(90, 3))
    usual = fidelity_report(rows, rows, kind=FeatureKind("numbers"), seed=0)

    told = HeldOutLook.of(own, PATIENTS, "greys", seed=0).told_in(usual)

    assert (told.harmonised_by, told.fitted_on) == ("greys", 45)
    assert HarmonisedReport.model_validate_json(told.model_dump_json()) == told
    assert told.model_dump(exclude={"harmonised_by", "fitted_on"}) == usual.model_dump()
    assert "harmonised_by" not in FidelityReport.model_fields
