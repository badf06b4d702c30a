"""Decides by a centre's policy whether a generator may leave. Pure: numbers in, reasons out."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from typing import get_args

from node_api.audits import AttackFigures, AuditReport, Copies
from node_api.release import Reason, ReleaseDecision, ReleasePolicy, TrainingFacts
from shared.attacks import AttackName, Unit
from shared.counts import counted
from shared.statements import DifferentialPrivacy, Rule, Verdict

CHANCE_OF_A_LOW_RATIO = 0.01
EVERY_ATTACK: tuple[tuple[AttackName, Unit], ...] = tuple(
    product(get_args(AttackName), get_args(Unit))
)
"""What an audit tries: one with fewer was changed, or made by another version."""

WORST_FIRST: tuple[Verdict, ...] = ("refused", "inconclusive", "passed", "not required")


def decide(
    policy: ReleasePolicy, report: AuditReport | None, facts: TrainingFacts
) -> ReleaseDecision:
    """Return the verdict, and what each rule found.

    One rule that refuses is enough. What could not be told is inconclusive, which no rule that
    passed outweighs; it holds a generator back unless it is of an audit that the policy does not
    ask for, without which the generator might have left. An AUROC whose bound is too high refuses
    if a leak was seen, that is if the estimate is no smaller than what the audit could see in four
    of five cases. Chance alone reaches that in 0.7 % of cases; otherwise too few patients were
    there to say. So they were where a leak as large as the limit could not have been seen, however
    low the bound happens to be.

    Args:
        report: Of the very weights that are to leave; None: no audit was made.
    """
    rules = _Rules(policy, facts)
    audited = rules.of_audit(report)
    if not policy.audit_required:
        audited = map(_binding_if_refused, audited)
    reasons = (*rules.of_training(), *audited)
    outcomes = {reason.outcome for reason in reasons}
    verdict = next(outcome for outcome in WORST_FIRST if outcome in outcomes)
    if report is None and facts.differential_privacy is None and verdict == "passed":
        verdict = "not required"
    return ReleaseDecision(verdict=verdict, reasons=reasons)


def _binding_if_refused(reason: Reason) -> Reason:
    return reason.model_copy(update={"binding": reason.outcome == "refused"})


@dataclass(frozen=True, slots=True)
class _Finding:
    """A number beside its limit."""

    rule: Rule
    found: float | None
    limit: float | None
    attack: AttackName | None = None
    unit: Unit | None = None

    def as_reason(self, outcome: Verdict, sentence: str) -> Reason:
        return Reason(
            rule=self.rule,
            outcome=outcome,
            found=self.found,
            limit=self.limit,
            sentence=sentence,
            attack=self.attack,
            unit=self.unit,
        )


@dataclass(frozen=True, slots=True)
class _Rules:
    policy: ReleasePolicy
    facts: TrainingFacts

    def of_training(self) -> Iterator[Reason]:
        """Yield what needs no audit."""
        if self.facts.patients is not None:
            yield _enough("patients", self.facts.patients, self.policy.least_patients, "trained on")
        yield from self._privacy(self.facts.differential_privacy)
        yield from self._budget()

    def of_audit(self, report: AuditReport | None) -> Iterator[Reason]:
        """Yield what an audit found, or what it means that there is none."""
        if report is None:
            required = self.policy.audit_required
            said = "the policy asks for one" if required else "the policy asks for none"
            finding = _Finding("audit", None, None)
            outcome: Verdict = "refused" if required else "not required"
            yield finding.as_reason(outcome, f"no audit of these weights was made; {said}")
            return
        yield self._conclusive(report)
        members, others = report.members.patients, report.held_out.patients
        least = self.policy.least_held_out_patients
        if members != self.facts.patients:
            yield _enough("patients", members, self.policy.least_patients, "audited as members")
        yield _enough("held-out patients", others, least, "held out")
        for figures in report.attacks:
            yield from self._attack(figures)
        if report.copies is not None:
            yield from self._copies(report.copies, report.samples)
        yield from self._shown_epsilon(report)
        yield from self._positive_control(report)

    def _conclusive(self, report: AuditReport) -> Reason:
        finding = _Finding("audit", None, None)
        if report.too_few is not None:
            return finding.as_reason("inconclusive", f"the audit cannot tell: {report.too_few}")
        if not report.attacks:
            return finding.as_reason("inconclusive", "the audit tried no attack")
        made = {(figures.attack, figures.unit) for figures in report.attacks}
        if missing := [both for both in EVERY_ATTACK if both not in made]:
            attack, unit = missing[0]
            return finding.as_reason(
                "inconclusive",
                f"the audit lacks {len(missing)} of {len(EVERY_ATTACK)} attacks, such as {attack}, "
                f"per {unit}",
            )
        return finding.as_reason("passed", "an audit of these very weights was made")

    def _attack(self, figures: AttackFigures) -> Iterator[Reason]:
        attack, unit = figures.attack, figures.unit
        limit = self.policy.auroc_bound(attack, unit)
        if limit is not None:
            yield _auroc(figures, limit)
        limit = self.policy.hit_rate_bound(attack, unit)
        if limit is not None:
            yield _hit_rate(figures, limit)

    def _copies(self, copies: Copies, samples: int) -> Iterator[Reason]:
        limit = self.policy.largest_near_duplicates
        if limit is not None:
            excess = max(0.0, copies.near_duplicates - copies.near_duplicates_expected) / samples
            finding = _Finding("near-duplicates", excess, limit)
            said = (
                f"{copies.near_duplicates} of {samples} samples are nearly a member's patch, "
                f"{copies.near_duplicates_expected:.1f} by chance"
            )
            yield finding.as_reason("refused" if excess > limit else "passed", said)
        ratio, limit = copies.nearest_ratio, self.policy.least_nearest_ratio
        if limit is not None:
            is_low = ratio < limit and copies.nearest_ratio_p < CHANCE_OF_A_LOW_RATIO
            said = (
                f"samples are {ratio:.2f} times as far from members as from held-out patients "
                f"(p {copies.nearest_ratio_p:.2g}); the policy asks for {limit:.2f}"
            )
            finding = _Finding("nearest ratio", ratio, limit)
            yield finding.as_reason("refused" if is_low else "passed", said)

    def _shown_epsilon(self, report: AuditReport) -> Iterator[Reason]:
        """Yield what the audit's lower bound of epsilon says against a limit or a guarantee."""
        if report.epsilon is None:
            return
        privacy = self.facts.differential_privacy
        claimed = None if privacy is None else privacy.epsilon
        limits = [limit for limit in (claimed, self.policy.largest_epsilon) if limit is not None]
        if not limits:
            return
        found, limit = report.epsilon.at_least, min(limits)
        said = f"the audit shows an epsilon of at least {found:.2f}; at most {limit:g} may be"
        outcome: Verdict = "refused" if found > limit else "passed"
        yield _Finding("epsilon", found, limit).as_reason(outcome, said)

    def _positive_control(self, report: AuditReport) -> Iterator[Reason]:
        finding, control = _Finding("positive control", None, None), report.positive_control
        if control is None:
            if self.policy.positive_control_required:
                yield finding.as_reason("inconclusive", "no positive control was made")
        elif control.found:
            yield finding.as_reason("passed", "the audit found the leak that was planted")
        else:
            said = "the audit did not find the leak that was planted, so it would find no other"
            yield finding.as_reason("inconclusive", said)

    def _privacy(self, privacy: DifferentialPrivacy | None) -> Iterator[Reason]:
        policy = self.policy
        if privacy is None or privacy.unit != "patient":
            if policy.differential_privacy_required:
                finding = _Finding("differential privacy", None, None)
                said = "the policy asks for differential privacy per patient; the training had none"
                yield finding.as_reason("refused", said)
            return
        given: tuple[tuple[Rule, float, float | None], ...] = (
            ("epsilon", privacy.epsilon, policy.largest_epsilon),
            ("delta", privacy.delta, policy.largest_delta),
        )
        for rule, found, limit in given:
            if limit is not None:
                outcome: Verdict = "refused" if found > limit else "passed"
                said = f"the training has a {rule} of {found:g}; the policy allows {limit:g}"
                yield _Finding(rule, found, limit).as_reason(outcome, said)

    def _budget(self) -> Iterator[Reason]:
        """Yield what was released of the same patients before, this release included."""
        budget, spent = self.policy.budget_per_patient, self.facts.spent
        privacy = self.facts.differential_privacy
        epsilon = float("inf")
        if privacy is not None and privacy.unit == "patient" and spent.epsilon is not None:
            epsilon = spent.epsilon + privacy.epsilon
        counted: tuple[tuple[Rule, float, float | None, str], ...] = (
            ("versions per patient", spent.versions + 1, budget.versions, "published versions"),
            ("tries per patient", spent.tries + 1, budget.tries, "tries"),
            ("epsilon per patient", epsilon, budget.epsilon, "epsilon"),
        )
        for rule, found, limit, what in counted:
            if limit is None:
                continue
            if self.facts.patients is None:
                said = f"of whom it is is not known, and the policy limits a patient's {what}"
                yield _Finding(rule, None, limit).as_reason("refused", said)
                continue
            told = "no bound" if found == float("inf") else f"{found:g}"
            said = f"a patient would have {told} of {what}; the policy allows {limit:g}"
            number = None if found == float("inf") else found
            outcome: Verdict = "refused" if found > limit else "passed"
            yield _Finding(rule, number, limit).as_reason(outcome, said)


def _enough(rule: Rule, found: int, least: int, what: str) -> Reason:
    outcome: Verdict = "inconclusive" if found < least else "passed"
    said = f"{counted(found, 'patient was', 'patients were')} {what}; the policy asks for {least}"
    return _Finding(rule, found, least).as_reason(outcome, said)


def _auroc(figures: AttackFigures, limit: float) -> Reason:
    upper, seen = figures.auroc_upper, figures.smallest_visible
    finding = _Finding("AUROC", upper, limit, figures.attack, figures.unit)
    told = f"{figures.attack}, per {figures.unit}: the AUROC is at most {upper:.3f}"
    if upper <= limit and seen <= limit:
        return finding.as_reason("passed", f"{told}; the policy allows {limit:.3f}")
    if upper > limit and figures.auroc >= seen:
        said = f"{told} and was seen to be {figures.auroc:.3f}; the policy allows {limit:.3f}"
        return finding.as_reason("refused", said)
    said = (
        f"{told}, the policy allows {limit:.3f}; with so few patients a leak below {seen:.3f} "
        "could not have been seen"
    )
    return finding.as_reason("inconclusive", said)


def _hit_rate(figures: AttackFigures, limit: float) -> Reason:
    rate = figures.at_one_percent
    upper = None if rate is None else rate.upper
    finding = _Finding("hit rate", upper, limit, figures.attack, figures.unit)
    told = f"{figures.attack}, per {figures.unit}: "
    if rate is None or rate.share is None or upper is None:
        why = "it was not looked at" if rate is None else rate.reason
        said = f"{told}the share of members found at 1 % false alarms cannot be told ({why})"
        return finding.as_reason("inconclusive", said)
    said = f"{told}at 1 % false alarms at most {upper:.3f} of members are found"
    if upper <= limit:
        return finding.as_reason("passed", f"{said}; the policy allows {limit:.3f}")
    if rate.share > limit:
        said = f"{said}, and {rate.share:.3f} were; the policy allows {limit:.3f}"
        return finding.as_reason("refused", said)
    said = f"{said}, and {rate.share:.3f} were; with so few patients it cannot be held below"
    return finding.as_reason("inconclusive", f"{said} {limit:.3f}, as the policy asks")
