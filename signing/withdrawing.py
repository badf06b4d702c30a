"""A centre withdraws a version: the hub gives it no more, and the centre signs that it did so."""

from pathlib import Path

from shared.hub_client import HubClient
from shared.records import GeneratorVersion
from shared.states import WITHDRAWN, StateWanted, VersionState
from signing.keys import read_key
from signing.own_status import OwnStatus


def own_status(hub: HubClient, centre: str, key_file: Path) -> OwnStatus | None:
    """Return what a centre says of its versions, if this key is its own; None: it is not.

    Raises:
        KeyUnusableError: The file holds no key.
    """
    if not key_file.exists():
        return None
    key, known = read_key(key_file), hub.signing.keys(centre)
    is_own = bool(known) and known[-1].public_key == key.public.pem
    return OwnStatus(key, hub, centre) if is_own else None


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
    return after
