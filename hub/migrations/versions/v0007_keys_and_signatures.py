"""The centres' keys, and what they signed."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Create the tables; nothing was signed of what was published before."""
    op.create_table(
        "centre_keys",
        sa.Column("centre", sa.String(63), sa.ForeignKey("centres.name"), primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("fingerprint", sa.String(64), nullable=False),
        sa.Column("public_key", sa.String, nullable=False),
        sa.Column("rotation", sa.String),
        sa.Column("registered_at", sa.DateTime, nullable=False),
    )
    op.create_table(
        "signatures",
        sa.Column("version_id", sa.Integer, sa.ForeignKey("versions.id"), primary_key=True),
        sa.Column("kind", sa.String(20), primary_key=True),
        sa.Column("content", sa.String, nullable=False),
        sa.Column("key_number", sa.Integer, nullable=False),
        sa.Column("received_at", sa.DateTime, nullable=False),
    )
    op.create_table(
        "centre_statuses",
        sa.Column("centre", sa.String(63), sa.ForeignKey("centres.name"), primary_key=True),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("content", sa.String, nullable=False),
        sa.Column("received_at", sa.DateTime, nullable=False),
    )
    op.create_table(
        "join_tokens",
        sa.Column("centre", sa.String(63), primary_key=True),
        sa.Column("token_sha256", sa.String(64), nullable=False, unique=True),
        sa.Column("expires_at", sa.DateTime, nullable=False),
    )
    with op.batch_alter_table("centres") as centres:
        centres.add_column(sa.Column("new_key_until", sa.DateTime))


def downgrade() -> None:
    """Drop them."""
    with op.batch_alter_table("centres") as centres:
        centres.drop_column("new_key_until")
    op.drop_table("join_tokens")
    op.drop_table("centre_statuses")
    op.drop_table("signatures")
    op.drop_table("centre_keys")
