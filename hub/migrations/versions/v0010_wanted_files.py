"""When stored files were wanted last; whole numbers of 64 bits in PostgreSQL."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"

NUMBERS = {
    "versions": ("id", "version"),
    "audit_statements": ("version_id",),
    "stored_files": ("size_bytes",),
    "version_kinds": ("version_id",),
    "audit_log": ("number",),
    "centre_keys": ("number",),
    "signatures": ("version_id", "key_number"),
    "centre_statuses": ("number",),
    "version_states": ("version_id",),
    "state_changes": ("number", "version_id"),
    "alias_changes": ("number", "version"),
    "receipts": ("number", "version_id"),
}


def upgrade() -> None:
    """Add a column, of which nothing is known yet, and an index of what each centre has."""
    op.add_column("stored_files", sa.Column("wanted_at", sa.DateTime))
    op.create_index("files_by_centre", "stored_files", ["centre", "size_bytes"])
    _change_numbers(sa.BigInteger)


def downgrade() -> None:
    """Drop them."""
    _change_numbers(sa.Integer)
    op.drop_index("files_by_centre", "stored_files")
    op.drop_column("stored_files", "wanted_at")


def _change_numbers(kind: type[sa.Integer]) -> None:
    if op.get_context().dialect.name != "postgresql":  # SQLite's have 64 bits by whatever name
        return
    for table, columns in NUMBERS.items():
        for column in columns:
            op.alter_column(table, column, type_=kind)
