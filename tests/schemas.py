"""What a database must have that migrations make."""

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Engine, MetaData

import web_pages.schema


def schema_differences(engine: Engine, metadata: MetaData) -> list[object]:
    """Return how a database differs from a service's own tables and those of its logins."""
    tables = MetaData()
    for whole in (metadata, web_pages.schema.METADATA):
        for table in whole.tables.values():
            table.to_metadata(tables)
    with engine.connect() as connection:
        return list(compare_metadata(MigrationContext.configure(connection), tables))
