"""Which centre uploaded which stored file, and which files no version has."""

from collections.abc import Callable, Collection

from sqlalchemy import Connection, Engine, delete, func, select, text
from sqlalchemy.dialects.sqlite import insert

from hub.database import StoredFileRow, VersionRow
from hub.registry.quotas import Usage

# Versions are only ever added, so what was looked through once need not be again.
REFERRED = text("""
    SELECT DISTINCT json_extract(file.value, '$.sha256')
    FROM versions, json_each(versions.manifest, '$.files') AS file WHERE versions.id > :after
""")


class StoredFiles:
    """Keeps the database in step with the files."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def usage(self) -> dict[str, Usage]:
        """Return what each centre has stored."""
        query = select(
            StoredFileRow.centre, func.sum(StoredFileRow.size_bytes), func.count()
        ).group_by(StoredFileRow.centre)
        with self._engine.connect() as connection:
            return {centre: Usage(size, files) for centre, size, files in connection.execute(query)}

    def add(
        self, sha256: str, centre: str, size_bytes: int, *, put_in_place: Callable[[], None]
    ) -> bool:
        """Note whose a file is as it takes its name; False if it was known already."""
        row = {"sha256": sha256, "centre": centre, "size_bytes": size_bytes}
        query = insert(StoredFileRow).values(row).on_conflict_do_nothing()
        with self._engine.begin() as connection:
            connection.exec_driver_sql("BEGIN IMMEDIATE")
            is_new = connection.execute(query).rowcount > 0
            put_in_place()
            return is_new

    def without_note(self, digests: Collection[str]) -> set[str]:
        """Return those of which it is not known whose they are, and that no version has."""
        with self._engine.connect() as connection:
            left = set(digests).difference(connection.scalars(select(StoredFileRow.sha256)))
            return _without_referred(connection, left, after=0) if left else left

    def forget_lost(self, digests: Collection[str]) -> dict[str, Usage]:
        """Forget whose those files were that are not among these, unless a version has them.

        Returns:
            What each centre had of them.
        """
        with self._engine.connect() as connection:
            lost = set(connection.scalars(select(StoredFileRow.sha256))).difference(digests)
            lost = _without_referred(connection, lost, after=0) if lost else lost
        freed: dict[str, Usage] = {}
        if lost:
            with self._engine.begin() as connection:
                for digest in sorted(lost):
                    _forget(connection, digest, freed)
        return freed

    def remove_orphans(
        self, found: Collection[str], *, remove: Callable[[str], bool]
    ) -> dict[str, Usage]:
        """Remove those files that no version has.

        Args:
            found: Digests that may be orphans.
            remove: Removes a file, unless somebody wants it after all; tells whether it did.

        Returns:
            What each centre had of them.
        """
        with self._engine.connect() as connection:
            newest = connection.scalar(select(func.max(VersionRow.id))) or 0
            orphans = _without_referred(connection, set(found), after=0)
        if not orphans:
            return {}
        with self._engine.begin() as connection:
            # From here on no version is added.
            connection.exec_driver_sql("BEGIN IMMEDIATE")
            orphans = _without_referred(connection, orphans, after=newest)
            freed: dict[str, Usage] = {}
            for digest in sorted(orphans):
                if remove(digest):
                    _forget(connection, digest, freed)
            return freed


def _without_referred(connection: Connection, digests: set[str], *, after: int) -> set[str]:
    left = set(digests)
    for referred in connection.scalars(REFERRED, {"after": after}):
        left.discard(referred)
    return left


def _forget(connection: Connection, digest: str, freed: dict[str, Usage]) -> None:
    row = connection.execute(
        delete(StoredFileRow)
        .where(StoredFileRow.sha256 == digest)
        .returning(StoredFileRow.centre, StoredFileRow.size_bytes)
    ).one_or_none()
    if row is not None:
        freed[row.centre] = freed.get(row.centre, Usage()).plus(Usage(row.size_bytes, 1))
