"""A centre withdraws a version: the hub gives it no more, and the centre signs that it did so."""

from datetime import UTC, datetime
from pathlib import Path

from shared.errors import HubRefusedError
from shared.hub_client import HubClient
from shared.hub_exchange import NO_SUCH_ROUTE
from shared.records import GeneratorVersion
from shared.states import WITHDRAWN, StateWanted, VersionState
from shared.withdrawals import WithdrawalStatement
from signing.errors import OwnKeyReplacedError, SignatureRefusedError
from signing.keys import SigningKey, read_key
from signing.own_status import OwnStatus
from signing.withdrawals import check_withdrawal, sign_withdrawal


def own_status(hub: HubClient, centre: str, key_file: Path) -> OwnStatus | None:
    """Return what a centre says of its versions; None: it has no key, or somebody else asks.

    Raises:
        KeyUnusableError: The file holds no key.
        OwnKeyReplacedError: The centre signs with another key than this one.
    """
    known, caller = hub.signing.keys(centre), hub.whoami()
    if not known or (caller is not None and caller.name != centre):
        return None
    if not key_file.exists():
        raise OwnKeyReplacedError(
            f"{centre} signs what it says at this hub, and there is no key in {key_file}: this is "
            "not signed"
        )
    key = read_key(key_file)
    if known[-1].public_key != key.public.pem:
        raise OwnKeyReplacedError(_replaced(key, centre, {item.public_key for item in known}))
    return OwnStatus(key, hub, centre)


def _replaced(key: SigningKey, centre: str, known: set[str]) -> str:
    if key.public.pem in known:
        return (
            f"the key in {key.file} handed over to another, with which {centre} signs now: this "
            "is not signed"
        )
    return (
        f"{centre} signs with another key than that in {key.file}, which is "
        f"{key.public.fingerprint}: this is not signed"
    )


def change_state(
    hub: HubClient, record: GeneratorVersion, wanted: StateWanted, own: OwnStatus | None
) -> VersionState:
    """Change what a version is at its hub; a withdrawal is signed too, and harmless when repeated.

    Args:
        own: What its centre says of its versions; None: somebody else changes it, or has no key.
    """
    if wanted.state != WITHDRAWN:
        return hub.life_cycle.change_state(record, wanted)
    before = hub.life_cycle.state_of(record)
    after = before if before.state == WITHDRAWN else hub.life_cycle.change_state(record, wanted)
    if own is not None:
        own.withdraw(record.name, record.version)
        _sign(own, record, wanted)
    return after


def _sign(own: OwnStatus, record: GeneratorVersion, wanted: StateWanted) -> None:
    """Have the hub keep why this was withdrawn, unless it has it or is of an earlier version."""
    calls = own.hub.signing
    if wanted.reason is None or _is_signed(own, record, calls.withdrawal(record)):
        return
    statement = WithdrawalStatement(
        subject=record.manifest_digest,
        **record.model_dump(include={"centre", "name", "version"}),
        reason=wanted.reason,
        replacement=wanted.replacement,
        day=datetime.now(UTC).date().isoformat(),
    )
    try:
        calls.put_withdrawal(record, sign_withdrawal(own.key, statement, record.manifest))
    except HubRefusedError as error:
        if error.problem.code != NO_SUCH_ROUTE:
            raise


def _is_signed(own: OwnStatus, record: GeneratorVersion, content: bytes | None) -> bool:
    if content is None:
        return False
    place = (record.centre, record.name, record.version)
    try:
        check_withdrawal(content, own.key.public, record.manifest, of=place)
    except SignatureRefusedError:
        return False
    return True
