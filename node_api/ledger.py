"""What a centre's ledger tells its staff; nothing of it leaves."""

from datetime import datetime

from pydantic import Field

from shared.models import LARGEST_COUNT, StrictModel
from shared.names import Digest, Name
from shared.statements import StatedWaiver, Verdict


class LedgerEntry(StrictModel):
    """A decision on a package.

    Attributes:
        subject: The package's manifest digest.
        patients: How many it was trained on; None: not known.
        released: Whether it was let go, and so may have been sent.
        turned_away: Whether it was let go, and the hub refused the sender before it was sent.
        version: Its number at the hub, once that has answered.
    """

    number: int
    subject: Digest
    centre: Name
    name: Name
    verdict: Verdict
    waiver: StatedWaiver | None
    patients: int | None
    epsilon: float | None
    audit_digest: Digest | None
    policy_digest: Digest
    released: bool
    turned_away: bool
    version: int | None
    decided_at: datetime


class PatientSpent(StrictModel):
    """What was released of a patient.

    Attributes:
        epsilon: None: a version without differential privacy was published.
    """

    patient: str = Field(max_length=1000)
    versions: int = Field(ge=0, le=LARGEST_COUNT)
    tries: int = Field(ge=0, le=LARGEST_COUNT)
    refused: int = Field(ge=0, le=LARGEST_COUNT)
    epsilon: float | None


class Ledger(StrictModel):
    """The newest decisions, and the patients of whom most was released.

    Attributes:
        entries_left_out, patients_left_out: How many more there are.
    """

    entries: tuple[LedgerEntry, ...]
    entries_left_out: int
    patients: tuple[PatientSpent, ...]
    patients_left_out: int
