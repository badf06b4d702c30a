"""Whether a hub tells the same as the centres signed, and the same as it told before."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from shared.canonical import digest_of
from shared.counts import counted
from shared.records import CentreKey, GeneratorVersion, LogHead
from shared.signing_calls import SigningCalls
from shared.states import WITHDRAWN
from signing.errors import LogForkedError, StatusMissingError, StatusRefusedError
from signing.key_chains import later_keys
from signing.remembered import RememberedStore, SeenHub, SeenStatus
from signing.statuses import CentreStatus


@dataclass(frozen=True, slots=True)
class SignedStatus:
    """What a centre says of its versions.

    Attributes:
        key: The fingerprint of the trusted key that signed it.
        keys: The centre's, as the hub lists them.
    """

    status: CentreStatus
    key: str
    keys: tuple[CentreKey, ...]


@dataclass(frozen=True, slots=True)
class Watch:
    """What one hub shows, compared with what it showed before."""

    url: str
    store: RememberedStore

    def check_log(self, calls: SigningCalls) -> None:
        """Check that the log only grew since it was looked at last, and remember its head.

        Raises:
            LogForkedError: It has no longer the entry that it had, or another in its place.
        """
        before, head = self.store.read().of(self.url).log, calls.log_head()
        if before is not None:
            self._check_continued(calls, before, head)
        if head is not None and head.number:
            self.store.change(self.url, lambda seen: _with_log(seen, head))

    def _check_continued(self, calls: SigningCalls, before: LogHead, head: LogHead | None) -> None:
        if head is None or head.number < before.number:
            now = "has none now" if head is None else f"ends with entry {head.number} now"
            raise LogForkedError(
                f"the log of the hub at {self.url} had "
                f"{counted(before.number, 'entry', 'entries')} when it was last looked at, "
                f"and {now}: entries were removed"
            )
        entry = head if head.number == before.number else calls.log_entry(before.number)
        if entry != before:
            found = "none" if entry is None else entry.sha256
            raise LogForkedError(
                f"entry {before.number} of the log of the hub at {self.url} had the SHA-256 "
                f"{before.sha256} when it was last looked at, and has {found} now: the log was "
                "rewritten, or others are shown another one"
            )

    def check_progress(self, centre: str, signed: SignedStatus | None) -> None:
        """Check that a centre's status is none before the one that was seen last; remember it.

        Raises:
            StatusRefusedError: It is, or there is none any more.
        """
        before = self.store.read().of(self.url).statuses.get(centre)
        if signed is None:
            if before is not None:
                raise StatusRefusedError(
                    f"the hub had a status of {centre}, number {before.number}, and gives none "
                    "now: it hides what that centre says of its generators"
                )
            return
        status = signed.status
        seen = SeenStatus(number=status.number, sha256=digest_of(status), key=signed.key)
        if before is not None:
            _check_follows(centre, before, seen, signed)
        self.store.change(self.url, lambda now: _with_status(now, centre, seen))


def _check_follows(centre: str, before: SeenStatus, seen: SeenStatus, signed: SignedStatus) -> None:
    if seen.number < before.number:
        raise StatusRefusedError(
            f"the hub gives status {seen.number} of {centre}, of {_day(signed.status.made_at)}, "
            f"but had number {before.number} before: it shows an older state of that centre's "
            "generators"
        )
    if seen.number == before.number and seen.sha256 != before.sha256:
        raise StatusRefusedError(
            f"{centre} signed two statuses with the number {seen.number}, and the hub shows now "
            "this one, now that"
        )
    if seen.key != before.key and seen.key not in later_keys(before.key, centre, signed.keys):
        raise StatusRefusedError(
            f"the status of {centre} is signed with the key {seen.key}, but the one before with "
            f"{before.key}, which does not hand over to it"
        )


def check_listed(status: CentreStatus, record: GeneratorVersion, *, now: datetime) -> None:
    """Check that a version is what its centre says of it.

    Raises:
        StatusRefusedError: It is another one, or was withdrawn.
        StatusMissingError: Nothing is said of it, or no longer.
    """
    name, version = f"{record.centre}/{record.name}", record.version
    said = f"{record.centre} signed on {_day(status.made_at)}"
    stated = status.find(record.name, version)
    if stated is not None and stated.manifest_digest != record.manifest_digest:
        raise StatusRefusedError(
            f"the hub gives the package {record.manifest_digest} as version {version} of {name}, "
            f"but {said} that this is {stated.manifest_digest}: the hub swapped versions"
        )
    if stated is not None and stated.audit_statement not in {None, record.audit_statement}:
        given = record.audit_statement or "none"
        raise StatusRefusedError(
            f"{said} the audit statement {stated.audit_statement} of version {version} of {name}, "
            f"but the hub gives {given}"
        )
    # A hub that says so too refuses the files itself, with the reason and what to use instead.
    if stated is not None and stated.withdrawn and record.state != WITHDRAWN:
        raise StatusRefusedError(
            f"{said} that version {version} of {name} is withdrawn, and the hub hides that"
        )
    if status.expires_at < now:
        raise StatusMissingError(
            f"what {said} of its generators held until {_day(status.expires_at)}: the hub may "
            "hide what it signed since"
        )
    if stated is None:
        raise StatusMissingError(
            f"what {said} does not name version {version} of {name}: the hub may hide what it "
            "signed since"
        )


def check_pointed(status: CentreStatus, record: GeneratorVersion, alias: str) -> None:
    """Check that an alias points where its centre signed that it does.

    Raises:
        StatusRefusedError: It points elsewhere.
        StatusMissingError: Nothing is said of it.
    """
    name, said = f"{record.centre}/{record.name}", f"signed on {_day(status.made_at)}"
    version = status.pointed(record.name, alias)
    if version is None:
        raise StatusMissingError(
            f"what {record.centre} {said} names no alias {alias} of {record.name}: that it points "
            f"at version {record.version} is the hub's word alone"
        )
    if version != record.version:
        raise StatusRefusedError(
            f"the hub has the alias {alias} of {name} point at version {record.version}, but "
            f"{record.centre} {said} that it points at version {version}"
        )


def check_latest(
    status: CentreStatus, record: GeneratorVersion, *, gives: Callable[[int], bool]
) -> None:
    """Check that no version is newer than the one that a hub gave as the latest.

    Args:
        gives: Tells whether the hub gives a version when it is asked for its number.

    Raises:
        StatusRefusedError: There is a newer one, which the hub gives.
        StatusMissingError: There is a newer one, which the hub does not give.
    """
    newest = status.newest(record.name)
    if newest is None or newest.version <= record.version:
        return
    sentence = (
        f"the hub gives version {record.version} of {record.centre}/{record.name} as the latest, "
        f"but {record.centre} signed on {_day(status.made_at)} that version {newest.version} is "
        "there"
    )
    if gives(newest.version):
        raise StatusRefusedError(sentence)
    why = "the hub reviews it still, withdrew it by itself, or hides it"
    raise StatusMissingError(f"{sentence}; {why}")


def _with_log(seen: SeenHub, head: LogHead) -> SeenHub:
    """Return what was seen with a log's head, unless another process saw a later one."""
    if seen.log is not None and seen.log.number > head.number:
        return seen
    return seen.model_copy(update={"log": head})


def _with_status(seen: SeenHub, centre: str, status: SeenStatus) -> SeenHub:
    known = seen.statuses.get(centre)
    if known is not None and known.number > status.number:
        return seen
    return seen.model_copy(update={"statuses": {**seen.statuses, centre: status}})


def _day(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"
