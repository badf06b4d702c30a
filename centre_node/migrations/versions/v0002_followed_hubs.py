"""Up to which number the events of hubs were read."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Add the table; nothing was read before."""
    op.create_table(
        "followed_hubs",
        sa.Column("url", sa.String, primary_key=True),
        sa.Column("last_event", sa.Integer, nullable=False),
    )


def downgrade() -> None:
    """Drop it."""
    op.drop_table("followed_hubs")
