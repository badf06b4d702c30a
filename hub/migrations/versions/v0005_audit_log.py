"""What happened at the hub, as a chain of entries."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

INDEXES = {
    "log_by_action": ["action", "number"],
    "log_by_caller": ["caller", "number"],
    "log_by_centre": ["centre", "number"],
}


def upgrade() -> None:
    """Create an empty log; what happened before was not written down."""
    op.create_table(
        "audit_log",
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("action", sa.String(63), nullable=False),
        sa.Column("caller", sa.String(63), nullable=False),
        sa.Column("centre", sa.String(63)),
        sa.Column("name", sa.String(63)),
        sa.Column("content", sa.String, nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
    )
    for name, columns in INDEXES.items():
        op.create_index(name, "audit_log", columns)
    for change in ("update", "delete"):
        op.execute(
            f"CREATE TRIGGER no_{change}_of_audit_log BEFORE {change} ON audit_log "
            "BEGIN SELECT raise(ABORT, 'the audit log is only added to'); END"
        )


def downgrade() -> None:
    """Drop it."""
    op.drop_table("audit_log")
