"""What a generator was worth to a centre that used it, as that centre says and signs.

A receipt holds what a study's report says of one arm: a difference with its interval, rounded, and
how many patients it was measured on as a band. No patient, no prediction and no exact count.
"""

from datetime import datetime
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from shared.models import LARGEST_COUNT, StrictModel
from shared.names import ArmName, CalendarDay, Digest, Name, in_words
from shared.screening import prose_fault

DECIMALS = 3
MINUS = "\u2212"
MOST_OF_A_VERSION = 1000
MOST_OF_A_PAGE = 200

Verdict = Literal["higher", "lower", "no difference shown", "too few seeds"]
"""As a study's report says it of a difference that could be measured."""

PatientBand = Literal["under 20", "20 to 49", "50 to 99", "100 to 299", "300 and more"]

_BANDS: tuple[tuple[int, PatientBand], ...] = (
    (300, "300 and more"),
    (100, "100 to 299"),
    (50, "50 to 99"),
    (20, "20 to 49"),
)

GENSHARE_VERSION = r"^[0-9A-Za-z.+-]{1,40}$"


def _is_rounded(value: float) -> float:
    if round(value, DECIMALS) != value:
        raise ValueError(f"must have at most {DECIMALS} decimals")
    return value


Thousandths = Annotated[float, Field(ge=-1, le=1), AfterValidator(_is_rounded)]
"""A difference of two shares, to three decimals."""


class ReceiptInterval(StrictModel):
    """The 95 % interval of a difference."""

    low: Thousandths
    high: Thousandths

    @model_validator(mode="after")
    def _ends_in_order(self) -> Self:
        if self.low > self.high:
            raise ValueError("low must not be above high")
        return self


class UtilityReceipt(StrictModel):
    """What a receiver says that one version of a generator was worth to it, in one study.

    Attributes:
        subject: The version's manifest digest.
        study: Digest of the study's configuration.
        classifier, train_fraction: The column of the study's tables that it was read in.
        arm, control: Their names in the study; the control is the best that the receiver can do
            without a donor, chosen on its validation patients.
        difference: Of the metric, arm minus control: the mean over seeds.
        patients: On how many of the receiver's patients it was measured.
    """

    schema_version: Literal[1] = 1
    subject: Digest
    donor: Name
    name: Name
    version: int = Field(ge=1, le=LARGEST_COUNT)
    receiver: Name
    study: Digest
    classifier: Name
    train_fraction: float = Field(gt=0, le=1)
    arm: ArmName
    control: ArmName
    metric: Literal["auroc"] = "auroc"
    difference: Thousandths
    interval: ReceiptInterval | None
    seeds: int = Field(ge=1, le=10_000)
    verdict: Verdict
    patients: PatientBand
    day: CalendarDay
    genshare_version: Annotated[
        str,
        StringConstraints(pattern=GENSHARE_VERSION),
        in_words(GENSHARE_VERSION, "a version, such as 0.1.0"),
    ]

    @model_validator(mode="after")
    def _is_another_centres(self) -> Self:
        if self.donor == self.receiver:
            raise ValueError("a centre gives no receipt for its own generator")
        return self

    @model_validator(mode="after")
    def _verdict_fits(self) -> Self:
        if self.verdict not in ("higher", "lower"):
            return self
        sign = 1 if self.verdict == "higher" else -1
        found = self.interval
        nearest = None if found is None else min(sign * found.low, sign * found.high)
        if nearest is None or nearest < 0 or sign * self.difference < 0:
            raise ValueError(f"the verdict {self.verdict} needs an interval on that side of 0")
        return self


class KeptReceipt(StrictModel):
    """A receipt that a hub keeps, and with which key of the receiver it was signed."""

    receipt: UtilityReceipt
    signed_with: Digest
    received_at: datetime


class VersionReceipts(StrictModel):
    """What receivers said of one version, newest first."""

    items: tuple[KeptReceipt, ...] = Field(max_length=MOST_OF_A_VERSION)


class ReceiptPage(StrictModel):
    """What receivers said of all versions in use, newest first; the last page leads no further."""

    items: tuple[KeptReceipt, ...] = Field(max_length=MOST_OF_A_PAGE)
    next_cursor: int | None = Field(ge=1, le=LARGEST_COUNT)


def receipt_fault(receipt: UtilityReceipt) -> str | None:
    """Say why a receipt's words may not leave, such as an arm named after a patient; None: may."""
    for what, text in (("arm", receipt.arm), ("control", receipt.control)):
        fault = prose_fault(text)
        if fault is not None:
            return f"the name of the {what}: {fault}"
    return None


def patient_band(patients: int) -> PatientBand:
    """Return a number of patients as far as a receipt tells it."""
    return next((band for least, band in _BANDS if patients >= least), "under 20")


def told_difference(value: float) -> str:
    """Return a difference as people read it: "+0.021", with a true minus, or "0.000"."""
    return f"{value:+.{DECIMALS}f}".replace("-", MINUS) if value else f"{0:.{DECIMALS}f}"


def told_receipt(receipt: UtilityReceipt) -> str:
    """Say in a line what was measured."""
    found = receipt.interval
    interval = (
        "no interval"
        if found is None
        else f"95 % interval {told_difference(found.low)} to {told_difference(found.high)}"
    )
    return f"AUROC {told_difference(receipt.difference)} ({interval}): {receipt.verdict}"
