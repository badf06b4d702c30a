"""Puts a page together from what was found, decided and stated."""

import math
from calendar import monthrange
from dataclasses import dataclass
from datetime import date

from node_api.audits import AttackFigures, AuditReport
from node_api.release import Reason, ReleaseDecision, ReleasePolicy, TrainingFacts
from privacy_page.document import PageAttack, PrivacyPage
from privacy_page.wording import (
    HOW,
    THREAT_MODEL,
    attack_in_words,
    copies_in_words,
    positive_control_in_words,
    privacy_in_words,
    read_strongest,
    residual_risk,
    strongest_in_words,
    verdict_in_words,
)
from shared.canonical import digest_of
from shared.cards import ModelCard
from shared.statements import AuditStatement, StatedWaiver
from shared.version import genshare_version

UNIT = (
    "A patient, with all patches of that patient; attacks per patch are given beside it. Patients "
    "were held out whole."
)
NO_UNIT = "A patient, with all patches of that patient."


@dataclass(frozen=True, slots=True)
class Findings:
    """What a page is made of.

    Attributes:
        manifest_digest: Of the package.
        audit_digest: Of the audit's file.
        statement: What leaves; None: nothing does.
    """

    manifest_digest: str
    card: ModelCard
    policy: ReleasePolicy
    decision: ReleaseDecision
    facts: TrainingFacts
    report: AuditReport | None
    audit_digest: str | None
    statement: AuditStatement | None
    made_on: date

    @property
    def waiver(self) -> StatedWaiver | None:
        """Who let it go against the policy."""
        return None if self.statement is None else self.statement.waiver


def page_of(found: Findings) -> PrivacyPage:
    """Return the page."""
    report, card, facts = found.report, found.card, found.facts
    parameters = _parameters(card)
    return PrivacyPage(
        manifest_digest=found.manifest_digest,
        centre=card.centre,
        name=card.name,
        title=card.title,
        weight_files=len(card.weights),
        purpose=card.use_terms,
        recipients=(
            f"Every centre of the hub that it is published to. Licence: {card.licence}. "
            f"Contact: {card.contact}."
        ),
        threat_model=THREAT_MODEL,
        verdict=found.decision.verdict,
        verdict_in_words=verdict_in_words(found.decision, found.waiver),
        reasons=(*found.decision.against, *_others(found.decision)),
        waiver=found.waiver,
        unit=NO_UNIT if report is None else UNIT,
        members=None if report is None else report.members,
        held_out=None if report is None else report.held_out,
        parameters=parameters,
        parameters_per_patch=_per_patch(parameters, card, report),
        attacks=() if report is None else tuple(map(_attack, report.attacks)),
        strongest=strongest_in_words(report),
        strongest_read=read_strongest(report),
        copies=None if report is None else report.copies,
        copies_in_words=copies_in_words(
            None if report is None else report.copies, 0 if report is None else report.samples
        ),
        positive_control=None if report is None else report.positive_control,
        positive_control_in_words=positive_control_in_words(
            None if report is None else report.positive_control
        ),
        epsilon_shown=None if report is None else report.epsilon,
        differential_privacy=facts.differential_privacy,
        differential_privacy_in_words=privacy_in_words(facts.differential_privacy),
        spent_before=facts.spent,
        tries=facts.spent.tries + 1,
        residual_risk=tuple(
            residual_risk(report, facts.differential_privacy, facts.spent.versions)
        ),
        policy=found.policy,
        policy_digest=digest_of(found.policy),
        audit_digest=found.audit_digest,
        stated=found.statement,
        made_on=found.made_on.isoformat(),
        review_on=months_later(found.made_on, found.policy.review_months).isoformat(),
        genshare_version=genshare_version(),
    )


def _others(decision: ReleaseDecision) -> tuple[Reason, ...]:
    return tuple(reason for reason in decision.reasons if reason not in decision.against)


def months_later(day: date, months: int) -> date:
    """Return the same day some months later, or the last of that month if it has no such day."""
    years, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    last = monthrange(years, month + 1)[1]
    return date(years, month + 1, min(day.day, last))


def _parameters(card: ModelCard) -> int:
    """Return the numbers in all weight files."""
    tensors = card.architecture.generator_tensors().values()
    return len(card.weights) * sum(math.prod(tensor.shape) for tensor in tensors)


def _per_patch(parameters: int, card: ModelCard, report: AuditReport | None) -> float | None:
    patches = card.training_set.patches if report is None else report.members.patches
    return round(parameters / patches, 1) if patches else None


def _attack(figures: AttackFigures) -> PageAttack:
    rate = figures.at_one_percent
    upper = None if rate is None else rate.upper
    return PageAttack(
        attack=figures.attack,
        unit=figures.unit,
        auroc=figures.auroc,
        auroc_upper=figures.auroc_upper,
        control_auroc=figures.control_auroc,
        hit_rate_upper=upper,
        smallest_visible=figures.smallest_visible,
        how=HOW[figures.attack],
        in_words=attack_in_words(figures, upper),
    )
