"""What the pages show, read from the hub's tables: a row for each generator, its newest version."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Engine, Row, Select, and_, func, literal, select
from sqlalchemy.orm import Session

from hub.database import (
    CentreKeyRow,
    CentreRow,
    SignatureRow,
    StatementRow,
    StateRow,
    StoredFileRow,
    VersionKindRow,
    VersionRow,
)
from hub.dialects import total
from hub.life_cycle.store import seen_by
from shared.access import Caller
from shared.cards import ModelCard
from shared.statements import AuditStatement
from shared.states import APPROVED, SERVED, State

ROWS_OF_A_PAGE = 25


class Order(StrEnum):
    """By what generators are ordered."""

    NEWEST = "newest"
    OLDEST = "oldest"
    CENTRE = "centre"
    NAME = "name"


MOST_PENDING = 200
STATE: ColumnElement[State] = func.coalesce(StateRow.state, APPROVED)
ORDERS: dict[Order, tuple[ColumnElement[Any], ...]] = {
    Order.NEWEST: (VersionRow.id.desc(),),
    Order.OLDEST: (VersionRow.id.asc(),),
    Order.CENTRE: (VersionRow.centre.asc(), VersionRow.name.asc()),
    Order.NAME: (VersionRow.name.asc(), VersionRow.centre.asc()),
}


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which generators are listed; "" does not filter, but for the state: what is in use."""

    centre: str = ""
    kind: str = ""
    architecture: str = ""
    state: str = ""
    order: Order = Order.NEWEST
    page: int = 1


@dataclass(frozen=True, slots=True)
class ListedGenerator:
    """A generator's newest version that is wanted, in a row.

    Attributes:
        versions: How many the generator has of those.
    """

    card: ModelCard
    version: int
    versions: int
    published_at: datetime
    state: State
    statement: AuditStatement | None


@dataclass(frozen=True, slots=True)
class ListedPage:
    """Some rows of a longer list.

    Attributes:
        total: Of the whole list.
        first: Number of the first row, from 1.
    """

    generators: tuple[ListedGenerator, ...]
    total: int
    first: int

    @property
    def last(self) -> int:
        """Number of the last row."""
        return self.first + len(self.generators) - 1


@dataclass(frozen=True, slots=True)
class Choices:
    """What there is to filter by."""

    centres: tuple[str, ...]
    architectures: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ListedVersion:
    """A version among those of its generator."""

    version: int
    title: str | None
    published_at: datetime
    manifest_digest: str
    state: State


@dataclass(frozen=True, slots=True)
class ListedSignature:
    """What a centre signed of a version, and with which key."""

    kind: str
    fingerprint: str
    received_at: datetime


@dataclass(frozen=True, slots=True)
class ListedCentre:
    """A centre, and how much of it the hub keeps.

    Attributes:
        fingerprint: Of the key that it signs with now, if it has registered one.
    """

    name: str
    enrolled_at: datetime
    removed_at: datetime | None
    fingerprint: str | None
    generators: int
    versions: int
    stored_bytes: int


class Shown:
    """Reads what pages show. Changes nothing."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def generators(self, wanted: Wanted, caller: Caller) -> ListedPage:
        """Return a page of generators, those that the caller may see."""
        query = _filtered(wanted, caller)
        first = (wanted.page - 1) * ROWS_OF_A_PAGE
        with Session(self._engine) as session:
            total = session.scalar(select(func.count()).select_from(query.subquery())) or 0
            ordered = query.order_by(*ORDERS[wanted.order]).offset(first).limit(ROWS_OF_A_PAGE)
            found = tuple(map(_listed, session.execute(ordered)))
        return ListedPage(found, total, first + 1)

    def out_of_use(self, caller: Caller) -> dict[State, int]:
        """Return how many generators have a version in each state that is not in use."""
        found = (
            select(STATE.label("state"), VersionRow.centre, VersionRow.name)
            .select_from(VersionRow)
            .outerjoin(StateRow, StateRow.version_id == VersionRow.id)
            .where(seen_by(caller), STATE.not_in(SERVED))
            .distinct()
            .subquery()
        )
        query = select(found.c.state, func.count()).group_by(found.c.state).order_by(found.c.state)
        with Session(self._engine) as session:
            return {row[0]: row[1] for row in session.execute(query)}

    def choices(self) -> Choices:
        """Return the centres and architectures that generators have."""
        with Session(self._engine) as session:
            centres = session.scalars(select(VersionRow.centre).distinct())
            architectures = session.scalars(select(VersionRow.architecture).distinct())
            return Choices(tuple(sorted(centres)), tuple(sorted(architectures)))

    def versions(self, centre: str, name: str, caller: Caller) -> tuple[ListedVersion, ...]:
        """Return a generator's versions that the caller may see, newest first."""
        query = (
            select(
                VersionRow.version,
                VersionRow.title,
                VersionRow.published_at,
                VersionRow.manifest_digest,
                STATE,
            )
            .outerjoin(StateRow, StateRow.version_id == VersionRow.id)
            .where(VersionRow.centre == centre, VersionRow.name == name, seen_by(caller))
            .order_by(VersionRow.version.desc())
        )
        with Session(self._engine) as session:
            return tuple(ListedVersion(*row) for row in session.execute(query))

    def signatures(self, centre: str, name: str, version: int) -> tuple[ListedSignature, ...]:
        """Return what its centre signed of a version."""
        key_of = and_(
            CentreKeyRow.centre == VersionRow.centre, CentreKeyRow.number == SignatureRow.key_number
        )
        query = (
            select(SignatureRow.kind, CentreKeyRow.fingerprint, SignatureRow.received_at)
            .join(VersionRow, VersionRow.id == SignatureRow.version_id)
            .join(CentreKeyRow, key_of)
            .where(
                VersionRow.centre == centre,
                VersionRow.name == name,
                VersionRow.version == version,
            )
            .order_by(SignatureRow.received_at)
        )
        with Session(self._engine) as session:
            return tuple(ListedSignature(*row) for row in session.execute(query))

    def pending(self) -> tuple[ListedGenerator, ...]:
        """Return the versions that wait for approval, the longest waiting first."""
        query = _rows(literal(1)).where(STATE == "pending_review")
        with Session(self._engine) as session:
            rows = session.execute(query.order_by(VersionRow.id).limit(MOST_PENDING))
            return tuple(map(_listed, rows))

    def centres(self) -> tuple[ListedCentre, ...]:
        """Return every centre by name, those that were removed too."""
        names = func.count(VersionRow.name.distinct())
        published = select(VersionRow.centre, names, func.count()).group_by(VersionRow.centre)
        kept = select(StoredFileRow.centre, total(StoredFileRow.size_bytes))
        with Session(self._engine) as session:
            versions = {row[0]: (row[1], row[2]) for row in session.execute(published)}
            stored = {
                row[0]: row[1] for row in session.execute(kept.group_by(StoredFileRow.centre))
            }
            numbered = session.execute(
                select(CentreKeyRow.centre, CentreKeyRow.fingerprint).order_by(CentreKeyRow.number)
            )
            keys: dict[str, str] = {row[0]: row[1] for row in numbered}  # the newest stays
            return tuple(
                ListedCentre(
                    row.name,
                    row.enrolled_at,
                    row.removed_at,
                    keys.get(row.name),
                    *versions.get(row.name, (0, 0)),
                    stored.get(row.name, 0),
                )
                for row in session.scalars(select(CentreRow).order_by(CentreRow.name))
            )


def _filtered(wanted: Wanted, caller: Caller) -> Select[Any]:
    newest = (
        select(
            VersionRow.centre,
            VersionRow.name,
            func.max(VersionRow.version).label("version"),
            func.count().label("versions"),
        )
        .outerjoin(StateRow, StateRow.version_id == VersionRow.id)
        .where(seen_by(caller), STATE.in_([wanted.state] if wanted.state else SERVED))
        .group_by(VersionRow.centre, VersionRow.name)
        .subquery()
    )
    same = and_(
        *(getattr(VersionRow, key) == newest.c[key] for key in ("centre", "name", "version"))
    )
    query = _rows(newest.c.versions).join(newest, same)
    if wanted.centre:
        query = query.where(VersionRow.centre == wanted.centre)
    if wanted.architecture:
        query = query.where(VersionRow.architecture == wanted.architecture)
    if wanted.kind:
        of_kind = select(VersionKindRow.version_id).where(VersionKindRow.kind == wanted.kind)
        query = query.where(VersionRow.id.in_(of_kind))
    return query


def _rows(versions: ColumnElement[int]) -> Select[Any]:
    """Choose what is shown of versions, and how many their generators have."""
    shown: tuple[Any, ...] = (
        VersionRow.id,
        VersionRow.card,
        VersionRow.version,
        versions.label("versions"),
        VersionRow.published_at,
        STATE.label("state"),
        StatementRow.content,
    )
    return (
        select(*shown)
        .outerjoin(StateRow, StateRow.version_id == VersionRow.id)
        .outerjoin(StatementRow, StatementRow.version_id == VersionRow.id)
    )


def _listed(row: Row[Any]) -> ListedGenerator:
    stated = row.content
    return ListedGenerator(
        card=ModelCard.model_validate_json(row.card),
        version=row.version,
        versions=row.versions,
        published_at=row.published_at,
        state=row.state,
        statement=None if stated is None else AuditStatement.model_validate_json(stated),
    )
