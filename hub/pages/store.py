"""What the pages show, read from the hub's tables: a row for each generator, its newest version."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Engine, Row, Select, and_, func, select
from sqlalchemy.orm import Session

from hub.database import CentreRow, StatementRow, StoredFileRow, VersionKindRow, VersionRow
from hub.life_cycle.store import seen_by
from shared.access import Caller
from shared.cards import ModelCard
from shared.statements import AuditStatement

ROWS_OF_A_PAGE = 25


class Order(StrEnum):
    """By what generators are ordered."""

    NEWEST = "newest"
    OLDEST = "oldest"
    CENTRE = "centre"
    NAME = "name"


ORDERS: dict[Order, tuple[ColumnElement[Any], ...]] = {
    Order.NEWEST: (VersionRow.id.desc(),),
    Order.OLDEST: (VersionRow.id.asc(),),
    Order.CENTRE: (VersionRow.centre.asc(), VersionRow.name.asc()),
    Order.NAME: (VersionRow.name.asc(), VersionRow.centre.asc()),
}


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which generators are listed; "" does not filter."""

    centre: str = ""
    kind: str = ""
    architecture: str = ""
    order: Order = Order.NEWEST
    page: int = 1


@dataclass(frozen=True, slots=True)
class ListedGenerator:
    """A generator's newest version, in a row.

    Attributes:
        versions: How many the generator has.
    """

    card: ModelCard
    version: int
    versions: int
    published_at: datetime
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


@dataclass(frozen=True, slots=True)
class ListedCentre:
    """A centre, and how much of it the hub keeps."""

    name: str
    enrolled_at: datetime
    removed_at: datetime | None
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
            )
            .where(VersionRow.centre == centre, VersionRow.name == name, seen_by(caller))
            .order_by(VersionRow.version.desc())
        )
        with Session(self._engine) as session:
            return tuple(ListedVersion(*row) for row in session.execute(query))

    def centres(self) -> tuple[ListedCentre, ...]:
        """Return every centre by name, those that were removed too."""
        names = func.count(VersionRow.name.distinct())
        published = select(VersionRow.centre, names, func.count()).group_by(VersionRow.centre)
        kept = select(StoredFileRow.centre, func.sum(StoredFileRow.size_bytes))
        with Session(self._engine) as session:
            versions = {row[0]: (row[1], row[2]) for row in session.execute(published)}
            stored = {
                row[0]: row[1] for row in session.execute(kept.group_by(StoredFileRow.centre))
            }
            return tuple(
                ListedCentre(
                    row.name,
                    row.enrolled_at,
                    row.removed_at,
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
        .where(seen_by(caller))
        .group_by(VersionRow.centre, VersionRow.name)
        .subquery()
    )
    same = and_(
        *(getattr(VersionRow, key) == newest.c[key] for key in ("centre", "name", "version"))
    )
    query = (
        select(
            VersionRow.id,
            VersionRow.card,
            VersionRow.version,
            newest.c.versions,
            VersionRow.published_at,
            StatementRow.content,
        )
        .join(newest, same)
        .outerjoin(StatementRow, StatementRow.version_id == VersionRow.id)
    )
    if wanted.centre:
        query = query.where(VersionRow.centre == wanted.centre)
    if wanted.architecture:
        query = query.where(VersionRow.architecture == wanted.architecture)
    if wanted.kind:
        of_kind = select(VersionKindRow.version_id).where(VersionKindRow.kind == wanted.kind)
        query = query.where(VersionRow.id.in_(of_kind))
    return query


def _listed(row: Row[Any]) -> ListedGenerator:
    stated = row.content
    return ListedGenerator(
        card=ModelCard.model_validate_json(row.card),
        version=row.version,
        versions=row.versions,
        published_at=row.published_at,
        statement=None if stated is None else AuditStatement.model_validate_json(stated),
    )
