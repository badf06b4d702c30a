"""Which of several workers a job is for."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Add the column; no job has a worker yet."""
    op.add_column("jobs", sa.Column("worker", sa.Integer))


def downgrade() -> None:
    """Drop it."""
    with op.batch_alter_table("jobs") as table:
        table.drop_column("worker")
