"""Searching as of a moment: indexes of superseded texts, of posts that changed, and of tags that were closed."""

import sqlalchemy as sa
from alembic import op
from sqlmodel import Session

from db.search import OLD_POSTGRES_DDL, OLD_SQLITE_DDL, fill_old

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    for statement in OLD_SQLITE_DDL if op.get_bind().dialect.name == "sqlite" else OLD_POSTGRES_DDL:
        op.execute(statement)
    fill_old(Session(op.get_bind()))
    _partial("ix_post_id_changed_at", "post", ["id", "changed_at"], "versions > 1")
    _partial("ix_tag_closed", "tag", ["topic_id", "post_id"], "valid_to IS NOT NULL")


def _partial(name: str, on: str, columns: list[str], condition: str) -> None:
    where = sa.text(condition)
    op.create_index(name, on, columns, sqlite_where=where, postgresql_where=where)
