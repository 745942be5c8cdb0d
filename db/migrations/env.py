"""Alembic's entry: migrates on the connection that db.database hands over, in its transaction."""

from alembic import context
from sqlmodel import SQLModel

import db.models  # noqa: F401  (fills the metadata)
from db.search import is_index_table

connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=SQLModel.metadata,
    render_as_batch=connection.dialect.name == "sqlite",
    include_name=lambda name, kind, _parents: not (kind == "table" and is_index_table(name)),
)
context.run_migrations()
