"""What versions are and how they came to it; where aliases point."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Add tables; what has no row, as all that was published before, is approved."""
    op.create_table(
        "version_states",
        sa.Column("version_id", sa.Integer, sa.ForeignKey("versions.id"), primary_key=True),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("reason", sa.String),
        sa.Column("replacement", sa.String),
    )
    op.create_index("versions_by_state", "version_states", ["state", "version_id"])
    op.create_table(
        "state_changes",
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("version_id", sa.Integer, sa.ForeignKey("versions.id"), nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("reason", sa.String),
        sa.Column("replacement", sa.String),
        sa.Column("changed_at", sa.DateTime, nullable=False),
        sa.Column("changed_by", sa.String(63), nullable=False),
    )
    op.create_index("changes_by_version", "state_changes", ["version_id", "number"])
    op.create_table(
        "alias_changes",
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("centre", sa.String(63), nullable=False),
        sa.Column("name", sa.String(63), nullable=False),
        sa.Column("alias", sa.String(63), nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("changed_at", sa.DateTime, nullable=False),
        sa.Column("changed_by", sa.String(63), nullable=False),
    )
    op.create_index("changes_by_alias", "alias_changes", ["centre", "name", "alias", "number"])


def downgrade() -> None:
    """Drop them."""
    op.drop_table("alias_changes")
    op.drop_table("state_changes")
    op.drop_table("version_states")
