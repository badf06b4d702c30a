"""The page that an officer signs: what it says, and that it claims no more."""

import re
from datetime import date
from pathlib import Path
from typing import Any, get_args

import pytest

from centre_node.privacy.decisions import decide
from centre_node.privacy.statements import state
from node_api.audits import AuditReport
from node_api.release import ReleasePolicy, Spent, TrainingFacts
from privacy_page.contents import Findings, months_later, page_of
from privacy_page.document import PrivacyPage
from privacy_page.page import privacy_html
from privacy_page.wording import HOW
from shared.attacks import AttackName
from shared.canonical import digest_of
from shared.packages import Package
from shared.statements import DifferentialPrivacy, StatedWaiver
from tests.audits import an_audit, figures
from tests.packages import write_tiny_package

DAY = date(2026, 11, 30)
AUDITED = ReleasePolicy(audit_required=True)
FACTS = TrainingFacts(patients=480)
LEAK = figures(auroc=0.97, auroc_upper=0.99)


@pytest.fixture
def package(tmp_path: Path) -> Package:
    return write_tiny_package(tmp_path)


def page(package: Package, report: AuditReport | None, **given: Any) -> PrivacyPage:
    policy, facts = given.get("policy", ReleasePolicy()), given.get("facts", FACTS)
    waiver = given.get("waiver")
    decision = decide(policy, report, facts)
    statement = None
    if decision.may_leave or waiver:
        statement = state(
            package.digest, decision, policy, report, facts, waiver=waiver, made_on=DAY
        )
    return page_of(
        Findings(
            manifest_digest=package.digest,
            card=package.card,
            policy=policy,
            decision=decision,
            facts=facts,
            report=report,
            audit_digest=None if report is None else "2" * 64,
            statement=statement,
            made_on=DAY,
        )
    )


def test_the_page_has_every_part_that_an_officer_signs_for(package: Package) -> None:
    spent = Spent(versions=2, tries=4, epsilon=None)
    found = page(package, an_audit(package), facts=TrainingFacts(patients=480, spent=spent))

    text = privacy_html(found)

    for part in (
        package.digest,
        digest_of(ReleasePolicy()),
        "480 patients, 612 patches",
        "120 patients, 150 patches",
        "<b>passed</b>",
        "at most 2 versions of a patient; this is try 5",
        "at most 54 of 100 pairs; guessing picks 50. Fewer than 56 could have gone unseen",
        "Read the line of density ratio, per patch, so: Shown one of the patches",
        "at most 3.1",
        "found them (AUROC 0.99): the audit can see such a leak",
        "None: the training gives no formal guarantee",
        "generators were published 2 times before",
        "Made on 2026-11-30. To be looked at again by 2027-11-30",
        "Data protection officer: name, date, signature",
    ):
        assert part in text, part


def test_a_page_needs_nothing_beside_it_and_runs_nothing(package: Package) -> None:
    text = privacy_html(page(package, an_audit(package)))

    assert not re.search(r"<script|<link|<img|src=|href=|url\(|@import|\son\w+=", text)
    assert "prefers-color-scheme: dark" in text
    assert "@media print" in text


def test_what_a_document_says_is_read_back(package: Package) -> None:
    found = page(package, an_audit(package))

    assert PrivacyPage.model_validate_json(found.model_dump_json()) == found


def test_the_discriminators_score_is_not_on_the_page(package: Package) -> None:
    report = an_audit(package, internal_auroc=0.9876)

    assert "0.9876" not in page(package, report).model_dump_json()


@pytest.mark.parametrize(
    ("report", "policy", "verdict", "said"),
    [
        ({}, ReleasePolicy(), "passed", "this is no proof that nothing can be learnt"),
        ({"attacks": (LEAK,)}, ReleasePolicy(), "refused", "The generator stays"),
        ({"too_few": "few"}, AUDITED, "inconclusive", "stays, unless a second person"),
        ({"too_few": "few"}, ReleasePolicy(), "inconclusive", "The audit could not tell"),
        (None, ReleasePolicy(), "not required", "Nothing is known of what this generator tells"),
        (None, AUDITED, "refused", "The generator stays"),
    ],
)
def test_each_verdict_is_said_in_words_and_claims_no_more(
    package: Package,
    report: dict[str, Any] | None,
    policy: ReleasePolicy,
    verdict: str,
    said: str,
) -> None:
    audit = None if report is None else an_audit(package, **report)
    found = page(package, audit, policy=policy)
    text = privacy_html(found)

    assert found.verdict == verdict
    assert said in text
    stays = verdict == "refused" or (verdict == "inconclusive" and policy.audit_required)
    assert ("Nothing leaves, and nothing is stated" in text) is stays
    for claim in ("anonymous", "safe", "no risk", "cannot be identified"):
        assert claim not in text.lower()


def test_a_waiver_and_a_guarantee_are_said_with_their_limits(package: Package) -> None:
    privacy = DifferentialPrivacy(epsilon=20.0, delta=1e-4, unit="patient", accountant="PRV")
    facts = TrainingFacts(patients=480, differential_privacy=privacy)
    waiver = StatedWaiver(by="The officer", reason="Phantoms only.")

    report = an_audit(package, attacks=(LEAK,))
    text = privacy_html(page(package, report, facts=facts, waiver=waiver))

    assert "The officer has waived: Phantoms only." in text
    assert "exp(20) times as likely with a patient&#39;s patches as without" in text
    assert "Above 10 it promises little by itself" in text
    assert "nothing bounds what a future attack finds" not in text


def test_a_control_that_failed_and_a_rate_that_cannot_be_told_are_said(package: Package) -> None:
    control = an_audit().positive_control
    assert control is not None
    missed = control.model_copy(update={"found": False})
    few = figures(hits=figures().hits[1:])

    text = privacy_html(page(package, an_audit(package, positive_control=missed, attacks=(few,))))

    assert "did not find them: that it found nothing else says nothing" in text
    assert "cannot be told from so few" in text


def test_every_attack_is_explained() -> None:
    assert set(HOW) == set(get_args(AttackName))


@pytest.mark.parametrize(
    ("day", "months", "later"),
    [
        (date(2026, 1, 31), 1, date(2026, 2, 28)),
        (date(2027, 8, 31), 6, date(2028, 2, 29)),
        (date(2026, 12, 1), 12, date(2027, 12, 1)),
    ],
)
def test_a_review_is_due_some_months_later(day: date, months: int, later: date) -> None:
    assert months_later(day, months) == later
