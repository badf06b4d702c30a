"""A receiver fetches a generator, and first finds out who signed it."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from shared.files import write_whole
from shared.hub_client import HubClient
from shared.packages import Package
from shared.progress import OnProgress
from shared.records import CentreKey, GeneratorVersion
from shared.transfer_progress import say_nothing
from signing.errors import SigningError
from signing.judging import Check, Finding, judge
from signing.packages import SIGNATURE, STATEMENT_SIGNATURE, check_audit, check_package
from signing.trust import TrustStore


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
        weights: Collection[str] | None = None,
        on_progress: OnProgress = say_nothing,
    ) -> Received:
        """Fetch a version as `HubClient.fetch` does, with the signatures beside it.

        A signature speaks of the manifest, with which every file is compared as it comes: nothing
        is fetched before the signature was found good.

        Raises:
            NotSignedError, KeyNotTrustedError, SignatureRefusedError: See `judge`.
            PackageError: See `HubClient.fetch`.
        """
        trust = self.trust.read()
        signatures: dict[str, bytes] = {}
        finding = Finding(record.centre, None, "not looked at")
        if trust.mode_of(record.centre) != "off":
            signatures, finding = self._looked_at(record)
        package = self.hub.fetch(record, folder, weights=weights, on_progress=on_progress)
        for name, content in signatures.items():
            _keep(folder / name, content)
        return Received(package, finding)

    def _looked_at(self, record: GeneratorVersion) -> tuple[dict[str, bytes], Finding]:
        """Return the signatures by the names of their files, and who made that of the package."""
        keys, calls = self.hub.signing.keys(record.centre), self.hub.signing
        what = f"version {record.version} of {record.centre}/{record.name}"
        content = calls.package_signature(record)
        check: Check = partial(check_package, manifest=record.manifest)
        finding = self._judged(what, record.centre, content, keys, check)
        found = {} if content is None else {SIGNATURE: content}
        statement = self.hub.statement(record)
        if statement is not None:
            said = calls.audit_signature(record)
            check = partial(check_audit, manifest=record.manifest, statement=statement)
            self._judged(f"the audit statement of {what}", record.centre, said, keys, check)
            found |= {} if said is None else {STATEMENT_SIGNATURE: said}
        return found, finding

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
