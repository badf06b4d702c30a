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
    if op.get_context().dialect.name == "postgresql":
        _guard_in_postgresql()
    else:
        _guard_in_sqlite()


def downgrade() -> None:
    """Drop it."""
    op.drop_table("audit_log")
    if op.get_context().dialect.name == "postgresql":
        op.execute("DROP FUNCTION refuse_change_of_audit_log")


def _guard_in_sqlite() -> None:
    for change in ("update", "delete"):
        op.execute(
            f"CREATE TRIGGER no_{change}_of_audit_log BEFORE {change} ON audit_log "
            "BEGIN SELECT raise(ABORT, 'the audit log is only added to'); END"
        )


def _guard_in_postgresql() -> None:
    op.execute(
        "CREATE FUNCTION refuse_change_of_audit_log() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE integrity_constraint_violation "
        "USING MESSAGE = 'the audit log is only added to'; END $$"
    )
    for change in ("update", "delete", "truncate"):  # of no row too, as nobody has a reason to
        op.execute(
            f"CREATE TRIGGER no_{change}_of_audit_log BEFORE {change} ON audit_log "
            "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_of_audit_log()"
        )
