from typing import Any

import pytest

from centre_node.privacy.decisions import decide
from node_api.audits import Audited, Copies, EpsilonBound, HitRate, PositiveControl
from node_api.release import (
    AttackBounds,
    Bounds,
    Budget,
    ReleaseDecision,
    ReleasePolicy,
    Spent,
    TrainingFacts,
)
from shared.statements import DifferentialPrivacy
from tests.audits import an_audit, figures

KNOWN = TrainingFacts(patients=480)
STRICT = ReleasePolicy(audit_required=True)
GUARANTEE = DifferentialPrivacy(epsilon=8.0, delta=1e-4, unit="patient", accountant="PRV")


def rules(decision: ReleaseDecision) -> list[tuple[str, float | None, float | None]]:
    return [(reason.rule, reason.found, reason.limit) for reason in decision.against]


def test_an_audit_that_found_nothing_passes() -> None:
    decision = decide(STRICT, an_audit(), KNOWN)

    assert (decision.verdict, decision.may_leave, decision.against) == ("passed", True, ())
    aurocs = [(r.found, r.limit, r.unit) for r in decision.reasons if r.rule == "AUROC"]
    assert set(aurocs) == {(0.54, 0.65, "patch"), (0.54, 0.65, "patient")}
    assert len(aurocs) == 20


@pytest.mark.parametrize(("required", "verdict"), [(False, "not required"), (True, "refused")])
def test_without_an_audit_the_policy_says_whether_one_is_needed(
    required: bool, verdict: str
) -> None:
    decision = decide(ReleasePolicy(audit_required=required), None, KNOWN)

    assert decision.verdict == verdict
    assert "no audit of these weights was made" in decision.reasons[-1].sentence


@pytest.mark.parametrize(
    ("auroc", "upper", "visible", "verdict"),
    [
        (0.97, 0.99, 0.62, "refused"),  # a leak that was seen
        (0.60, 0.66, 0.60, "refused"),  # as large as the smallest that could be seen
        (0.55, 0.70, 0.66, "inconclusive"),  # too few patients to rule a leak out
        (0.41, 0.48, 0.62, "passed"),
        (0.30, 0.45, 0.79, "inconclusive"),  # a leak at the limit could not have been seen
        (0.63, 0.65, 0.56, "passed"),  # the bound itself is allowed
    ],
)
def test_an_attack_is_judged_by_its_upper_bound_and_by_what_could_be_seen(
    auroc: float, upper: float, visible: float, verdict: str
) -> None:
    found = figures(auroc=auroc, auroc_upper=upper, smallest_visible=visible)

    decision = decide(STRICT, an_audit(attacks=(found,)), KNOWN)

    assert decision.verdict == verdict
    expected = [] if verdict == "passed" else [("AUROC", upper, 0.65)]
    assert rules(decision) == expected


@pytest.mark.parametrize(
    ("share", "upper", "verdict"),
    [
        (0.15, 0.2, "refused"),
        (0.05, 0.2, "inconclusive"),
        (None, None, "inconclusive"),
        (0.05, 0.1, "passed"),
    ],
)
def test_a_hit_rate_is_judged_at_one_percent_of_false_alarms(
    share: float | None, upper: float | None, verdict: str
) -> None:
    why = "40 held-out patches are fewer than 100" if share is None else None
    hits = (
        HitRate(false_positive_rate=0.05, share=0.9, upper=0.95),
        HitRate(false_positive_rate=0.01, share=share, upper=upper, reason=why),
    )

    decision = decide(STRICT, an_audit(attacks=(figures(hits=hits),)), KNOWN)

    assert decision.verdict == verdict
    assert rules(decision) == ([] if verdict == "passed" else [("hit rate", upper, 0.1)])
    assert why is None or why in decision.against[0].sentence


def test_a_bound_of_one_attack_outweighs_that_of_all() -> None:
    own = AttackBounds(attack="inversion", largest_auroc=Bounds(patient=0.53))
    policy = ReleasePolicy(attacks=(own,))

    decision = decide(policy, an_audit(), KNOWN)

    assert [(r.attack, r.unit, r.limit) for r in decision.against] == [
        ("inversion", "patient", 0.53)
    ]


@pytest.mark.parametrize(
    ("given", "rule"),
    [
        ({"members": Audited(patients=49, patches=60)}, "patients"),
        ({"held_out": Audited(patients=19, patches=60)}, "held-out patients"),
        ({"too_few": "12 held-out patches are fewer than 20"}, "audit"),
        ({"attacks": ()}, "audit"),
        (
            {
                "positive_control": PositiveControl(
                    planted=9, copies=9, attack="inversion", auroc=0.5, found=False
                )
            },
            "positive control",
        ),
    ],
)
def test_what_cannot_be_told_is_inconclusive(given: dict[str, Any], rule: str) -> None:
    policy = ReleasePolicy(least_patients=50, least_held_out_patients=20)

    decision = decide(policy, an_audit(**given), KNOWN)

    assert (decision.verdict, decision.rules_against) == ("inconclusive", (rule,))


def test_what_an_audit_cannot_tell_holds_back_only_where_one_is_asked_for() -> None:
    report = an_audit(too_few="12 held-out patches are fewer than 20")
    few = TrainingFacts(patients=3)
    leak = an_audit(attacks=(figures(auroc=0.97, auroc_upper=0.99),))

    assert not decide(STRICT, report, KNOWN).may_leave
    free = decide(ReleasePolicy(), report, KNOWN)
    assert (free.verdict, free.may_leave, free.rules_against) == ("inconclusive", True, ("audit",))
    assert not decide(ReleasePolicy(), report, few).may_leave, "that needs no audit"
    assert not decide(ReleasePolicy(), leak, KNOWN).may_leave


def test_an_audit_from_which_attacks_were_taken_is_inconclusive() -> None:
    report = an_audit()

    decision = decide(STRICT, report.model_copy(update={"attacks": report.attacks[:-1]}), KNOWN)

    assert decision.verdict == "inconclusive"
    assert "lacks 1 of 20 attacks" in decision.against[0].sentence


def test_copies_refuse_and_never_pass() -> None:
    many = {"near_duplicates": 300, "near_duplicates_expected": 10.0}
    near = {"nearest_ratio": 0.7, "nearest_ratio_p": 0.001}
    usual: dict[str, Any] = {
        "nearest_ratio": 1.0,
        "nearest_ratio_p": 0.5,
        "authenticity": 0.7,
        "near_duplicates": 10,
        "near_duplicates_expected": 10.0,
    }
    decided = [
        decide(STRICT, an_audit(copies=Copies(**{**usual, **found})), KNOWN)
        for found in ({}, many, near, {"nearest_ratio": 0.7})
    ]
    seen = figures(auroc=0.9, auroc_upper=0.95)
    leaky = decide(STRICT, an_audit(copies=Copies(**usual), attacks=(seen,)), KNOWN)

    assert [item.rules_against for item in decided] == [
        (),
        ("near-duplicates",),
        ("nearest ratio",),
        (),
    ]
    assert decided[1].against[0].found == pytest.approx(0.029)
    assert leaky.verdict == "refused"


def test_one_refusal_outweighs_what_is_inconclusive() -> None:
    seen = figures(auroc=0.9, auroc_upper=0.95)
    report = an_audit(attacks=(seen,), members=Audited(patients=3, patches=9))

    decision = decide(STRICT, report, KNOWN)

    assert decision.verdict == "refused"
    assert decision.rules_against == ("AUROC", "patients")


@pytest.mark.parametrize(
    ("policy", "privacy", "expected"),
    [
        ({"differential_privacy_required": True}, None, [("differential privacy", None, None)]),
        (
            {"differential_privacy_required": True},
            GUARANTEE.model_copy(update={"unit": "patch"}),
            [("differential privacy", None, None)],
        ),
        ({"differential_privacy_required": True}, GUARANTEE, []),
        ({"largest_epsilon": 5.0}, GUARANTEE, [("epsilon", 8.0, 5.0)]),
        ({"largest_delta": 1e-5}, GUARANTEE, [("delta", 1e-4, 1e-5)]),
        ({"largest_epsilon": 8.0, "largest_delta": 1e-4}, GUARANTEE, []),
    ],
)
def test_differential_privacy_is_asked_for_per_patient(
    policy: dict[str, Any],
    privacy: DifferentialPrivacy | None,
    expected: list[tuple[str, float | None, float | None]],
) -> None:
    facts = TrainingFacts(patients=480, differential_privacy=privacy)

    decision = decide(ReleasePolicy(**policy), None, facts)

    assert rules(decision) == expected
    assert decision.verdict == ("refused" if expected else "passed")


def test_an_audit_that_shows_more_than_the_guarantee_refuses() -> None:
    facts = TrainingFacts(patients=480, differential_privacy=GUARANTEE)
    shown = EpsilonBound(at_least=8.5, ceiling=9.0, delta=1e-4)

    decision = decide(ReleasePolicy(), an_audit(epsilon=shown), facts)

    assert rules(decision) == [("epsilon", 8.5, 8.0)]


@pytest.mark.parametrize(
    ("budget", "spent", "expected"),
    [
        (Budget(versions=2), Spent(versions=1), []),
        (Budget(versions=2), Spent(versions=2), [("versions per patient", 3, 2)]),
        (Budget(tries=3), Spent(tries=3), [("tries per patient", 4, 3)]),
        (Budget(epsilon=10.0), Spent(epsilon=2.0), []),
        (Budget(epsilon=10.0), Spent(epsilon=4.0), [("epsilon per patient", 12.0, 10.0)]),
        (Budget(epsilon=10.0), Spent(epsilon=None), [("epsilon per patient", None, 10.0)]),
    ],
)
def test_what_was_released_of_a_patient_before_counts(
    budget: Budget, spent: Spent, expected: list[tuple[str, float | None, float]]
) -> None:
    facts = TrainingFacts(patients=480, differential_privacy=GUARANTEE, spent=spent)

    decision = decide(ReleasePolicy(budget_per_patient=budget), None, facts)

    assert rules(decision) == expected


def test_no_budget_has_room_for_a_training_without_a_guarantee_or_of_unknown_patients() -> None:
    policy = ReleasePolicy(budget_per_patient=Budget(epsilon=1_000.0))

    assert rules(decide(policy, None, KNOWN)) == [("epsilon per patient", None, 1_000.0)]
    unknown = decide(policy, None, TrainingFacts(differential_privacy=GUARANTEE))
    assert "is not known" in unknown.against[0].sentence
