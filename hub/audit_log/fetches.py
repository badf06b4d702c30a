"""Tells the log who fetched which weights."""

import logging
import threading
from collections import OrderedDict
from collections.abc import Callable
from datetime import datetime

from sqlalchemy.exc import DatabaseError

from hub.audit_log.events import Action, Event
from hub.audit_log.store import LogStore
from shared.access import Caller
from shared.files import is_full_disk
from shared.packages import ManifestFile
from shared.rates import network_of
from shared.records import GeneratorVersion

SECONDS = 3_600.0
MOST_REMEMBERED = 10_000

Key = tuple[str, str, str, str, int, str]

log = logging.getLogger(__name__)


class Fetches:
    """Writes an entry before a weight file is sent, once an hour for a caller and an address.

    Addresses of one IPv6 subscriber are one: a caller has more of them than a log has room for.

    What goes on after it broke off, or is asked for in parts, is told by the entry of its first
    part: whichever part comes first, there is an entry before any byte leaves.

    Args:
        clock: Returns seconds.
        now: Returns the time in UTC.
    """

    def __init__(
        self, store: LogStore, *, clock: Callable[[], float], now: Callable[[], datetime]
    ) -> None:
        self._store = store
        self._clock = clock
        self._now = now
        self._told: OrderedDict[Key, float] = OrderedDict()
        self._lock = threading.Lock()
        self._left_out = 0

    def tell(self, caller: Caller, record: GeneratorVersion, file: ManifestFile) -> None:
        """Write down that `caller` is sent a file of a version, unless that was done just now.

        Where the disk is full, which no centre can bring about by itself, the file is sent all the
        same: the service's log says so, and the next entry how many were left out.

        Raises:
            DatabaseError: The log cannot be written for another reason.
        """
        key = (caller.name, network_of(caller.address), *_version(record), file.name)
        if self._is_told(key):
            return
        with self._lock:
            if not self._is_told(key):
                self._write(caller, record, file)
                self._remember(key)

    def _is_told(self, key: Key) -> bool:
        at = self._told.get(key)
        return at is not None and self._clock() - at < SECONDS

    def _remember(self, key: Key) -> None:
        self._told[key] = self._clock()
        self._told.move_to_end(key)
        if len(self._told) > MOST_REMEMBERED:
            self._told.popitem(last=False)

    def _write(self, caller: Caller, record: GeneratorVersion, file: ManifestFile) -> None:
        event = Event.of(
            caller,
            Action.FETCHED,
            centre=record.centre,
            name=record.name,
            version=record.version,
            subject=file.sha256,
            file=file.name,
            **({"left_out": self._left_out} if self._left_out else {}),
        )
        try:
            self._store.tell(event, at=self._now())
        except DatabaseError as error:
            if not is_full_disk(error):
                raise
            self._left_out += 1
            log.error(  # noqa: TRY400 (no fault of the code)
                "the disk is full: the audit log lacks that %s (%s) fetched %s of %s/%s %d",
                caller.name,
                event.address,
                file.name,
                *_version(record),
            )
        else:
            self._left_out = 0


def _version(record: GeneratorVersion) -> tuple[str, str, int]:
    return record.centre, record.name, record.version
