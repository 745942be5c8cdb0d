"""How long a source's posts are kept, whether those that are gone there are erased, and which posts are gone."""

import sqlalchemy as sa
from alembic import op

from db.types import Key, UtcTime

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.add_column("source", sa.Column("keep_seconds", Key, nullable=True))
    op.add_column("source", sa.Column("keep_announced_at", UtcTime, nullable=True))
    op.add_column("source", sa.Column("erase_deleted", sa.Boolean(), nullable=False, server_default=sa.false()))
    gone = sa.text("deleted_at IS NOT NULL AND erasure_id IS NULL")
    op.create_index("ix_post_gone", "post", ["deleted_at"], sqlite_where=gone, postgresql_where=gone)
