"""Follows what the hub tells of generators, and marks those that were pulled."""

import asyncio
import logging
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from anyio import to_thread
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from centre_node.connection.store import ConnectionStore
from centre_node.database import FollowedHubRow
from shared.errors import HubRefusedError, PackageError
from shared.events import GeneratorEvent, GeneratorEvents
from shared.hub_client import HubClient, connect
from shared.hub_exchange import NO_SUCH_ROUTE, HubLimits, check_missing
from shared.marks import keep_mark, read_mark
from shared.packages import peek_package
from shared.problems import GenshareError
from shared.states import ENDED, VersionState
from signing.errors import SigningError
from signing.receiving import Receiver
from signing.statuses import StatedVersion
from signing.trust import TrustStore

SIGNED_SO = "Its centre signed that it is not to be used any more"
LIMITS = HubLimits(call_seconds=30.0, silence_seconds=30.0)

log = logging.getLogger(__name__)


class FollowedHubs:
    """Up to which number a hub's events were read, by its URL."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def last(self, url: str) -> int:
        """Return the number, 0 of a hub that was not followed before."""
        with Session(self._engine) as session:
            row = session.get(FollowedHubRow, url)
            return 0 if row is None else row.last_event

    def put(self, url: str, last: int) -> None:
        """Remember the number."""
        with Session(self._engine) as session, session.begin():
            session.merge(FollowedHubRow(url=url, last_event=last))


class Follower:
    """Reads the events of the hub that the node is connected to.

    Args:
        generators: Holds each pulled package in a folder named after its manifest's digest.
        trust: Whose keys the node trusts.
        allow_unencrypted: Whether the hub may be asked over plain HTTP.
    """

    def __init__(
        self,
        connections: ConnectionStore,
        followed: FollowedHubs,
        *,
        generators: Path,
        trust: TrustStore,
        allow_unencrypted: bool = False,
    ) -> None:
        self._connections = connections
        self._followed = followed
        self._generators = generators
        self._trust = trust
        self._allow_unencrypted = allow_unencrypted

    async def follow_for_ever(self, seconds: float) -> None:
        """Poll the hub, with a pause of so many seconds in between."""
        while True:
            try:
                await to_thread.run_sync(self.poll, abandon_on_cancel=True)
            except (GenshareError, SQLAlchemyError, OSError) as error:
                log.warning("the hub's events cannot be read now: %s", error)
            await asyncio.sleep(seconds)

    def poll(self) -> None:
        """Read what has happened since the last time, and mark what was pulled.

        What its centre signed as withdrawn is marked too, even if the hub says nothing of it.

        Raises:
            GenshareError: The hub cannot be asked, or not understood; the next call reads the same
                again.
        """
        connection = self._connections.get()
        if connection is None:
            return
        hub = connect(
            connection.url,
            connection.token,
            LIMITS,
            allow_unencrypted=self._allow_unencrypted,
        )
        receiver = Receiver(hub, self._trust)
        self._read_events(receiver, connection.url)
        self._mark_signed(receiver)

    def _read_events(self, receiver: Receiver, url: str) -> None:
        hub = receiver.hub
        last, more = self._followed.last(url), True
        while more:
            page = _events(hub, last)
            if page is None:
                return
            if page.last < last:  # the hub was begun anew: nothing that was read counts
                last = 0
                page = hub.life_cycle.events(last)
            self._mark(receiver, page.items)
            if page.last != last:
                self._followed.put(url, page.last)
            last, more = page.last, page.more

    def _mark(self, receiver: Receiver, events: Iterable[GeneratorEvent]) -> None:
        """Ask what has become of those generators that lie here, and write it down."""
        changed = {
            (event.centre, event.name)
            for event in events
            if event.kind == "state changed" and self._place(event.manifest_digest).is_dir()
        }
        for centre, name in sorted(changed):
            for state in _states(receiver.hub, centre, name):
                place = self._place(state.manifest_digest)
                if place.is_dir():
                    _keep(receiver, place, state)

    def _mark_signed(self, receiver: Receiver) -> None:
        """Mark what its centre signed as withdrawn, unless it is marked as that already."""
        for centre in sorted(self._centres()):
            try:
                withdrawn = receiver.withdrawn(centre)
            except SigningError as error:  # of one centre; the others' word counts all the same
                log.warning("what %s signed of its versions is no use now: %s", centre, error)
                continue
            for stated in withdrawn:
                place = self._place(stated.manifest_digest)
                mark = read_mark(place)
                if place.is_dir() and (mark is None or mark.state not in ENDED):
                    _keep(receiver, place, _as_state(centre, stated))

    def _centres(self) -> set[str]:
        """Return the centres of the pulled generators that can be read."""
        found = set[str]()
        for place in self._generators.glob("[0-9a-f]*"):
            with suppress(PackageError):
                found.add(peek_package(place).card.centre)
        return found

    def _place(self, digest: str) -> Path:
        return self._generators / digest


def _keep(receiver: Receiver, place: Path, state: VersionState) -> None:
    """Mark a package that lies here; why it was withdrawn in its centre's words, if those are."""
    told = state
    try:
        told = receiver.confirmed(state, peek_package(place).manifest)
    except (SigningError, PackageError) as error:  # what is said to be withdrawn is used no more
        log.warning("what %s signed of a withdrawal is no use: %s", state.centre, error)
    keep_mark(place, told)
    log.info("%s/%s version %s is %s", told.centre, told.name, told.version, told)


def _as_state(centre: str, stated: StatedVersion) -> VersionState:
    return VersionState(
        centre=centre,
        name=stated.name,
        version=stated.version,
        manifest_digest=stated.manifest_digest,
        state="withdrawn",
        reason=SIGNED_SO,
    )


def _states(hub: HubClient, centre: str, name: str) -> tuple[VersionState, ...]:
    """Return what a generator's versions are; none where the hub shows none any more."""
    try:
        return hub.life_cycle.states(centre, name)
    except HubRefusedError as error:
        check_missing(error)
        return ()


def _events(hub: HubClient, after: int) -> GeneratorEvents | None:
    """Return a page of events; None of a hub of before, which tells nothing of them."""
    try:
        return hub.life_cycle.events(after)
    except HubRefusedError as error:
        if error.problem.code != NO_SUCH_ROUTE:
            raise
        return None
