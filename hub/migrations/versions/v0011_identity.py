"""By what a hub's files elsewhere know whose they are."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    """Add a table, empty until files lie elsewhere."""
    op.create_table("hub_identity", sa.Column("id", sa.String(32), primary_key=True))


def downgrade() -> None:
    """Drop it."""
    op.drop_table("hub_identity")
