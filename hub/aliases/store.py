"""Aliases in the database."""

from datetime import UTC, datetime

from sqlalchemy import ColumnElement, Engine, func, select
from sqlalchemy.orm import Session

from hub.audit_log.events import Action, Event
from hub.audit_log.store import append
from hub.database import AliasChangeRow, StateRow, VersionRow
from hub.dialects import take_write_lock
from hub.errors import AliasRefusedError
from shared.access import Caller
from shared.canonical import canonical_json
from shared.preconditions import CheckDocument
from shared.states import APPROVED, IN_WORDS, MOST_CHANGES_TOLD, SERVED, Alias, PastTarget, State

MOST_OF_A_GENERATOR = 100


class AliasStore:
    """Reads and points aliases; where they pointed before is kept."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def names(self, centre: str, name: str) -> tuple[str, ...]:
        """Return the names of a generator's aliases, in order."""
        with Session(self._engine) as session:
            return _names(session, centre, name)

    def read(self, centre: str, name: str, alias: str) -> Alias | None:
        """Return where an alias points and pointed; None if there is none."""
        with Session(self._engine) as session:
            return _read(session, centre, name, alias)

    def point(
        self,
        centre: str,
        name: str,
        alias: str,
        version: int,
        *,
        now: datetime,
        by: Caller,
        check_document: CheckDocument,
    ) -> tuple[Alias, bool]:
        """Point an alias at a version, and return it and whether it is new.

        Args:
            check_document: Raises if the alias is not what is meant; called in the same step.

        Raises:
            AliasRefusedError: The version is not served, or the generator has too many aliases.
        """
        with Session(self._engine) as session, session.begin():
            take_write_lock(session.connection())
            before = _read(session, centre, name, alias)
            check_document(lambda: None if before is None else canonical_json(before).decode())
            digest = _check_served(session, centre, name, version)
            if before is None and len(_names(session, centre, name)) >= MOST_OF_A_GENERATOR:
                raise AliasRefusedError(
                    f"{centre}/{name} has {MOST_OF_A_GENERATOR} aliases, as many as it may"
                )
            if before is None or before.version != version:
                session.add(
                    AliasChangeRow(
                        centre=centre,
                        name=name,
                        alias=alias,
                        version=version,
                        changed_at=now,
                        changed_by=by.name,
                    )
                )
                pointed = Event.of(
                    by,
                    Action.ALIAS_POINTED,
                    centre=centre,
                    name=name,
                    version=version,
                    subject=digest,
                    alias=alias,
                )
                append(session, pointed, at=now)
            after = _read(session, centre, name, alias)
            assert after is not None, "it was written just now"
            return after, before is None


def _names(session: Session, centre: str, name: str) -> tuple[str, ...]:
    query = select(AliasChangeRow.alias).distinct().where(*_of(centre, name))
    return tuple(session.scalars(query.order_by(AliasChangeRow.alias)))


def _read(session: Session, centre: str, name: str, alias: str) -> Alias | None:
    query = select(AliasChangeRow).where(*_of(centre, name), AliasChangeRow.alias == alias)
    newest = query.order_by(AliasChangeRow.number.desc()).limit(MOST_CHANGES_TOLD)
    changes = session.scalars(newest).all()
    if not changes:
        return None
    return Alias(
        centre=centre,
        name=name,
        alias=alias,
        version=changes[0].version,
        state=_state(session, centre, name, changes[0].version) or APPROVED,
        history=tuple(
            PastTarget(
                version=row.version,
                changed_at=row.changed_at.replace(tzinfo=UTC),
                changed_by=row.changed_by,
            )
            for row in changes
        ),
    )


def _check_served(session: Session, centre: str, name: str, version: int) -> str:
    """Return the manifest digest of a version that can be fetched."""
    state = _state(session, centre, name, version)
    if state not in SERVED:
        what = f"version {version} of {centre}/{name}"
        is_what = "is not there" if state is None else f"is {IN_WORDS[state]}"
        raise AliasRefusedError(f"{what} {is_what}; an alias points at what can be fetched")
    query = select(VersionRow.manifest_digest).where(*_is(centre, name, version))
    return session.scalars(query).one()


def _state(session: Session, centre: str, name: str, version: int) -> State | None:
    """Return what a version is; None if there is no such version."""
    state = func.coalesce(StateRow.state, APPROVED)
    query = (
        select(state)
        .select_from(VersionRow)
        .outerjoin(StateRow, StateRow.version_id == VersionRow.id)
        .where(*_is(centre, name, version))
    )
    found: State | None = session.scalar(query)
    return found


def _is(centre: str, name: str, version: int) -> tuple[ColumnElement[bool], ...]:
    return VersionRow.centre == centre, VersionRow.name == name, VersionRow.version == version


def _of(centre: str, name: str) -> tuple[ColumnElement[bool], ...]:
    return AliasChangeRow.centre == centre, AliasChangeRow.name == name
