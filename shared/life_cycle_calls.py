"""What a client asks a hub about the states of versions, aliases and events."""

from shared.canonical import canonical_json, etag_of
from shared.errors import DigestMismatchError, HubRefusedError, HubUnreadableError
from shared.events import GeneratorEvents
from shared.hub_exchange import JSON, NO_SUCH_ROUTE, HubExchange, version_path
from shared.records import GeneratorVersion
from shared.states import (
    APPROVED,
    Alias,
    AliasTarget,
    StateWanted,
    VersionState,
    VersionStates,
)


class LifeCycleCalls:
    """What became of the versions of one hub.

    Every method raises `HubUnreachableError`, `HubUnreadableError` or `HubRefusedError`.
    """

    def __init__(self, exchange: HubExchange) -> None:
        self._exchange = exchange

    def state_of(self, record: GeneratorVersion) -> VersionState:
        """Return what a version is, why, and what to use instead.

        Raises:
            DigestMismatchError: The hub answered with another version's.
        """
        try:
            found = self._exchange.call(VersionState, "GET", _state_path(record))
        except HubRefusedError as error:
            if error.problem.code != NO_SUCH_ROUTE:
                raise
            named = record.model_dump(include={"centre", "name", "version", "manifest_digest"})
            return VersionState(**named, state=APPROVED)  # a hub of before knows nothing else
        return _the_state(record, found)

    def states(self, centre: str, name: str) -> tuple[VersionState, ...]:
        """Return what a generator's versions are, those that were withdrawn too.

        Raises:
            DigestMismatchError: The hub answered with another generator's.
        """
        path = f"/generators/{centre}/{name}/states"
        found = self._exchange.call(VersionStates, "GET", path).items
        for state in found:
            if (state.centre, state.name) != (centre, name):
                raise DigestMismatchError(
                    f"the hub tells the states of {state.centre}/{state.name}, not of "
                    f"{centre}/{name}"
                )
        return tuple(map(_the_hubs, found))

    def change_state(self, record: GeneratorVersion, wanted: StateWanted) -> VersionState:
        """Change what a version is.

        Raises:
            DigestMismatchError: The hub answered with another version's.
        """
        content = canonical_json(wanted)
        # Not made again: the second would be refused, for the version has become it.
        found = self._exchange.call(
            VersionState,
            "POST",
            _state_path(record),
            harmless=False,
            content=content,
            headers=JSON,
        )
        return _the_state(record, found)

    def events(self, after: int) -> GeneratorEvents:
        """Return what happened to generators after a number.

        Raises:
            HubUnreadableError: The events are not in order, or come from before.
        """
        page = self._exchange.call(GeneratorEvents, "GET", f"/events?after={after}")
        numbers = [event.number for event in page.items]
        in_order = numbers == sorted(set(numbers)) and all(
            after < number <= page.last for number in numbers
        )
        if not in_order or (page.more and page.last <= after):
            raise HubUnreadableError(f"the hub's events after {after} are not in order")
        return page

    def alias(self, centre: str, name: str, alias: str) -> Alias:
        """Return where an alias points, and what that version is.

        Raises:
            DigestMismatchError: The hub answered with another alias.
        """
        path = f"/generators/{centre}/{name}/aliases/{alias}"
        return _the_alias(self._exchange.call(Alias, "GET", path), centre, name, alias)

    def point_alias(
        self, centre: str, name: str, alias: str, version: int, *, before: Alias | None = None
    ) -> Alias:
        """Point an alias at a version.

        Args:
            before: What it was when it was looked at; None: there was no such alias. If it has
                changed since, the hub refuses.

        Raises:
            DigestMismatchError: The hub answered with another alias.
        """
        etag = None if before is None else etag_of(canonical_json(before))
        condition = {"If-None-Match": "*"} if etag is None else {"If-Match": etag}
        found = self._exchange.call(
            Alias,
            "PUT",
            f"/generators/{centre}/{name}/aliases/{alias}",
            harmless=False,
            content=canonical_json(AliasTarget(version=version)),
            headers=JSON | condition,
        )
        return _the_alias(found, centre, name, alias)


def _state_path(record: GeneratorVersion) -> str:
    return f"{version_path(record)}/state"


def _the_alias(found: Alias, centre: str, name: str, alias: str) -> Alias:
    if (found.centre, found.name, found.alias) != (centre, name, alias):
        raise DigestMismatchError(
            f"the hub tells of the alias {found.alias} of {found.centre}/{found.name}, not of "
            f"{alias} of {centre}/{name}"
        )
    return found


def _the_state(record: GeneratorVersion, state: VersionState) -> VersionState:
    if (state.centre, state.name, state.version, state.manifest_digest) != (
        record.centre,
        record.name,
        record.version,
        record.manifest_digest,
    ):
        raise DigestMismatchError(
            f"the hub tells the state of version {state.version} of {state.centre}/{state.name} "
            f"({state.manifest_digest[:12]}), not of version {record.version} of "
            f"{record.centre}/{record.name} ({record.manifest_digest[:12]})"
        )
    return _the_hubs(state)


def _the_hubs(state: VersionState) -> VersionState:
    """Return a state without what no hub can say: that its centre signed it."""
    return state.model_copy(update={"signed_with": None})
