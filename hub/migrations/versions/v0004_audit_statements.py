"""What centres state of their generators' audits."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Add a column and a table; nothing was stated of what was published before."""
    op.add_column("versions", sa.Column("audit_statement", sa.String(64)))
    op.create_table(
        "audit_statements",
        sa.Column("version_id", sa.Integer, sa.ForeignKey("versions.id"), primary_key=True),
        sa.Column("content", sa.String, nullable=False),
        sa.Column("received_at", sa.DateTime, nullable=False),
    )


def downgrade() -> None:
    """Drop them."""
    op.drop_table("audit_statements")
    op.drop_column("versions", "audit_statement")
