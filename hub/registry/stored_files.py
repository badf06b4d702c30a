"""Which centre uploaded which stored file, and which files no version has."""

import uuid
from collections.abc import Callable, Collection, Iterator, Sequence
from datetime import UTC, datetime

from sqlalchemy import Connection, Engine, delete, func, insert, select, update

from hub.database import HubIdentityRow, StoredFileRow, VersionRow
from hub.dialects import each_listed_file, insert_unless_there, take_write_lock, total
from hub.registry.quotas import Usage, check_quota

REMOVED_AT_ONCE = 50
"""Files; nobody else can write while they are removed."""


class StoredFiles:
    """Keeps the database in step with the files."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def owner(self) -> str:
        """Return by what this database's hub is known where its files lie elsewhere."""
        with self._engine.begin() as connection:
            take_write_lock(connection)
            known = connection.scalar(select(HubIdentityRow.id))
            if known is None:
                known = uuid.uuid4().hex
                connection.execute(insert(HubIdentityRow).values(id=known))
            return known

    def usage(self, centre: str) -> Usage:
        """Return what a centre has stored."""
        with self._engine.connect() as connection:
            return _usage(connection, centre)

    def add(
        self,
        sha256: str,
        centre: str,
        size_bytes: int,
        most: Usage,
        *,
        put_in_place: Callable[[bool], None],
    ) -> None:
        """Note whose a file is as it takes its name, unless that was known already.

        Args:
            most: What the centre may have.
            put_in_place: Takes whether the file is new.

        Raises:
            QuotaUsedUpError: The centre would have more than it may.
        """
        row = {"sha256": sha256, "centre": centre, "size_bytes": size_bytes}
        with self._engine.begin() as connection:
            take_write_lock(connection)
            is_new = insert_unless_there(connection, StoredFileRow, row)
            if is_new:
                check_quota(centre, _usage(connection, centre), most)
            put_in_place(is_new)

    def want(self, sha256: str, at: datetime) -> bool:
        """Note that somebody needs a file now; False if it is not known."""
        query = (
            update(StoredFileRow)
            .where(StoredFileRow.sha256 == sha256)
            .values(wanted_at=at.astimezone(UTC).replace(tzinfo=None))
            .returning(StoredFileRow.sha256)
        )
        with self._engine.begin() as connection:
            return connection.scalar(query) is not None

    def without_note(self, digests: Collection[str]) -> set[str]:
        """Return those of which it is not known whose they are, and that no version has."""
        with self._engine.connect() as connection:
            left = set(digests).difference(connection.scalars(select(StoredFileRow.sha256)))
            return _without_referred(connection, left, after=0) if left else left

    def forget_lost(self, digests: Collection[str]) -> None:
        """Forget whose those files were that are not among these, unless a version has them."""
        with self._engine.connect() as connection:
            lost = set(connection.scalars(select(StoredFileRow.sha256))).difference(digests)
            lost = _without_referred(connection, lost, after=0) if lost else lost
        if lost:
            with self._engine.begin() as connection:
                for digest in sorted(lost):
                    _forget(connection, digest)

    def remove_orphans(
        self, found: Collection[str], moment: float, *, remove: Callable[[str], bool]
    ) -> int:
        """Remove those files that no version has.

        Args:
            found: Digests that may be orphans.
            moment: Who was wanted since then (Unix time) stays.
            remove: Removes a file, unless somebody wants it after all; tells whether it did.

        Returns:
            How many bytes of centres' quotas became free.
        """
        with self._engine.connect() as connection:
            newest = connection.scalar(select(func.max(VersionRow.id))) or 0
            orphans = _without_referred(connection, set(found), after=0)
        freed = 0
        for some in _batches(sorted(orphans)):
            with self._engine.begin() as connection:
                take_write_lock(connection)  # from here on no version is added
                left = _without_referred(connection, set(some), after=newest)
                for digest in sorted(left):
                    if not _is_wanted(connection, digest, moment) and remove(digest):
                        freed += _forget(connection, digest)
        return freed


def _batches(digests: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(digests), REMOVED_AT_ONCE):
        yield digests[start : start + REMOVED_AT_ONCE]


def _usage(connection: Connection, centre: str) -> Usage:
    query = select(total(StoredFileRow.size_bytes), func.count()).select_from(StoredFileRow)
    size, files = connection.execute(query.where(StoredFileRow.centre == centre)).one()
    return Usage(size, files)


def _without_referred(connection: Connection, digests: set[str], *, after: int) -> set[str]:
    """Return those that no version has whose id is above `after`.

    Versions are only ever added, so what was looked through once need not be again.
    """
    left = set(digests)
    for referred in connection.scalars(each_listed_file(connection), {"after": after}):
        left.discard(referred)
    return left


def _is_wanted(connection: Connection, digest: str, moment: float) -> bool:
    """Tell whether somebody wanted a file since then; who wants it now has to wait."""
    query = select(StoredFileRow.wanted_at).where(StoredFileRow.sha256 == digest)
    at = connection.scalar(query.with_for_update())
    return at is not None and at.replace(tzinfo=UTC).timestamp() >= moment


def _forget(connection: Connection, digest: str) -> int:
    """Forget whose a file was; return how many bytes it had."""
    query = delete(StoredFileRow).where(StoredFileRow.sha256 == digest)
    return connection.scalar(query.returning(StoredFileRow.size_bytes)) or 0
