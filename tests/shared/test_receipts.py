"""What a utility receipt may say."""

import pytest
from pydantic import ValidationError

from shared.receipts import (
    UtilityReceipt,
    patient_band,
    receipt_fault,
    told_difference,
    told_receipt,
)
from tests.receipts import RECEIPT


def test_patients_are_told_as_a_band() -> None:
    edges = (0, 19, 20, 49, 50, 99, 100, 299, 300, 5000)

    assert [patient_band(edge) for edge in edges] == [
        *("under 20", "under 20", "20 to 49", "20 to 49", "50 to 99", "50 to 99"),
        *("100 to 299", "100 to 299", "300 and more", "300 and more"),
    ]


def test_a_difference_is_told_with_its_sign() -> None:
    assert [told_difference(value) for value in (0.021, -0.0305, 0.0)] == [
        "+0.021",
        "\u22120.030",
        "0.000",
    ]
    told = told_receipt(UtilityReceipt.model_validate(RECEIPT))
    assert told == "AUROC +0.021 (95 % interval +0.004 to +0.039): higher"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"difference": 0.02134}, "at most 3 decimals"),
        ({"interval": {"low": 0.039, "high": 0.004}}, "low must not be above high"),
        ({"interval": {"low": -0.004, "high": 0.039}}, "on that side of 0"),
        ({"interval": None}, "on that side of 0"),
        ({"verdict": "lower"}, "on that side of 0"),
        ({"receiver": "centre-b"}, "no receipt for its own generator"),
        ({"patients": "57"}, "patients"),
        ({"arm": "B<script>"}, "arm"),
        ({"patient_count": 57}, "patient_count"),
    ],
)
def test_what_does_not_fit_is_refused(changes: dict[str, object], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        UtilityReceipt.model_validate({**RECEIPT, **changes})


def test_an_arm_that_is_called_after_a_day_may_not_leave() -> None:
    assert receipt_fault(UtilityReceipt.model_validate(RECEIPT)) is None
    named = UtilityReceipt.model_validate({**RECEIPT, "arm": "B 1961-04-12"})
    assert (receipt_fault(named) or "").startswith("the name of the arm: it holds what looks like")
