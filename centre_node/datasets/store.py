"""Registered data sets in the database."""

from pydantic import TypeAdapter
from sqlalchemy import Engine, delete, select
from sqlalchemy.orm import Session

from centre_node.database import DatasetRow
from node_api.data_sources import DatasetSource
from node_api.datasets import Dataset
from node_api.summaries import DatasetSummary

SOURCE: TypeAdapter[DatasetSource] = TypeAdapter(DatasetSource)


class DatasetStore:
    """Reads and writes registered data sets."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def put(self, dataset: Dataset) -> None:
        """Add or replace a data set."""
        source = SOURCE.dump_json(dataset.source).decode()
        summary = dataset.summary.model_dump_json()
        with Session(self._engine) as session, session.begin():
            session.merge(DatasetRow(name=dataset.name, source=source, summary=summary))

    def find(self, name: str) -> Dataset | None:
        """Return a data set by name."""
        with Session(self._engine) as session:
            row = session.get(DatasetRow, name)
            return None if row is None else _dataset(row)

    def all(self) -> tuple[Dataset, ...]:
        """Return every data set by name."""
        with Session(self._engine) as session:
            return tuple(
                map(_dataset, session.scalars(select(DatasetRow).order_by(DatasetRow.name)))
            )

    def remove(self, name: str) -> bool:
        """Forget a data set; False if there is none of that name."""
        gone = delete(DatasetRow).where(DatasetRow.name == name).returning(DatasetRow.name)
        with Session(self._engine) as session, session.begin():
            return session.scalar(gone) is not None


def _dataset(row: DatasetRow) -> Dataset:
    return Dataset(
        name=row.name,
        source=SOURCE.validate_json(row.source),
        summary=DatasetSummary.model_validate_json(row.summary),
    )
