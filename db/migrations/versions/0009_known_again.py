"""A forgotten text is known again by its digest."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    gone = sa.text("erasure_id IS NOT NULL")
    op.create_index("ix_version_erased", "version", ["text_sha256"], sqlite_where=gone, postgresql_where=gone)
