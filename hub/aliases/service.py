"""The rules of aliases. Knows nothing of HTTP or SQL."""

from collections.abc import Callable
from datetime import datetime

from hub.aliases.store import AliasStore
from hub.errors import AliasNotFoundError, ForeignCentreError
from shared.access import Caller
from shared.preconditions import CheckDocument
from shared.states import Alias


class Aliases:
    """Names that a centre points at versions of its generators, such as `stable`."""

    def __init__(self, store: AliasStore, *, clock: Callable[[], datetime]) -> None:
        self._store = store
        self._clock = clock

    def check_may_point(self, centre: str, *, caller: str) -> None:
        """Check who points an alias, before the request is looked at.

        Raises:
            ForeignCentreError: `caller` is not `centre`.
        """
        if caller != centre:
            raise ForeignCentreError(f"{caller} cannot point aliases of {centre}")

    def names(self, centre: str, name: str) -> tuple[str, ...]:
        """Return the names of a generator's aliases, in order."""
        return self._store.names(centre, name)

    def find(self, centre: str, name: str, alias: str) -> Alias:
        """Return where an alias points, and what that version is.

        Raises:
            AliasNotFoundError: There is none.
        """
        found = self._store.read(centre, name, alias)
        if found is None:
            raise AliasNotFoundError(f"{centre}/{name} has no alias {alias}")
        return found

    def point(
        self,
        centre: str,
        name: str,
        alias: str,
        version: int,
        *,
        by: Caller,
        check_document: CheckDocument,
    ) -> tuple[Alias, bool]:
        """Point an alias at a version, and return it and whether it is new.

        Args:
            check_document: Raises if the alias is not what is meant.

        Raises:
            AliasRefusedError: The version cannot be fetched, or there are too many aliases.
        """
        return self._store.point(
            centre, name, alias, version, now=self._clock(), by=by, check_document=check_document
        )
