"""Published versions in the database."""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, Row, Select, func, or_, select
from sqlalchemy.orm import Session

from hub.audit_log.events import Action, Event
from hub.audit_log.store import append
from hub.database import StatementRow, StateRow, VersionKindRow, VersionRow
from hub.dialects import take_write_lock
from hub.errors import QuotaUsedUpError
from hub.life_cycle.store import put_state
from shared.access import Caller
from shared.canonical import canonical_json, digest_of
from shared.cards import ModelCard
from shared.counts import counted
from shared.packages import Manifest, manifest_digest
from shared.preconditions import CheckDocument, unconditional
from shared.records import GeneratorVersion
from shared.statements import AuditStatement
from shared.states import APPROVED, PRIVATE, SERVED, State, StateWanted

LISTED = (
    VersionRow.id,
    VersionRow.centre,
    VersionRow.name,
    VersionRow.version,
    VersionRow.published_at,
    VersionRow.manifest_digest,
    StateRow.state,
)
WHOLE: tuple[Any, ...] = (
    *LISTED,
    VersionRow.manifest,
    VersionRow.card,
    VersionRow.audit_statement,
)
SUMMARY: tuple[Any, ...] = (
    *LISTED,
    VersionRow.architecture,
    VersionRow.lesion_kinds,
    VersionRow.title,
)


@dataclass(frozen=True, slots=True)
class VersionFilter:
    """Which versions to list; None does not filter.

    Attributes:
        state: None: what is served, and what the viewer alone sees of the rest.
        viewer: Who asks; None is the administrator, who sees what every centre alone sees.
    """

    centre: str | None = None
    kind: str | None = None
    architecture: str | None = None
    state: State | None = None
    viewer: str | None = None


@dataclass(frozen=True, slots=True)
class ListedPage:
    """A page of a list, as the JSON of a `GeneratorPage` or of `GeneratorSummaries`."""

    json: str
    next_cursor: int | None


class VersionStore:
    """Reads and adds versions and what is stated of them; nothing of those is ever changed."""

    def __init__(self, engine: Engine, *, most_of_a_centre: int) -> None:
        self._engine = engine
        self._most_of_a_centre = most_of_a_centre

    def add(
        self,
        card: ModelCard,
        manifest: Manifest,
        *,
        now: datetime,
        by: Caller,
        check: Callable[[Manifest], None],
        state: State = APPROVED,
        check_versions: CheckDocument = unconditional,
    ) -> tuple[GeneratorVersion, bool]:
        """Add a version under the next number; a manifest that is there already is returned.

        Args:
            by: Who publishes it.
            check: Raises if a file is not there any more; from then on none is removed.
            state: What the version is at first.
            check_versions: Raises if the generator's versions are not those that are meant.

        Returns:
            The version, and whether it is new.

        Raises:
            QuotaUsedUpError: The centre has published as many as it may.
        """
        digest = manifest_digest(manifest)
        with Session(self._engine) as session, session.begin():
            take_write_lock(session.connection())
            mine = (VersionRow.centre == card.centre) & (VersionRow.name == card.name)
            same = mine & (VersionRow.manifest_digest == digest)
            existing = session.scalar(select(VersionRow).where(same))
            if existing is not None:
                return _record(existing, _state(session, existing)), False
            mine_only = VersionFilter(viewer=card.centre)
            check_versions(
                partial(_versions, session.connection(), card.centre, card.name, mine_only)
            )
            check(manifest)
            self._check_room(session, card.centre)
            latest = session.scalar(select(func.max(VersionRow.version)).where(mine)) or 0
            row = _version_row(card, manifest, number=latest + 1, now=now)
            session.add(row)
            session.flush()  # gives the row its id
            session.add_all(_kind_rows(row, card))
            append(session, _published(row, manifest, by, state), at=now)
            if state != APPROVED:  # which is what a version without a word is
                put_state(session, row, StateWanted(state=state), by=by, now=now)
            return _record(row, state), True

    def _check_room(self, session: Session, centre: str) -> None:
        query = select(func.count()).where(VersionRow.centre == centre)
        if (session.scalar(query) or 0) >= self._most_of_a_centre:
            raise QuotaUsedUpError(
                f"{centre} has published {counted(self._most_of_a_centre, 'version')}, as many as "
                "it may (HUB_MAX_VERSIONS_PER_CENTRE)"
            )

    def published(self, centre: str, name: str, manifest: Manifest) -> GeneratorVersion | None:
        """Return the version of a generator that has a manifest, if one has."""
        query = select(VersionRow).where(
            VersionRow.centre == centre,
            VersionRow.name == name,
            VersionRow.manifest_digest == manifest_digest(manifest),
        )
        with Session(self._engine) as session:
            row = session.scalar(query)
            return None if row is None else _record(row, _state(session, row))

    def find(
        self,
        centre: str,
        name: str,
        version: int | None,
        *,
        states: Sequence[State] = SERVED,
    ) -> GeneratorVersion | None:
        """Return one version; None asks for the latest of those that are in certain states."""
        query = (
            select(VersionRow, StateRow.state)
            .outerjoin(StateRow, StateRow.version_id == VersionRow.id)
            .where(VersionRow.centre == centre, VersionRow.name == name)
        )
        is_meant = VersionRow.version == version if version is not None else _is_in(states)
        with Session(self._engine) as session:
            newest = query.where(is_meant).order_by(VersionRow.version.desc()).limit(1)
            found = session.execute(newest).first()
            return None if found is None else _record(found[0], found[1] or APPROVED)

    def state(
        self, record: GeneratorVersion, statement: AuditStatement, *, now: datetime, by: Caller
    ) -> tuple[AuditStatement, bool]:
        """Keep what is stated of a version, unless something is.

        Returns:
            What is kept, and whether it is new.
        """
        with Session(self._engine) as session, session.begin():
            take_write_lock(session.connection())
            row = session.scalars(select(VersionRow).where(*_is(record))).one()
            kept = session.get(StatementRow, row.id)
            if kept is not None:
                return AuditStatement.model_validate_json(kept.content), False
            content = canonical_json(statement).decode()
            session.add(StatementRow(version_id=row.id, content=content, received_at=now))
            row.audit_statement = digest_of(statement)
            stated = _about(row, by, Action.STATEMENT_ADDED, row.audit_statement)
            append(session, stated, at=now)
            return statement, True

    def statement(self, record: GeneratorVersion) -> str | None:
        """Return what is stated of a version as canonical JSON, None if nothing is."""
        query = select(StatementRow.content).join(
            VersionRow, VersionRow.id == StatementRow.version_id
        )
        with Session(self._engine) as session:
            return session.scalar(query.where(*_is(record)))

    def versions(self, centre: str, name: str, wanted: VersionFilter) -> str | None:
        """Return a generator's versions, newest first, as JSON; None if there is none.

        Args:
            wanted: Its state and viewer say which of them.
        """
        with self._engine.connect() as connection:
            return _versions(connection, centre, name, wanted)

    def page(
        self, wanted: VersionFilter, *, cursor: int | None, limit: int, summary: bool
    ) -> ListedPage:
        """Return versions, newest first, that were published before `cursor`."""
        query = _listed(select(*(SUMMARY if summary else WHOLE)), wanted, cursor).limit(limit + 1)
        with self._engine.connect() as connection:
            rows = connection.execute(query).all()
        items = ",".join(
            _summary_text(row) if summary else _whole_text(row) for row in rows[:limit]
        )
        next_cursor = rows[limit - 1].id if len(rows) > limit else None
        cursor_text = json.dumps(next_cursor)
        return ListedPage(f'{{"items":[{items}],"next_cursor":{cursor_text}}}', next_cursor)


def _is(record: GeneratorVersion) -> tuple[ColumnElement[bool], ...]:
    return (
        VersionRow.centre == record.centre,
        VersionRow.name == record.name,
        VersionRow.version == record.version,
    )


def _listed(query: Select[Any], wanted: VersionFilter, cursor: int | None) -> Select[Any]:
    """Filter by an index that is in the list's order, so that nothing left out is looked at.

    What is not served is the exception, and is skipped where it stands.
    """
    table: type[VersionRow | VersionKindRow] = VersionRow
    order: ColumnElement[int] = VersionRow.id.expression
    if wanted.state not in {None, APPROVED}:
        query, order = _of_state(query, wanted), StateRow.version_id.expression
    elif wanted.kind is not None:
        table, order = VersionKindRow, VersionKindRow.version_id.expression
        query = query.select_from(VersionKindRow)
        query = query.join(VersionRow, VersionRow.id == VersionKindRow.version_id)
        query = query.where(VersionKindRow.kind == wanted.kind)
        query = _seen(query, wanted)
    else:
        query = _seen(query.select_from(VersionRow), wanted)
    if wanted.centre is not None:
        query = query.where(table.centre == wanted.centre)
    if wanted.architecture is not None:
        query = query.where(table.architecture == wanted.architecture)
    if cursor is not None:
        query = query.where(order < cursor)
    return query.order_by(order.desc())


def _of_state(query: Select[Any], wanted: VersionFilter) -> Select[Any]:
    """Choose the versions of a state that few have."""
    query = query.select_from(StateRow).join(VersionRow, VersionRow.id == StateRow.version_id)
    query = query.where(StateRow.state == wanted.state)
    if wanted.kind is not None:
        of_version = VersionKindRow.version_id == StateRow.version_id
        query = query.join(VersionKindRow, of_version & (VersionKindRow.kind == wanted.kind))
    if wanted.state in PRIVATE and wanted.viewer is not None:
        query = query.where(VersionRow.centre == wanted.viewer)
    return query


def _seen(query: Select[Any], wanted: VersionFilter) -> Select[Any]:
    """Leave out what is not served, but for what the viewer alone sees."""
    query = query.outerjoin(StateRow, StateRow.version_id == VersionRow.id)
    if wanted.state is not None:
        return query.where(_is_in((wanted.state,)))
    private: ColumnElement[bool] = StateRow.state.in_(PRIVATE)
    if wanted.viewer is not None:
        private = private & (VersionRow.centre == wanted.viewer)
    return query.where(or_(_is_in(SERVED), private))


def _is_in(states: Sequence[State]) -> ColumnElement[bool]:
    """Choose by state; a version without a row is approved."""
    among = StateRow.state.in_(states)
    return or_(StateRow.state.is_(None), among) if APPROVED in states else among


def _state(session: Session, row: VersionRow) -> State:
    found = session.get(StateRow, row.id)
    return APPROVED if found is None else found.state


def _versions(connection: Connection, centre: str, name: str, wanted: VersionFilter) -> str | None:
    query = _listed(select(*WHOLE), replace(wanted, centre=centre), None)
    query = query.where(VersionRow.name == name).order_by(None)
    rows = connection.execute(query.order_by(VersionRow.version.desc()))
    items = ",".join(_whole_text(row) for row in rows)
    return f"[{items}]" if items else None


def _whole_text(row: Row[Any]) -> str:
    """Return a `GeneratorVersion` as JSON; its long parts are kept as such and not read again."""
    stated = row.audit_statement
    end = "" if stated is None else f',"audit_statement":"{stated}"'
    return f'{_begun(row)},"manifest":{row.manifest},"card":{row.card}{end}}}'


def _summary_text(row: Row[Any]) -> str:
    rest = {
        "title": row.title,
        "architecture": row.architecture,
        "lesion_kinds": row.lesion_kinds.split(),
    }
    return f"{_begun(row)},{json.dumps(rest)[1:]}"


def _begun(row: Row[Any]) -> str:
    """Return the JSON of what every list tells of a version, but for its end."""
    told = {
        **({} if row.state in {None, APPROVED} else {"state": row.state}),
        "centre": row.centre,
        "name": row.name,
        "version": row.version,
        "status": "published",
        "published_at": row.published_at.isoformat() + "Z",
        "manifest_digest": row.manifest_digest,
    }
    return json.dumps(told)[:-1]


def _version_row(card: ModelCard, manifest: Manifest, *, number: int, now: datetime) -> VersionRow:
    return VersionRow(
        centre=card.centre,
        name=card.name,
        version=number,
        manifest_digest=manifest_digest(manifest),
        architecture=card.architecture.kind,
        lesion_kinds=" ".join(card.training_set.lesion_kinds),
        manifest=canonical_json(manifest).decode(),
        card=canonical_json(card).decode(),
        published_at=now,
        title=card.title,
    )


def _published(row: VersionRow, manifest: Manifest, by: Caller, state: State) -> Event:
    size = sum(file.size_bytes for file in manifest.files)
    detail = {"files": len(manifest.files), "size_bytes": size}
    said = {} if state == APPROVED else {"state": state}
    return _about(row, by, Action.PUBLISHED, row.manifest_digest, **detail, **said)


def _about(row: VersionRow, by: Caller, action: Action, subject: str, **detail: int | str) -> Event:
    return Event.of(
        by,
        action,
        centre=row.centre,
        name=row.name,
        version=row.version,
        subject=subject,
        **detail,
    )


def _kind_rows(row: VersionRow, card: ModelCard) -> Iterator[VersionKindRow]:
    """Yield a row for each kind of lesion of a version that has its id."""
    for kind in set(card.training_set.lesion_kinds):
        yield VersionKindRow(
            version_id=row.id, kind=kind, centre=row.centre, architecture=row.architecture
        )


def _record(row: VersionRow, state: State) -> GeneratorVersion:
    return GeneratorVersion(
        state=state,
        centre=row.centre,
        name=row.name,
        version=row.version,
        published_at=row.published_at.replace(tzinfo=UTC),
        manifest_digest=row.manifest_digest,
        manifest=Manifest.model_validate_json(row.manifest),
        card=ModelCard.model_validate_json(row.card),
        audit_statement=row.audit_statement,
    )
