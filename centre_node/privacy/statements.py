"""Makes the statement that leaves with a package: of what its audit found, bounds and bands."""

from datetime import date
from typing import Literal

from node_api.audits import AttackFigures, Audited, AuditReport
from node_api.release import ReleaseDecision, ReleasePolicy, TrainingFacts
from shared.canonical import digest_of
from shared.statements import (
    AuditStatement,
    StatedAttack,
    StatedAudit,
    StatedPeople,
    StatedWaiver,
    banded,
    rounded_up,
)
from shared.version import genshare_version


def state(
    subject: str,
    decision: ReleaseDecision,
    policy: ReleasePolicy,
    report: AuditReport | None,
    facts: TrainingFacts,
    *,
    waiver: StatedWaiver | None,
    made_on: date,
) -> AuditStatement:
    """Return the statement of a package that may leave.

    Of a training with differential privacy the audit's figures stay in the house: they were
    computed on the patients, and no budget was charged for them.

    Args:
        subject: The package's manifest digest.
        waiver: Who lets it leave although the policy does not.
    """
    shown = None if facts.differential_privacy is not None else report
    return AuditStatement(
        subject=subject,
        verdict=decision.verdict,
        decided_by=decision.rules_against,
        audit=None if shown is None else _stated(shown, decision, policy.coarse_counts_below),
        differential_privacy=facts.differential_privacy,
        policy_digest=digest_of(policy),
        waiver=waiver,
        tries=facts.spent.tries + 1,
        made_on=made_on.isoformat(),
        genshare_version=genshare_version(),
    )


def _stated(report: AuditReport, decision: ReleaseDecision, coarse_below: int) -> StatedAudit:
    control, epsilon = report.positive_control, report.epsilon
    found: Literal["found", "missed", "not made"] = "not made"
    if control is not None:
        found = "found" if control.found else "missed"
    return StatedAudit(
        attacks=tuple(map(_attack, report.attacks)),
        copies=_copies(report, decision),
        positive_control=found,
        members=_people(report.members, coarse_below),
        held_out=_people(report.held_out, coarse_below),
        samples=report.samples,
        epsilon_at_least=None if epsilon is None else epsilon.at_least,
        epsilon_ceiling=None if epsilon is None else epsilon.ceiling,
    )


def _attack(figures: AttackFigures) -> StatedAttack:
    rate = figures.at_one_percent
    upper = None if rate is None else rate.upper
    return StatedAttack(
        attack=figures.attack,
        unit=figures.unit,
        auroc_upper=rounded_up(figures.auroc_upper),
        hit_rate_upper=None if upper is None else rounded_up(upper),
        smallest_visible=rounded_up(figures.smallest_visible),
    )


def _copies(
    report: AuditReport, decision: ReleaseDecision
) -> Literal["none beyond chance", "more than chance", "not looked for"]:
    if report.copies is None:
        return "not looked for"
    refused = {"near-duplicates", "nearest ratio"} & set(decision.rules_against)
    return "more than chance" if refused else "none beyond chance"


def _people(audited: Audited, coarse_below: int) -> StatedPeople:
    return StatedPeople(
        patients=banded(audited.patients, coarse_below=coarse_below),
        patches=banded(audited.patches, coarse_below=coarse_below),
    )
