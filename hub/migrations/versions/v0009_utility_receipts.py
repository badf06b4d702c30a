"""What receivers say that versions were worth to them."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "receipts",
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("version_id", sa.Integer, sa.ForeignKey("versions.id"), nullable=False),
        sa.Column("receiver", sa.String(63), sa.ForeignKey("centres.name"), nullable=False),
        sa.Column("day", sa.String(10), nullable=False),
        sa.Column("content", sa.String, nullable=False),
        sa.Column("received_at", sa.DateTime, nullable=False),
        sa.UniqueConstraint("version_id", "receiver"),
    )


def downgrade() -> None:
    """Drop it."""
    op.drop_table("receipts")
