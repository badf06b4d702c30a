"""Jobs, data sets and the hub connection."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Create the first tables."""
    op.create_table(
        "jobs",
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("id", sa.String(32), nullable=False, unique=True),
        sa.Column("idempotency_key", sa.String(200), unique=True),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("cancel_requested", sa.Boolean, nullable=False),
        sa.Column("request", sa.String, nullable=False),
        sa.Column("progress", sa.String),
        sa.Column("result", sa.String),
        sa.Column("problem", sa.String),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("created_at", sa.DateTime, nullable=False),
        sa.Column("started_at", sa.DateTime),
        sa.Column("finished_at", sa.DateTime),
    )
    op.create_index("ix_jobs_state", "jobs", ["state"])
    op.create_table(
        "datasets",
        sa.Column("name", sa.String(63), primary_key=True),
        sa.Column("source", sa.String, nullable=False),
        sa.Column("summary", sa.String, nullable=False),
    )
    op.create_table(
        "hub_connection",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("centre", sa.String(63), nullable=False),
        sa.Column("url", sa.String, nullable=False),
        sa.Column("token", sa.String, nullable=False),
    )


def downgrade() -> None:
    """Drop the first tables."""
    for table in ("jobs", "datasets", "hub_connection"):
        op.drop_table(table)
