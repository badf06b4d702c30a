"""The gate: what may leave, what is said of it, and that nothing else is sent."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from centre_node.ledger.errors import LedgerError
from centre_node.ledger.store import LedgerStore
from centre_node.sharing.errors import AuditUnusableError, ReleaseRefusedError
from centre_node.sharing.release import Audit, Candidate, Gate, read_audit
from node_api.release import Bounds, Budget, ReleasePolicy
from privacy_page.document import PrivacyPage
from shared.errors import HubRefusedError, HubTurnedAwayError, HubUnreachableError
from shared.hub_client import HubClient, connect
from shared.packages import Package
from shared.statements import DifferentialPrivacy, StatedWaiver
from shared.transfer_progress import say_nothing
from tests.audits import an_audit, figures
from tests.hub_server import RunningHub, running_hub
from tests.lying_hub import ONCE
from tests.packages import TINY, safetensors_bytes, write_tiny_package

LEAK = figures(auroc=0.9, auroc_upper=0.95)
WAIVER = StatedWaiver(by="Data protection officer", reason="Phantoms only.")
REQUIRED = ReleasePolicy(audit_required=True)


@pytest.fixture
def package(tmp_path: Path) -> Package:
    return write_tiny_package(tmp_path / "made")


@pytest.fixture
def ledger(tmp_path: Path) -> LedgerStore:
    return LedgerStore(tmp_path / "ledger.sqlite")


def audited(package: Package, **given: Any) -> Candidate:
    audit = Audit(an_audit(package, **given), "2" * 64)
    return Candidate(package, audit=audit, patients=("a", "b"), patient_count=480)


def test_what_passed_is_sent_with_a_statement_of_bounds_and_bands(
    package: Package, ledger: LedgerStore, loopback_hub: RunningHub
) -> None:
    hub, gate = loopback_hub.invited("centre-b"), Gate(REQUIRED, ledger)

    sent = gate.send(gate.decide(audited(package)), hub, on_progress=say_nothing)

    statement = hub.statement(sent.record)
    assert statement is not None
    assert (statement.verdict, statement.subject, statement.tries) == ("passed", package.digest, 1)
    text = statement.model_dump_json()
    assert "0.97" not in text, "the discriminator's score stays in the house"
    assert "0.5," not in text, "and so do estimates"
    (entry,) = ledger.read(most=9).entries
    assert (entry.version, entry.released, entry.patients) == (sent.record.version, True, 2)


@pytest.mark.parametrize(
    ("policy", "given", "said"),
    [
        (REQUIRED, None, "refuses this generator: no audit of these weights was made"),
        (ReleasePolicy(), {"attacks": (LEAK,)}, "refuses this generator: density ratio, per patch"),
        (
            ReleasePolicy(least_held_out_patients=200, audit_required=True),
            {},
            r"\(inconclusive\) this generator: 120 patients were held out; the policy asks for 200",
        ),
        (
            ReleasePolicy(least_patients=500, audit_required=True),
            {},
            r"this generator: 480 patients were trained on; the policy asks for 500$",
        ),
        (
            ReleasePolicy(largest_auroc=Bounds(patch=0.52), audit_required=True),
            {},
            r"could not have been seen; and 9 more$",
        ),
    ],
)
def test_what_the_policy_holds_back_is_one_sentence_and_nothing_stays(
    package: Package,
    ledger: LedgerStore,
    policy: ReleasePolicy,
    given: dict[str, Any] | None,
    said: str,
) -> None:
    candidate = (
        Candidate(package, patient_count=480) if given is None else audited(package, **given)
    )

    with pytest.raises(ReleaseRefusedError, match=said):
        Gate(policy, ledger).decide(replace(candidate, built_here=True))

    assert not package.folder.exists()
    (entry,) = ledger.read(most=9).entries
    assert (entry.released, entry.version) == (False, None)


def test_an_audit_of_other_weights_counts_for_nothing(
    package: Package, ledger: LedgerStore, tmp_path: Path
) -> None:
    other = write_tiny_package(
        tmp_path / "other", safetensors_bytes(TINY.generator_tensors(), 0.25)
    )
    candidate = replace(audited(package), audit=Audit(an_audit(other), "2" * 64))

    with pytest.raises(ReleaseRefusedError, match="the audit speaks of other weight files"):
        Gate(ReleasePolicy(), ledger).decide(candidate)
    assert ledger.read(most=9).entries == ()


def test_a_waiver_lets_it_go_and_is_noted_with_its_reason(
    ledger: LedgerStore, loopback_hub: RunningHub, tmp_path: Path
) -> None:
    package = write_tiny_package(tmp_path / "made", title="Waived")
    hub, gate = loopback_hub.invited("centre-b"), Gate(ReleasePolicy(), ledger)
    candidate = replace(audited(package, attacks=(LEAK,)), waiver=WAIVER)

    sent = gate.send(gate.decide(candidate), hub, on_progress=say_nothing)

    statement = hub.statement(sent.record)
    assert statement is not None
    assert (statement.verdict, statement.decided_by, statement.waiver) == (
        "refused",
        ("AUROC",),
        WAIVER,
    )
    (entry,) = ledger.read(most=9).entries
    assert (entry.verdict, entry.waiver, entry.released) == ("refused", WAIVER, True)


def test_a_waiver_of_what_passes_is_not_noted(package: Package, ledger: LedgerStore) -> None:
    release = Gate(REQUIRED, ledger).decide(replace(audited(package), waiver=WAIVER))

    assert release.statement.waiver is None


def test_the_officers_page_is_written_of_a_refusal_too(
    package: Package, ledger: LedgerStore, tmp_path: Path
) -> None:
    gate = Gate(ReleasePolicy(), ledger, pages=tmp_path / "pages")

    with pytest.raises(ReleaseRefusedError):
        gate.decide(audited(package, attacks=(LEAK,)))

    page = PrivacyPage.model_validate_json((tmp_path / "pages" / "privacy.json").read_bytes())
    assert (page.verdict, page.stated, page.manifest_digest) == ("refused", None, package.digest)
    assert "<b>refused</b>" in (tmp_path / "pages" / "privacy.html").read_text()


def test_a_budget_is_used_up_by_earlier_versions(
    package: Package, ledger: LedgerStore, tmp_path: Path
) -> None:
    gate = Gate(ReleasePolicy(budget_per_patient=Budget(versions=1)), ledger)
    gate.decide(audited(package))
    gate.decide(audited(package))  # the same once more spends nothing
    second = write_tiny_package(tmp_path / "second", title="Second")

    with pytest.raises(ReleaseRefusedError, match="2 of published versions; the policy allows 1"):
        gate.decide(audited(second))
    with pytest.raises(ReleaseRefusedError, match="of whom it is is not known"):
        gate.decide(replace(audited(second), patients=None, patient_count=None))


def test_nothing_is_sent_that_the_ledger_does_not_hold(package: Package, tmp_path: Path) -> None:
    gate = Gate(ReleasePolicy(), LedgerStore(tmp_path / "missing" / "ledger.sqlite"))

    with pytest.raises(LedgerError, match=r"the ledger .* cannot be used: No such file"):
        gate.decide(audited(package))


def test_a_dry_run_decides_and_writes_nothing(package: Package, tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"

    release = Gate(REQUIRED, LedgerStore(path)).decide(audited(package), keep=False)

    assert (release.decision.verdict, path.exists()) == ("passed", False)


def test_publishing_again_completes_what_broke_off_before_the_statement(
    package: Package, ledger: LedgerStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with running_hub(tmp_path / "hub") as running:
        hub, gate = running.invited("centre-b"), Gate(REQUIRED, ledger)

        def broken(*_: object) -> None:
            raise HubUnreachableError("no answer from the hub")

        with monkeypatch.context() as patched:
            patched.setattr(HubClient, "state", broken)
            with pytest.raises(HubUnreachableError):
                gate.send(gate.decide(audited(package)), hub, on_progress=say_nothing)
        first = hub.version("centre-b", "lesions-dcgan", None)
        sent = gate.send(gate.decide(audited(package)), hub, on_progress=say_nothing)

    assert (first.version, first.audit_statement) == (1, None)
    assert (sent.record.version, sent.package, sent.statement) == (1, False, True)
    assert len(ledger.read(most=9).entries) == 1


def test_another_node_that_says_the_same_publishes_again_and_another_verdict_is_refused(
    package: Package, ledger: LedgerStore, tmp_path: Path
) -> None:
    other = LedgerStore(tmp_path / "other.sqlite")
    with running_hub(tmp_path / "hub") as running:
        hub, gate = running.invited("centre-b"), Gate(REQUIRED, ledger)
        first = gate.send(gate.decide(audited(package)), hub, on_progress=say_nothing)
        gate = Gate(ReleasePolicy(), other)  # of another policy, and so another statement
        again = gate.send(gate.decide(audited(package)), hub, on_progress=say_nothing)
        unaudited = gate.decide(Candidate(package, patient_count=480))
        with pytest.raises(HubRefusedError, match="GS-1208"):
            gate.send(unaudited, hub, on_progress=say_nothing)

    assert again.record == first.record


def test_under_differential_privacy_the_audits_figures_stay_in_the_house(
    package: Package, ledger: LedgerStore
) -> None:
    privacy = DifferentialPrivacy(epsilon=8.0, delta=1e-4, unit="patient", accountant="PRV")
    candidate = replace(audited(package), differential_privacy=privacy)

    statement = Gate(ReleasePolicy(), ledger).decide(candidate).statement

    assert (statement.audit, statement.differential_privacy) == (None, privacy)
    assert [entry.epsilon for entry in ledger.read(most=9).entries] == [8.0]


def test_a_hub_that_is_away_leaves_the_decision_and_the_package(
    package: Package, ledger: LedgerStore
) -> None:
    gate = Gate(REQUIRED, ledger)
    release = gate.decide(replace(audited(package), built_here=True))

    with pytest.raises(HubUnreachableError):
        gate.send(release, connect("http://127.0.0.1:9", "x", ONCE), on_progress=say_nothing)
    assert package.folder.exists()


def test_a_damaged_audit_is_no_audit_and_a_missing_one_is_none(tmp_path: Path) -> None:
    path = tmp_path / "audit.json"
    assert read_audit(path) is None
    path.write_text(an_audit().model_dump_json())
    found = read_audit(path)
    assert found is not None
    assert found.report == an_audit()

    path.write_text(an_audit().model_dump_json()[:-9])
    with pytest.raises(AuditUnusableError, match=r"audit\.json is no audit: "):
        read_audit(path)


def test_an_audit_that_cannot_tell_leaves_with_a_statement_that_says_so(
    package: Package, ledger: LedgerStore
) -> None:
    few = audited(package, too_few="12 held-out patches are fewer than 20", attacks=())

    statement = Gate(ReleasePolicy(), ledger).decide(few).statement

    assert (statement.verdict, statement.decided_by) == ("inconclusive", ("audit",))
    assert [patient.refused for patient in ledger.read(most=9).patients] == [0, 0]


@pytest.mark.parametrize("stranger", ["no token", "another centre"])
def test_whom_the_hub_turns_away_has_published_nothing_until_something_was_sent(
    package: Package, ledger: LedgerStore, tmp_path: Path, stranger: str
) -> None:
    gate = Gate(ReleasePolicy(budget_per_patient=Budget(versions=1)), ledger)
    candidate = Candidate(package, patients=("a", "b"), patient_count=480)
    with running_hub(tmp_path / "hub") as running:
        wrong = (
            running.client("gsc_wrong") if stranger == "no token" else running.invited("centre-x")
        )
        for _ in range(2):
            with pytest.raises(HubTurnedAwayError, match=r"\(40[13], GS-100[12]\)"):
                gate.send(gate.decide(candidate), wrong, on_progress=say_nothing)
        (before,) = ledger.read(most=9).entries
        assert not list((running.data_dir / "blobs").rglob("?" * 64))
        sent = gate.send(
            gate.decide(candidate), running.invited("centre-b"), on_progress=say_nothing
        )
        with pytest.raises(HubTurnedAwayError):
            gate.send(gate.decide(candidate), wrong, on_progress=say_nothing)
    (after,) = ledger.read(most=9).entries

    assert (before.released, before.turned_away) == (False, True)
    assert (after.released, after.turned_away, after.version) == (True, False, sent.record.version)


def test_publishing_again_tells_that_nothing_was_sent(
    package: Package, ledger: LedgerStore, tmp_path: Path
) -> None:
    gate = Gate(REQUIRED, ledger)
    with running_hub(tmp_path / "hub") as running:
        hub = running.invited("centre-b")
        first, again = (
            gate.send(gate.decide(audited(package)), hub, on_progress=say_nothing) for _ in range(2)
        )

    assert (first.package, first.statement) == (True, True)
    assert (again.package, again.statement, again.record) == (False, False, first.record)
