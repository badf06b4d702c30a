"""Jobs that wait for a person, are tried again, and know their hub."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

ADDED = ("hub", "review", "retries", "retry_at")


def upgrade() -> None:
    """Add the columns."""
    op.add_column("jobs", sa.Column("hub", sa.String))
    op.add_column("jobs", sa.Column("review", sa.String))
    op.add_column("jobs", sa.Column("retries", sa.Integer, nullable=False, server_default="0"))
    op.add_column("jobs", sa.Column("retry_at", sa.DateTime))


def downgrade() -> None:
    """Drop the columns."""
    with op.batch_alter_table("jobs") as table:
        for column in ADDED:
            table.drop_column(column)
