"""Made-up statements of audits."""

from typing import Any

from shared.statements import AuditStatement, StatedAttack, StatedAudit, StatedPeople, banded


def a_statement(subject: str = "a" * 64, **given: Any) -> AuditStatement:
    """Return a statement of a generator that passed."""
    people = StatedPeople(
        patients=banded(480, coarse_below=100), patches=banded(612, coarse_below=100)
    )
    others = StatedPeople(
        patients=banded(60, coarse_below=100), patches=banded(75, coarse_below=100)
    )
    attacks = (
        StatedAttack(
            attack="density ratio",
            unit="patch",
            auroc_upper=0.54,
            hit_rate_upper=0.04,
            smallest_visible=0.56,
        ),
        StatedAttack(
            attack="inversion",
            unit="patient",
            auroc_upper=0.58,
            hit_rate_upper=None,
            smallest_visible=0.56,
        ),
    )
    chosen: dict[str, Any] = {
        "subject": subject,
        "verdict": "passed",
        "decided_by": (),
        "audit": StatedAudit(
            attacks=attacks,
            copies="none beyond chance",
            positive_control="found",
            members=people,
            held_out=others,
            samples=10_000,
            epsilon_at_least=0.0,
            epsilon_ceiling=3.9,
        ),
        "differential_privacy": None,
        "policy_digest": "1" * 64,
        "waiver": None,
        "tries": 1,
        "made_on": "2026-01-02",
        "genshare_version": "0.1.0",
        **given,
    }
    return AuditStatement(**chosen)
