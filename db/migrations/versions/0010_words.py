"""The words of the full-text index as a table of their own (SQLite); the index is made anew by the new folding."""

from alembic import op

from db.dictionary import DDL

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        op.execute(DDL)
