"""Made-up utility receipts."""

from collections.abc import Mapping
from typing import Any

from shared.receipts import UtilityReceipt
from shared.records import GeneratorVersion

RECEIPT: Mapping[str, Any] = {
    "subject": "cd" * 32,
    "donor": "centre-b",
    "name": "masses",
    "version": 2,
    "receiver": "centre-a",
    "study": "ab" * 32,
    "classifier": "cnn",
    "train_fraction": 0.5,
    "arm": "B",
    "control": "own lesions painted",
    "difference": 0.021,
    "interval": {"low": 0.004, "high": 0.039},
    "seeds": 10,
    "verdict": "higher",
    "patients": "50 to 99",
    "day": "2026-11-29",
    "genshare_version": "0.1.0",
}
LOWER: Mapping[str, Any] = {
    "difference": -0.031,
    "interval": {"low": -0.05, "high": -0.012},
    "verdict": "lower",
}


def a_receipt(record: GeneratorVersion, **changes: Any) -> UtilityReceipt:
    """Return what centre-a says that a version was worth to it."""
    of = {
        "subject": record.manifest_digest,
        "donor": record.centre,
        "name": record.name,
        "version": record.version,
    }
    return UtilityReceipt.model_validate({**RECEIPT, **of, **changes})
