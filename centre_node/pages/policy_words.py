"""A centre's release policy in sentences."""

from collections.abc import Iterator

from node_api.release import Bounds, ReleasePolicy
from shared.counts import counted, named


def policy_sentences(policy: ReleasePolicy) -> tuple[str, ...]:
    """Return what must hold before a generator leaves, a sentence for each rule that is set."""
    return tuple(_sentences(policy))


def _sentences(policy: ReleasePolicy) -> Iterator[str]:
    needed = "Every generator is audited" if policy.audit_required else "No audit is asked for"
    rest = "" if policy.audit_required else ", but what an audit found binds"
    yield f"{needed}{rest}."
    yield (
        f"It was trained on at least {counted(policy.least_patients, 'patient')}, and compared "
        f"with at least {counted(policy.least_held_out_patients, 'held-out one')}."
    )
    if told := _bounds(policy.largest_auroc):
        yield f"No attack tells patients from others with an AUROC whose bound is above {told}."
    if told := _bounds(policy.largest_hit_rate):
        yield f"With one false alarm in 100, no attack finds more than {told} of them."
    for one in policy.attacks:
        yield f"The attack {one.attack} has bounds of its own."
    if policy.largest_near_duplicates is not None:
        share = policy.largest_near_duplicates
        yield f"At most {share:.1%} of its samples are nearly a training patch, beyond chance."
    if policy.positive_control_required:
        yield "The audit has shown that it finds a leak that was planted."
    if policy.differential_privacy_required:
        yield "It was trained under differential privacy of each patient."
    if policy.largest_epsilon is not None:
        yield f"An epsilon that is promised is at most {policy.largest_epsilon:g}."
    yield from _budget(policy)
    if policy.review is not None:
        who = "A person looks" if policy.review == "person" else "Nobody but this policy looks"
        yield f"{who} at what would be sent before it is."
    if policy.may_waive:
        names = ", ".join(person.name for person in policy.may_waive)
        yield f"These may let one leave against the policy, with a reason: {names}."
    yield f"A release is looked at again after {policy.review_months} months."


def _bounds(bounds: Bounds) -> str:
    named = (("patch", bounds.patch), ("patient", bounds.patient))
    return " and ".join(f"{bound:g} per {unit}" for unit, bound in named if bound is not None)


def _budget(policy: ReleasePolicy) -> Iterator[str]:
    budget = policy.budget_per_patient
    if budget.versions is not None:
        versions = counted(budget.versions, "version is", "versions are")
        yield f"At most {versions} published of any one patient."
    if budget.tries is not None:
        tries = counted(budget.tries, "generator")
        yield f"At most {tries} of any one patient {named(budget.tries, 'is', 'are')} decided on."
    if budget.epsilon is not None:
        yield f"At most an epsilon of {budget.epsilon:g} is spent on any one patient."
