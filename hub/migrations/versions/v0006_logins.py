"""One-time login links and browser sessions."""

from alembic import op

from web_pages import schema

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Create the tables."""
    schema.create_tables(op.get_bind())


def downgrade() -> None:
    """Drop them."""
    schema.drop_tables(op.get_bind())
