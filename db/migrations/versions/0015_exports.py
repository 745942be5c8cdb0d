"""Exports: releases that were asked for at the server, and which posts they may hold."""

import sqlalchemy as sa
from alembic import op

from db.types import Json, Key, UtcTime

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    op.create_table(
        "export",
        sa.Column("id", Key, nullable=False),
        sa.Column("claimed_by", sa.String(), nullable=True),
        sa.Column("claimed_until", UtcTime, nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("not_before", UtcTime, nullable=True),
        sa.Column("query", sa.Text(), nullable=False),
        sa.Column("format", sa.String(), nullable=False),
        sa.Column("as_of", UtcTime, nullable=False),
        sa.Column("audience", sa.String(), nullable=False),
        sa.Column("options", Json, nullable=False),
        sa.Column("owner", sa.String(), nullable=False),
        sa.Column("asked_at", UtcTime, nullable=False),
        sa.Column("posts", sa.Integer(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=True),
        sa.Column("listed", sa.Integer(), nullable=True),
        sa.Column("finished_at", UtcTime, nullable=True),
        sa.Column("error", sa.String(), nullable=True),
        sa.Column("result", Json, nullable=False),
        sa.Column("bytes", Key, nullable=True),
        sa.Column("withdrawn_at", UtcTime, nullable=True),
        sa.Column("why", sa.String(), nullable=True),
        sa.Column("cleared_at", UtcTime, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_export"),
    )
    op.create_table(
        "exported",
        sa.Column("id", Key, nullable=False),
        sa.Column("export_id", Key, nullable=False),
        sa.Column("first", Key, nullable=False),
        sa.Column("last", Key, nullable=False),
        sa.Column("posts", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["export_id"], ["export.id"], name="fk_exported_export_id"),
        sa.PrimaryKeyConstraint("id", name="pk_exported"),
    )
    op.create_index("ix_exported_export_id", "exported", ["export_id"])
    op.create_index("ix_exported_first_last", "exported", ["first", "last"])
