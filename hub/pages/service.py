"""What the page of one generator needs to know, and what the operator decides on it."""

from dataclasses import dataclass

from pydantic import ValidationError

from hub.aliases.service import Aliases
from hub.errors import (
    NotForThisCentreError,
    StatementNotFoundError,
    StateRefusedError,
    UseExpiredError,
    VersionQuarantinedError,
    VersionWithdrawnError,
)
from hub.life_cycle.changes import ADMINISTRATOR, CHANGES
from hub.life_cycle.service import LifeCycle
from hub.life_cycle.store import Place
from hub.pages.store import ListedSignature, ListedVersion, Shown
from hub.registry.service import Registry
from shared.access import Caller, Role
from shared.models import validation_summary
from shared.packages import CARD
from shared.records import GeneratorVersion
from shared.sample_grids import SAMPLES
from shared.statements import AuditStatement
from shared.states import SERVED, Alias, State, StateWanted, VersionState

NOT_GIVEN = (
    NotForThisCentreError,
    UseExpiredError,
    VersionQuarantinedError,
    VersionWithdrawnError,
)


@dataclass(frozen=True, slots=True)
class SeenVersion:
    """One version, as far as a caller may see it.

    Attributes:
        refusal: Why its files are not given to the caller; None: they are.
        newer: The newest version that is in use, if it is a newer one.
        may_become: What the caller may make of it.
        lacking: What it lacks for the hub's rules to approve it.
    """

    record: GeneratorVersion
    state: VersionState
    statement: AuditStatement | None
    versions: tuple[ListedVersion, ...]
    aliases: tuple[Alias, ...]
    signatures: tuple[ListedSignature, ...]
    newer: int | None
    refusal: str | None
    has_samples: bool
    may_become: tuple[State, ...]
    lacking: tuple[str, ...]


class PageService:
    """Gathers what pages show from the hub's rooms, by their own rules of who sees what."""

    def __init__(
        self, shown: Shown, registry: Registry, life_cycle: LifeCycle, aliases: Aliases
    ) -> None:
        self._shown = shown
        self._registry = registry
        self._life_cycle = life_cycle
        self._aliases = aliases

    def version(self, place: Place, caller: Caller) -> SeenVersion:
        """Return one version.

        Raises:
            GeneratorNotFoundError: There is none that the caller may see.
        """
        record = self._registry.find(place.centre, place.name, place.version, caller)
        state = self._life_cycle.find(place, caller)
        versions = self._shown.versions(place.centre, place.name, caller)
        in_use = [item.version for item in versions if item.state in SERVED]
        is_operator = caller.role is Role.ADMINISTRATOR
        refusal = self._refusal(place, caller)
        names = {file.name for file in record.manifest.files}
        statement = self._statement(place, caller)
        return SeenVersion(
            record=record,
            state=state,
            statement=statement,
            versions=versions,
            aliases=self._pointing(place),
            signatures=self._shown.signatures(place.centre, place.name, place.version),
            newer=next((number for number in in_use[:1] if number > place.version), None),
            refusal=refusal,
            has_samples=refusal is None and SAMPLES in names,
            may_become=_reached(state.state) if is_operator else (),
            lacking=self._life_cycle.lacking(record, statement) if is_operator else (),
        )

    def newest(self, centre: str, name: str, caller: Caller) -> int | None:
        """Return the newest version that is in use; if none is, the newest that is seen."""
        versions = self._shown.versions(centre, name, caller)
        in_use = [item for item in versions if item.state in SERVED]
        return next((item.version for item in [*in_use, *versions]), None)

    def decide(self, place: Place, state: str, reason: str, caller: Caller) -> None:
        """Make a version what the operator chose on its page.

        Raises:
            StateRefusedError: State or reason will not do.
            StateNotReachedError: There is no such change.
        """
        try:
            wanted = StateWanted.model_validate({"state": state, "reason": reason.strip() or None})
        except ValidationError as error:
            raise StateRefusedError(f"the decision is refused: {validation_summary(error)}") from (
                error
            )
        self._life_cycle.change(place, wanted, caller)

    def _statement(self, place: Place, caller: Caller) -> AuditStatement | None:
        try:
            content = self._registry.statement(place.centre, place.name, place.version, caller)
        except StatementNotFoundError:
            return None
        return AuditStatement.model_validate_json(content)

    def _refusal(self, place: Place, caller: Caller) -> str | None:
        """Say why a version's files are not given to a caller, by what every file is asked."""
        try:
            self._registry.file(place.centre, place.name, place.version, CARD, caller)
        except NOT_GIVEN as error:
            return str(error)
        return None

    def _pointing(self, place: Place) -> tuple[Alias, ...]:
        names = self._aliases.names(place.centre, place.name)
        return tuple(self._aliases.find(place.centre, place.name, alias) for alias in names)


def _reached(state: State) -> tuple[State, ...]:
    """Return what the operator may make of a version."""
    return tuple(
        after
        for (before, after), who in CHANGES.items()
        if before == state and ADMINISTRATOR in who
    )
