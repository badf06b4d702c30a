"""The gate: a package leaves its centre only as the centre's policy allows. One place for all.

Whoever publishes (a job, the command line, a simulation's node) makes a candidate of a package,
has it decided on, and sends what comes back; nothing else is sent. The ledger is written before.
"""

import hashlib
import shutil
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from centre_node.ledger.store import Decided, LedgerStore, Try
from centre_node.privacy.decisions import decide
from centre_node.privacy.statements import state
from centre_node.sharing.errors import AuditUnusableError, ReleaseRefusedError
from centre_node.sharing.officers_pages import keep_page
from node_api.audits import AuditReport
from node_api.release import Reason, ReleaseDecision, ReleasePolicy, TrainingFacts
from privacy_page.contents import Findings, page_of
from shared.canonical import digest_of
from shared.errors import HubTurnedAwayError
from shared.hub_client import HubClient
from shared.models import validation_summary
from shared.packages import Package
from shared.progress import OnProgress, Progress
from shared.records import GeneratorVersion
from shared.statements import AuditStatement, DifferentialPrivacy, Rule, StatedWaiver
from signing.keys import SigningKey
from signing.publishing import Signer

AUDIT = Path("audit") / "audit.json"
MOST_SAID = 3
UNSIGNED = "the hub keeps no signatures: it is one of an earlier version, and nothing was signed"


@dataclass(frozen=True, slots=True)
class Audit:
    """An audit's report, and the SHA-256 of its file."""

    report: AuditReport
    digest: str


@dataclass(frozen=True, slots=True)
class Candidate:
    """A package that is to leave, and what is known of it.

    Attributes:
        patients: Whose patches it was trained on; None: not known.
        patient_count: How many these are; None: not known.
        built_here: Whether the package was made for this release, and goes if it is refused.
    """

    package: Package
    audit: Audit | None = None
    patients: Collection[str] | None = None
    patient_count: int | None = None
    differential_privacy: DifferentialPrivacy | None = None
    waiver: StatedWaiver | None = None
    built_here: bool = False

    @property
    def report(self) -> AuditReport | None:
        """What the audit found; None: there was none."""
        return None if self.audit is None else self.audit.report

    @property
    def tried(self) -> Try:
        """What the ledger counts."""
        return Try(self.package, None if self.audit is None else self.audit.digest)


@dataclass(frozen=True, slots=True)
class Release:
    """A package that may leave, with what is said of it."""

    package: Package
    decision: ReleaseDecision
    statement: AuditStatement


@dataclass(frozen=True, slots=True)
class Sent:
    """A version at the hub.

    Attributes:
        package, statement: Whether it was sent now; else the hub had it.
        signed: Whether the hub has the centre's signature of it.
    """

    record: GeneratorVersion
    package: bool
    statement: bool
    signed: bool = False


@dataclass(frozen=True, slots=True)
class Gate:
    """A centre's policy, and the ledger of what it let go.

    Attributes:
        pages: Where the officer's page of each decision is written, of a refusal too; None:
            nowhere.
        key: What is sent is signed with it; None: it is not signed.
    """

    policy: ReleasePolicy
    ledger: LedgerStore
    pages: Path | None = None
    key: SigningKey | None = None

    def decide(self, candidate: Candidate, *, keep: bool = True) -> Release:
        """Return what may be sent.

        Args:
            keep: Whether the ledger is written; only what is in it may be sent.

        Raises:
            ReleaseRefusedError: The policy refuses it, or its audit is of other weights.
            LedgerError: The ledger cannot be used.
        """
        try:
            return self._decided(candidate, keep=keep)
        except BaseException:
            if candidate.built_here:
                shutil.rmtree(candidate.package.folder, ignore_errors=True)
            raise

    def _decided(self, candidate: Candidate, *, keep: bool) -> Release:
        if candidate.report is not None:
            _check_audited(candidate.report, candidate.package)
        facts = TrainingFacts(
            patients=candidate.patient_count,
            differential_privacy=candidate.differential_privacy,
            spent=self.ledger.spent(candidate.patients or (), before=candidate.tried),
        )
        decision, now = decide(self.policy, candidate.report, facts), datetime.now(UTC)
        statement = self._statement(candidate, decision, facts, now.date())
        if keep:
            statement = self.ledger.keep(self._kept(candidate, decision, statement), now=now)
        self._write_page(candidate, decision, facts, statement, now.date())
        if statement is None:
            raise ReleaseRefusedError(_refusal(decision))
        return Release(candidate.package, decision, statement)

    def _statement(
        self, candidate: Candidate, decision: ReleaseDecision, facts: TrainingFacts, made_on: date
    ) -> AuditStatement | None:
        """Return what is said of a package that may leave, None of one that may not."""
        if not decision.may_leave and candidate.waiver is None:
            return None
        return state(
            candidate.package.digest,
            decision,
            self.policy,
            candidate.report,
            facts,
            waiver=None if decision.may_leave else candidate.waiver,
            made_on=made_on,
        )

    def _kept(
        self, candidate: Candidate, decision: ReleaseDecision, statement: AuditStatement | None
    ) -> Decided:
        privacy = candidate.differential_privacy
        return Decided(
            tried=candidate.tried,
            verdict=decision.verdict,
            waiver=None if statement is None else statement.waiver,
            patients=candidate.patients,
            epsilon=privacy.epsilon if privacy is not None and privacy.unit == "patient" else None,
            policy_digest=digest_of(self.policy),
            statement=statement,
        )

    def _write_page(
        self,
        candidate: Candidate,
        decision: ReleaseDecision,
        facts: TrainingFacts,
        statement: AuditStatement | None,
        made_on: date,
    ) -> None:
        if self.pages is None:
            return
        found = Findings(
            manifest_digest=candidate.package.digest,
            card=candidate.package.card,
            policy=self.policy,
            decision=decision,
            facts=facts,
            report=candidate.report,
            audit_digest=candidate.tried.audit_digest,
            statement=statement,
            made_on=made_on,
        )
        keep_page(self.pages, page_of(found))

    def send(
        self,
        release: Release,
        hub: HubClient,
        *,
        draft: bool = False,
        on_progress: OnProgress,
    ) -> Sent:
        """Publish a package and what is said of it, signed; harmless when repeated.

        Args:
            draft: Whether nobody else is to see it until it is handed in.

        What the hub has stays if it says the same, whatever day or policy it was said by.

        Raises:
            HubTurnedAwayError: The hub refused the sender; nothing was sent, and nothing counts.
            HubRefusedError: The hub holds another statement of this version.
            OwnKeyReplacedError: The hub has another key of this centre.
        """
        package = release.package
        try:
            published = hub.publication(
                package,
                draft=draft,
                on_progress=on_progress,
                on_sending=partial(self.ledger.sending, package.digest),
            )
        except HubTurnedAwayError:
            self.ledger.turned_away(package.digest)
            raise
        record = published.record
        self.ledger.published(package.digest, record.version)
        stated = hub.statement(record)
        is_told = stated is not None and _content(stated) == _content(release.statement)
        if not is_told:
            stated, record = release.statement, hub.state(record, release.statement)
        signed = self.key is not None and Signer(self.key, hub).sign(record, stated)
        if self.key is not None and not signed:
            on_progress(Progress(done=1, total=1, unit="versions", warning=UNSIGNED))
        return Sent(record, package=published.is_new, statement=not is_told, signed=signed)


def _content(statement: AuditStatement) -> dict[str, Any]:
    return statement.model_dump(include={"verdict", "audit", "differential_privacy", "waiver"})


def read_audit(path: Path) -> Audit | None:
    """Return an audit; None where there is none.

    Raises:
        AuditUnusableError: The file cannot be read, or is none.
    """
    try:
        content = path.read_bytes()
        report = AuditReport.model_validate_json(content)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise AuditUnusableError(f"{path} cannot be read: {error.strerror}") from error
    except ValidationError as error:
        raise AuditUnusableError(f"{path} is no audit: {validation_summary(error)}") from error
    return Audit(report, hashlib.sha256(content).hexdigest())


def _check_audited(report: AuditReport, package: Package) -> None:
    audited = {file.sha256: file.name for file in report.weights}
    packed = {file.sha256: file.name for file in package.card.weights}
    if audited.keys() == packed.keys():
        return
    others = sorted({*audited.keys(), *packed.keys()} - (audited.keys() & packed.keys()))
    name = audited.get(others[0]) or packed.get(others[0])
    raise ReleaseRefusedError(
        "the audit speaks of other weight files than the package holds, first of "
        f"{name} with the SHA-256 {others[0]}; audit exactly what is to be published"
    )


def _refusal(decision: ReleaseDecision) -> str:
    """Return a sentence with one reason of each rule; the page has all of them."""
    reasons = [reason for reason in decision.against if reason.binding]
    of_rules: dict[Rule, Reason] = {}
    for reason in reasons:
        of_rules.setdefault(reason.rule, reason)
    told = list(of_rules.values())[:MOST_SAID]
    said = "; ".join(reason.sentence for reason in told)
    more = len(reasons) - len(told)
    verdict = "refuses" if decision.verdict == "refused" else "cannot let go (inconclusive)"
    rest = f"; and {more} more" if more > 0 else ""
    return f"the centre's policy {verdict} this generator: {said}{rest}"
