"""Centres that were removed, who uploaded which file, and what lists are filtered by."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

KINDS = ("mass", "calcification", "other")
INDEXES = {
    "versions": {
        "versions_by_centre": ["centre", "id"],
        "versions_by_architecture": ["architecture", "id"],
        "versions_by_centre_and_architecture": ["centre", "architecture", "id"],
    },
    "version_kinds": {
        "kinds_of_all": ["kind", "version_id"],
        "kinds_by_centre": ["kind", "centre", "version_id"],
        "kinds_by_architecture": ["kind", "architecture", "version_id"],
        "kinds_by_centre_and_architecture": ["kind", "centre", "architecture", "version_id"],
    },
}


def upgrade() -> None:
    """Add columns, tables and indexes, filled from what was published."""
    op.add_column("centres", sa.Column("removed_at", sa.DateTime))
    op.add_column("versions", sa.Column("title", sa.String))
    op.create_table(
        "stored_files",
        sa.Column("sha256", sa.String(64), primary_key=True),
        sa.Column("centre", sa.String(63), nullable=False),
        sa.Column("size_bytes", sa.Integer, nullable=False),
    )
    op.create_table(
        "version_kinds",
        sa.Column("version_id", sa.Integer, sa.ForeignKey("versions.id"), primary_key=True),
        sa.Column("kind", sa.String(63), primary_key=True),
        sa.Column("centre", sa.String(63), nullable=False),
        sa.Column("architecture", sa.String(63), nullable=False),
    )
    if op.get_context().dialect.name == "sqlite":  # no other database is older than this
        _fill()
    for table, indexes in INDEXES.items():
        for name, columns in indexes.items():
            op.create_index(name, table, columns)


def downgrade() -> None:
    """Drop them."""
    for table, indexes in INDEXES.items():
        for name in indexes:
            op.drop_index(name, table)
    op.drop_table("version_kinds")
    op.drop_table("stored_files")
    op.drop_column("versions", "title")
    op.drop_column("centres", "removed_at")


def _fill() -> None:
    op.execute("UPDATE versions SET title = json_extract(card, '$.title')")
    # Of the rows that share a file, SQLite takes the other columns from that with the least id.
    op.execute("""
        INSERT INTO stored_files (sha256, centre, size_bytes)
        SELECT sha256, centre, size_bytes FROM (
            SELECT json_extract(file.value, '$.sha256') AS sha256, versions.centre AS centre,
                   json_extract(file.value, '$.size_bytes') AS size_bytes, min(versions.id)
            FROM versions, json_each(versions.manifest, '$.files') AS file GROUP BY 1)
    """)
    versions = sa.table(
        "versions", *map(sa.column, ("id", "centre", "architecture", "lesion_kinds"))
    )
    kinds = sa.table(
        "version_kinds", *map(sa.column, ("version_id", "kind", "centre", "architecture"))
    )
    for kind in KINDS:
        listed = (" " + versions.c.lesion_kinds + " ").contains(f" {kind} ")
        rows = sa.select(
            versions.c.id, sa.literal(kind), versions.c.centre, versions.c.architecture
        ).where(listed)
        op.execute(
            kinds.insert().from_select(["version_id", "kind", "centre", "architecture"], rows)
        )
