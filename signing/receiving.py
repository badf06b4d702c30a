"""A receiver fetches a generator, and first finds out who signed it."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from shared.errors import HubRefusedError
from shared.files import write_whole
from shared.hub_client import HubClient, Told
from shared.packages import SIGNATURE, STATEMENT_SIGNATURE, Manifest, Package
from shared.progress import OnProgress
from shared.receipts import UtilityReceipt
from shared.records import CentreKey, GeneratorVersion
from shared.states import SERVED, WITHDRAWN, VersionState
from shared.transfer_progress import say_nothing
from shared.withdrawals import WithdrawalStatement
from signing.errors import SignatureRefusedError, SigningError, StatusMissingError
from signing.judging import Check, Finding, judge
from signing.keys import PublicKey
from signing.packages import check_audit, check_package
from signing.receipts import check_receipt
from signing.remembered import REMEMBERED, RememberedStore
from signing.statuses import CentreStatus, StatedVersion, read_status
from signing.trust import TrustStore
from signing.watching import SignedStatus, Watch, check_latest, check_listed, check_pointed
from signing.withdrawals import check_withdrawal


@dataclass(frozen=True, slots=True)
class Asked:
    """How a version was asked for.

    Attributes:
        is_latest: Without any number: the hub chose it.
        alias: By this name; None: by none.
    """

    is_latest: bool = False
    alias: str | None = None


AS_NUMBERED = Asked()


@dataclass(frozen=True, slots=True)
class Received:
    """A package that was fetched, and who signed it."""

    package: Package
    finding: Finding


@dataclass(frozen=True, slots=True)
class Receiver:
    """Fetches from a hub what comes from centres that are trusted."""

    hub: HubClient
    trust: TrustStore

    def fetch(
        self,
        record: GeneratorVersion,
        folder: Path,
        *,
        asked: Asked = AS_NUMBERED,
        weights: Collection[str] | None = None,
        on_progress: OnProgress = say_nothing,
    ) -> Received:
        """Fetch a version as `HubClient.fetch` does, with the signatures beside it.

        A signature speaks of the manifest, with which every file is compared as it comes: nothing
        is fetched before the signature was found good, and the hub to tell the same as the centre
        signed and as it told before.

        Args:
            asked: How the hub came to give this version.

        Raises:
            NotSignedError, KeyNotTrustedError, SignatureRefusedError: See `judge`.
            StatusRefusedError, StatusMissingError: The hub contradicts what the centre signed.
            LogForkedError: The hub's log was rewritten.
            PackageError: See `HubClient.fetch`.
        """
        trust = self.trust.read()
        told: Told | None = None
        signatures: dict[str, bytes] = {}
        finding = Finding(record.centre, None, "not looked at")
        if trust.mode_of(record.centre) != "off":
            keys, told = self.hub.signing.keys(record.centre), Told(self.hub.statement(record))
            signatures, finding = self._looked_at(record, keys, told)
            remark = self._remark(record, asked, keys, is_signed=finding.key is not None)
            finding = replace(finding, remark=remark)
        package = self.hub.fetch(
            record, folder, weights=weights, told=told, on_progress=on_progress
        )
        for name, content in signatures.items():
            _keep(folder / name, content)
        return Received(package, finding)

    def withdrawn(self, centre: str) -> tuple[StatedVersion, ...]:
        """Return the versions that a centre signed as withdrawn, whatever the hub says of them.

        Raises:
            StatusRefusedError: The hub hides what the centre signed, or gives an older one.
            KeyNotTrustedError, SignatureRefusedError: See `judge`.
        """
        if self.trust.read().mode_of(centre) == "off":
            return ()
        signed = self._status(centre, self.hub.signing.keys(centre))
        watch = Watch(self.hub.url, RememberedStore(self.trust.file.with_name(REMEMBERED)))
        watch.check_progress(centre, signed)
        versions = () if signed is None else signed.status.versions
        return tuple(version for version in versions if version.withdrawn)

    def confirmed(self, state: VersionState, manifest: Manifest) -> VersionState:
        """Return what a hub says of a withdrawn version in the words that its centre signed.

        Where its centre signed nothing, as where the hub's operator withdrew it, the hub's word
        stays, and `signed_with` is None.

        Args:
            manifest: Of the package that is held.

        Raises:
            KeyNotTrustedError, SignatureRefusedError: See `judge`.
        """
        hubs = state.model_copy(update={"signed_with": None})
        if state.state != WITHDRAWN or self.trust.read().mode_of(state.centre) == "off":
            return hubs
        content, found = self.hub.signing.withdrawal(state), list[WithdrawalStatement]()
        if content is None:
            return hubs
        place = (state.centre, state.name, state.version)

        def check(content: bytes, key: PublicKey) -> None:
            found.append(check_withdrawal(content, key, manifest, of=place))

        keys = self.hub.signing.keys(state.centre)
        what = f"the withdrawal of version {state.version} of {state.centre}/{state.name}"
        finding = self._judged(what, state.centre, content, keys, check)
        said = {"reason": found[0].reason, "replacement": found[0].replacement}
        return hubs.model_copy(update={**said, "signed_with": finding.key})

    def receipt_signed(self, record: GeneratorVersion, told: UtilityReceipt) -> Finding:
        """Find out who signed a receipt that a hub tells of a version.

        Raises:
            SignatureRefusedError: Its receiver signed another one.
            NotSignedError, KeyNotTrustedError: See `judge`.
        """
        receiver = told.receiver

        def check(content: bytes, key: PublicKey) -> None:
            if check_receipt(content, key, record.manifest) != told:
                raise SignatureRefusedError(f"the hub tells another one than {receiver} signed")

        content = self.hub.receipts.bundle(record, receiver)
        what = f"the receipt of {receiver} for version {record.version} of {told.donor}/{told.name}"
        return self._judged(what, receiver, content, self.hub.signing.keys(receiver), check)

    def _looked_at(
        self, record: GeneratorVersion, keys: tuple[CentreKey, ...], told: Told
    ) -> tuple[dict[str, bytes], Finding]:
        """Return the signatures by the names of their files, and who made that of the package."""
        calls, statement = self.hub.signing, told.statement
        what = f"version {record.version} of {record.centre}/{record.name}"
        content = calls.package_signature(record)
        check: Check = partial(check_package, manifest=record.manifest)
        finding = self._judged(what, record.centre, content, keys, check)
        found = {} if content is None else {SIGNATURE: content}
        if statement is not None:
            said = calls.audit_signature(record)
            check = partial(check_audit, manifest=record.manifest, statement=statement)
            self._judged(f"the audit statement of {what}", record.centre, said, keys, check)
            found |= {} if said is None else {STATEMENT_SIGNATURE: said}
        return found, finding

    def _remark(
        self,
        record: GeneratorVersion,
        asked: Asked,
        keys: tuple[CentreKey, ...],
        *,
        is_signed: bool,
    ) -> str:
        """Compare what the hub gives with what the centre signed; return what is to be doubted."""
        watch = Watch(self.hub.url, RememberedStore(self.trust.file.with_name(REMEMBERED)))
        watch.check_log(self.hub.signing)
        signed = self._status(record.centre, keys)
        watch.check_progress(record.centre, signed)
        try:
            self._compare(None if signed is None else signed.status, record, asked)
        except StatusMissingError as error:
            if self.trust.read().mode_of(record.centre) == "enforce":
                raise
            return str(error) if signed is not None or is_signed else ""
        return ""

    def _compare(self, status: CentreStatus | None, record: GeneratorVersion, asked: Asked) -> None:
        if status is None:
            raise StatusMissingError(
                f"the hub gives nothing that {record.centre} signed of its versions, so that a "
                "withdrawal or a newer version would not be noticed"
            )
        check_listed(status, record, now=datetime.now(UTC))
        if asked.alias is not None:
            check_pointed(status, record, asked.alias)
        if asked.is_latest:
            check_latest(status, record, gives=partial(self._gives, record))

    def _status(self, centre: str, keys: tuple[CentreKey, ...]) -> SignedStatus | None:
        """Return what a centre says of all its versions, if a trusted key signed it."""
        content, found = self.hub.signing.status(centre), list[CentreStatus]()
        if content is None:
            return None

        def check(content: bytes, key: PublicKey) -> None:
            found.append(read_status(content, key, centre=centre))

        finding = self._judged(f"the status of {centre}", centre, content, keys, check)
        assert finding.key is not None, "what is there and is looked at was signed with a key"
        return SignedStatus(found[0], finding.key, keys)

    def _gives(self, record: GeneratorVersion, version: int) -> bool:
        try:
            return self.hub.version(record.centre, record.name, version).state in SERVED
        except HubRefusedError:
            return False

    def _judged(
        self,
        what: str,
        centre: str,
        content: bytes | None,
        keys: tuple[CentreKey, ...],
        check: Check,
    ) -> Finding:
        trust, today = self.trust.read(), datetime.now(UTC).date()
        try:
            judged = judge(trust, centre, content, keys, check, today=today)
        except SigningError as error:
            raise type(error)(f"{what}: {error}") from error
        if judged.trust != trust:
            kept = judged.trust.of(centre)
            self.trust.change(lambda now: now.changed(centre, kept))
        return judged.finding


def _keep(path: Path, content: bytes) -> None:
    write_whole(path, lambda file: file.write(content))
