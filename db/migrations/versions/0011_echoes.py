"""Reposts and quotes are found by the post that they name."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    named = sa.text("repeats IS NOT NULL")
    op.create_index("ix_post_repeats", "post", ["repeats"], sqlite_where=named, postgresql_where=named)
