"""What a centre says of a package's audit: it travels beside the package and speaks of no other.

A statement holds bounds and bands, never what only the centre may know: no estimate of an attack,
no exact small count, nothing of the discriminator, and no patient.
"""

import math
from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from shared.attacks import MOST_ATTACKS, AttackName, Share, Unit
from shared.canonical import read_canonical
from shared.errors import StatementRefusedError
from shared.leaving import COARSE, FINE, FINE_BELOW, told_count
from shared.models import LARGEST_COUNT, StrictModel
from shared.names import CALENDAR_DAY, Digest, Text

STATEMENT = "audit-statement.json"
LARGEST_STATEMENT_BYTES = 64 * 1024
HUNDREDTHS = 100

Verdict = Literal["passed", "refused", "inconclusive", "not required"]
"""Of a centre's policy on a generator; *inconclusive*: too few patients to say, which
holds nothing back where the policy asks for no audit."""

Rule = Literal[
    "audit",
    "patients",
    "held-out patients",
    "AUROC",
    "hit rate",
    "near-duplicates",
    "nearest ratio",
    "positive control",
    "differential privacy",
    "epsilon",
    "delta",
    "versions per patient",
    "tries per patient",
    "epsilon per patient",
]
"""What of a policy may decide."""


Day = Annotated[str, StringConstraints(pattern=CALENDAR_DAY)]


class Band(StrictModel):
    """A count, as far as it is told."""

    at_least: int = Field(ge=0, le=LARGEST_COUNT)
    at_most: int = Field(ge=0, le=LARGEST_COUNT)

    @model_validator(mode="after")
    def _ends_in_order(self) -> Self:
        if self.at_least > self.at_most:
            raise ValueError("at_least must not be above at_most")
        return self

    def __str__(self) -> str:
        same = self.at_least == self.at_most
        return str(self.at_least) if same else f"{self.at_least} to {self.at_most}"


def banded(count: int, *, coarse_below: int) -> Band:
    """Return a count as far as it is told: as on a card, and coarser if it is small.

    Args:
        coarse_below: Smaller counts are told as the band between 1, 2 or 5 times a power of 10.
    """
    if count >= coarse_below:
        told, step = told_count(count), FINE if count < FINE_BELOW else COARSE
        return Band(at_least=told, at_most=told + step - 1)
    if count < 1:
        return Band(at_least=0, at_most=0)
    power = 10 ** (len(str(count)) - 1)
    edges = [power, 2 * power, 5 * power, 10 * power]
    lower = max(edge for edge in edges if edge <= count)
    upper = min(edge for edge in edges if edge > count)
    return Band(at_least=lower, at_most=upper - 1)


class StatedPeople(StrictModel):
    """How many were looked at on one side."""

    patients: Band
    patches: Band


class StatedAttack(StrictModel):
    """What one attack could at most tell; bounds of 95 %, rounded up.

    Attributes:
        hit_rate_upper: Of members found at a false-positive rate of 1 %; None: cannot be told.
        smallest_visible: The least AUROC that so many patients would have shown.
    """

    attack: AttackName
    unit: Unit
    auroc_upper: Share
    hit_rate_upper: Share | None
    smallest_visible: Share


class StatedAudit(StrictModel):
    """What leaves the centre of an audit."""

    attacks: tuple[StatedAttack, ...] = Field(max_length=MOST_ATTACKS)
    copies: Literal["none beyond chance", "more than chance", "not looked for"]
    positive_control: Literal["found", "missed", "not made"]
    members: StatedPeople
    held_out: StatedPeople
    samples: int = Field(ge=1, le=LARGEST_COUNT)
    epsilon_at_least: float | None = Field(ge=0, le=1_000_000)
    epsilon_ceiling: float | None = Field(ge=0, le=1_000_000)

    @property
    def strongest(self) -> StatedAttack | None:
        """The attack whose bound is highest, if there is any."""
        return max(self.attacks, key=lambda attack: attack.auroc_upper, default=None)


class DifferentialPrivacy(StrictModel):
    """The guarantee that a training gives: whoever sees the weights learns at most so much.

    Attributes:
        unit: What may be there or not without the weights telling.
        accountant: Which computed epsilon.
    """

    epsilon: float = Field(gt=0, le=1_000_000)
    delta: float = Field(gt=0, lt=1)
    unit: Unit
    accountant: Text


class StatedWaiver(StrictModel):
    """Who let a generator leave although the policy did not, and why."""

    by: Text
    reason: Text


class AuditStatement(StrictModel):
    """What a centre says of one package's privacy.

    Attributes:
        subject: The package's manifest digest.
        decided_by: The rules of the policy that spoke against it.
        waiver: Without one, what is inconclusive left because the policy asks for no audit.
        tries: How often generators of these patients were decided on, this time included.
    """

    schema_version: Literal[1] = 1
    kind: Literal["audit"] = "audit"
    subject: Digest
    verdict: Verdict
    decided_by: tuple[Rule, ...] = Field(max_length=20)
    audit: StatedAudit | None
    differential_privacy: DifferentialPrivacy | None
    policy_digest: Digest
    waiver: StatedWaiver | None
    tries: int = Field(ge=1, le=LARGEST_COUNT)
    made_on: Day
    genshare_version: Text

    @model_validator(mode="after")
    def _verdict_fits(self) -> Self:
        spoken_against = self.verdict in {"refused", "inconclusive"}
        if spoken_against != bool(self.decided_by):
            raise ValueError("decided_by names the rules that spoke against it, and only those")
        if self.verdict == "refused" and self.waiver is None:
            raise ValueError("what is refused leaves with a waiver only")
        if self.verdict == "passed" and self.audit is None and self.differential_privacy is None:
            raise ValueError("what passed has an audit or differential privacy")
        return self


def rounded_up(share: float) -> float:
    """Return a bound with two decimals, which is no lower."""
    return min(1.0, math.ceil(round(share * HUNDREDTHS, 9)) / HUNDREDTHS)


def read_statement(content: bytes, *, subject: str) -> AuditStatement:
    """Return the statement that a text is, if it is one of the package `subject`.

    Raises:
        StatementRefusedError: It speaks of another package, or is not exactly the canonical JSON
            of a statement.
    """
    if len(content) > LARGEST_STATEMENT_BYTES:
        raise StatementRefusedError(f"{STATEMENT} has more than {LARGEST_STATEMENT_BYTES} bytes")
    statement = read_canonical(
        AuditStatement,
        content,
        StatementRefusedError,
        name=STATEMENT,
        otherwise="a statement; it was changed by hand",
    )
    check_subject(statement, subject)
    return statement


def check_subject(statement: AuditStatement, subject: str) -> None:
    """Check of which package a statement speaks.

    Raises:
        StatementRefusedError: Of another than the one with this manifest digest.
    """
    if statement.subject != subject:
        raise StatementRefusedError(
            f"the audit statement speaks of the package {statement.subject}, not of {subject}"
        )


def statement_sentence(statement: AuditStatement) -> str:
    """Say verdict and strongest bound in words."""
    parts = [f"audit: {statement.verdict} by the centre's own policy"]
    if statement.verdict == "inconclusive" and statement.waiver is None:
        parts = [
            "audit: inconclusive: it could not tell, and the centre's own policy asks for none"
        ]
    audit = statement.audit
    if audit is None:
        parts.append("no audit is stated")
    elif (strongest := audit.strongest) is not None:
        parts.append(
            f"the strongest attack ({strongest.attack}, per {strongest.unit}) reaches an AUROC of "
            f"at most {strongest.auroc_upper:.2f}, where 0.5 is chance; less than "
            f"{strongest.smallest_visible:.2f} could not have been seen"
        )
    parts.append(_privacy(statement.differential_privacy))
    if statement.waiver is not None:
        parts.append(f"released all the same by {statement.waiver.by}: {statement.waiver.reason}")
    return "; ".join(parts)


def _privacy(privacy: DifferentialPrivacy | None) -> str:
    if privacy is None:
        return "no differential privacy"
    return (
        f"differential privacy per {privacy.unit} with epsilon {privacy.epsilon:g} and delta "
        f"{privacy.delta:g}"
    )
