import subprocess
import sys

import pytest
from pydantic import ValidationError

from shared.fidelity import METRICS, FidelityRow

VALUES = dict.fromkeys(METRICS, 0.5) | {"kid_interval": (0.4, 0.6), "patches": 20}


def test_what_is_undefined_has_a_reason() -> None:
    row = FidelityRow(**VALUES | {"auroc": None, "reasons": {"auroc": "too few patients"}})

    assert row.auroc is None


@pytest.mark.parametrize(
    "changes",
    [
        {"auroc": None},
        {"reasons": {"auroc": "it is there"}},
        {"auroc": None, "reasons": {"kid": "another"}},
        {"kid": float("nan")},
        {"frechet": float("inf")},
    ],
)
def test_a_row_with_nan_or_without_a_reason_is_refused(changes: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        FidelityRow(**VALUES | changes)


def test_reading_a_report_needs_no_array_library() -> None:
    code = (
        "import sys, shared.fidelity\n"
        "sys.exit(bool({'numpy', 'torch', 'sklearn', 'matplotlib'} & set(sys.modules)))"
    )

    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
