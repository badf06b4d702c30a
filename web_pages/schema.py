"""The tables of logins, which every service with pages has in its database."""

from sqlalchemy import Column, Connection, DateTime, MetaData, String, Table

METADATA = MetaData()
LINKS = Table(
    "login_links",
    METADATA,
    Column("secret_sha256", String(64), primary_key=True),
    Column("name", String(63), nullable=False),
    Column("role", String(20), nullable=False),
    Column("expires_at", DateTime, nullable=False),
)
SESSIONS = Table(
    "browser_sessions",
    METADATA,
    Column("secret_sha256", String(64), primary_key=True),
    Column("name", String(63), nullable=False),
    Column("role", String(20), nullable=False),
    Column("expires_at", DateTime, nullable=False),
)


def create_tables(connection: Connection) -> None:
    """Create them; called by a migration of the service, with its `op.get_bind()`."""
    METADATA.create_all(connection)


def drop_tables(connection: Connection) -> None:
    """Drop them; called by the same migration."""
    METADATA.drop_all(connection)
