"""Follows what the hub tells of generators, and marks those that were pulled."""

import asyncio
import logging
from collections.abc import Iterable
from pathlib import Path

from anyio import to_thread
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from centre_node.connection.store import ConnectionStore
from centre_node.database import FollowedHubRow
from shared.events import GeneratorEvent
from shared.hub_client import HubClient, connect
from shared.hub_exchange import HubLimits
from shared.marks import keep_mark
from shared.problems import GenshareError

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
        allow_unencrypted: Whether the hub may be asked over plain HTTP.
    """

    def __init__(
        self,
        connections: ConnectionStore,
        followed: FollowedHubs,
        *,
        generators: Path,
        allow_unencrypted: bool = False,
    ) -> None:
        self._connections = connections
        self._followed = followed
        self._generators = generators
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
        last, more = self._followed.last(connection.url), True
        while more:
            page = hub.events(last)
            if page.last < last:  # the hub was begun anew: nothing that was read counts
                page = hub.events(0)
            self._mark(hub, page.items)
            if page.last != last:
                self._followed.put(connection.url, page.last)
            last, more = page.last, page.more

    def _mark(self, hub: HubClient, events: Iterable[GeneratorEvent]) -> None:
        """Ask what has become of those generators that lie here, and write it down."""
        changed = {
            (event.centre, event.name)
            for event in events
            if event.kind == "state changed" and self._place(event.manifest_digest).is_dir()
        }
        for centre, name in sorted(changed):
            for state in hub.states(centre, name):
                place = self._place(state.manifest_digest)
                if place.is_dir():
                    keep_mark(place, state)
                    log.info("%s/%s version %s is %s", centre, name, state.version, state)

    def _place(self, digest: str) -> Path:
        return self._generators / digest
