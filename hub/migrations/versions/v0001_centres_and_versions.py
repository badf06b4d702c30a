"""Centres and published versions."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Create the first tables."""
    op.create_table(
        "centres",
        sa.Column("name", sa.String(63), primary_key=True),
        sa.Column("token_sha256", sa.String(64), nullable=False, unique=True),
        sa.Column("enrolled_at", sa.DateTime, nullable=False),
    )
    op.create_table(
        "versions",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("centre", sa.String(63), sa.ForeignKey("centres.name"), nullable=False),
        sa.Column("name", sa.String(63), nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("manifest_digest", sa.String(64), nullable=False),
        sa.Column("architecture", sa.String(63), nullable=False),
        sa.Column("lesion_kinds", sa.String(100), nullable=False),
        sa.Column("manifest", sa.String, nullable=False),
        sa.Column("card", sa.String, nullable=False),
        sa.Column("published_at", sa.DateTime, nullable=False),
        sa.UniqueConstraint("centre", "name", "version"),
        sa.UniqueConstraint("centre", "name", "manifest_digest"),
    )


def downgrade() -> None:
    """Drop the first tables."""
    op.drop_table("versions")
    op.drop_table("centres")
