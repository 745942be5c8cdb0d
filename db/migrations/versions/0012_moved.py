"""Copies in memory follow the index by what was written into it."""

import sqlalchemy as sa
from alembic import op

from db.types import Key

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    op.create_table(
        "moved",
        sa.Column("id", Key, primary_key=True),
        sa.Column("number", Key, nullable=True),
        sa.Column("posts", sa.LargeBinary, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_moved"),
        sqlite_autoincrement=True,
    )
    numbered = sa.text("number IS NOT NULL")
    op.create_index("ix_moved_number", "moved", ["number"], sqlite_where=numbered, postgresql_where=numbered)
