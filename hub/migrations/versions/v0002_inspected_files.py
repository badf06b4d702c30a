"""Which files were found to hold the tensors of which architecture."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Create the table; what was published before is inspected again when it is shared."""
    op.create_table(
        "inspected_files",
        sa.Column("sha256", sa.String(64), primary_key=True),
        sa.Column("architecture_sha256", sa.String(64), primary_key=True),
    )


def downgrade() -> None:
    """Drop the table."""
    op.drop_table("inspected_files")
