"""Made-up withdrawals."""

from typing import Any

from shared.records import GeneratorVersion
from shared.states import StateWanted
from shared.withdrawals import WithdrawalStatement

REASON = "It draws copies of training patches"
WITHDRAWN_SO = StateWanted(state="withdrawn", reason=REASON)


def a_withdrawal(record: GeneratorVersion, **changes: Any) -> WithdrawalStatement:
    """Return what its centre says of a version that it withdrew."""
    told: dict[str, Any] = {
        "subject": record.manifest_digest,
        **record.model_dump(include={"centre", "name", "version"}),
        "reason": REASON,
        "day": "2026-11-29",
        **changes,
    }
    return WithdrawalStatement.model_validate(told)
