"""Which model's campaign a version was judged in, and the weekly counts that drift is seen by."""

import sqlalchemy as sa
from alembic import op

from db.types import Json, Key, UtcTime

revision = "0003"
down_revision = "0002"

_MODEL = "(SELECT max(model_id) FROM tag WHERE version_id = version.id AND valid_to IS NULL)"
_CURRENT = "EXISTS (SELECT 1 FROM post WHERE post.id = version.post_id AND post.versions = version.number)"


def upgrade() -> None:
    op.create_table(
        "campaign",
        sa.Column("id", Key, nullable=False),
        sa.Column("model_id", Key, nullable=False),
        sa.Column("started_at", UtcTime, nullable=False),
        sa.Column("chosen_at", UtcTime, nullable=True),
        sa.Column("finished_at", UtcTime, nullable=True),
        sa.ForeignKeyConstraint(["model_id"], ["tag_model.id"], name="fk_campaign_model_id"),
        sa.PrimaryKeyConstraint("id", name="pk_campaign"),
    )
    number = "INTEGER" if op.get_bind().dialect.name == "sqlite" else "BIGINT"
    reference = "CONSTRAINT fk_version_campaign_id REFERENCES campaign (id)"  # SQLite adds none to a column later
    op.execute(f"ALTER TABLE version ADD COLUMN campaign_id {number} {reference}")
    op.create_table(
        "week",
        sa.Column("source_id", Key, nullable=False),
        sa.Column("start", UtcTime, nullable=False),
        sa.Column("posts", sa.Integer(), nullable=False),
        sa.Column("unsure", sa.Integer(), nullable=False),
        sa.Column("topics", Json, nullable=False),
        sa.ForeignKeyConstraint(["source_id"], ["source.id"], name="fk_week_source_id"),
        sa.PrimaryKeyConstraint("source_id", "start", name="pk_week"),
    )
    _fill()
    there = sa.text("campaign_id IS NOT NULL")
    op.create_index(
        "ix_version_campaign_id_id", "version", ["campaign_id", "id"], sqlite_where=there, postgresql_where=there
    )


def _fill() -> None:
    """A campaign for each model that tagged, the newest chosen; what was judged and left no tag waits again."""
    op.execute(
        "INSERT INTO campaign (model_id, started_at, chosen_at, finished_at)"
        " SELECT model_id, min(valid_from), min(valid_from), max(valid_from) FROM tag"
        " WHERE model_id IS NOT NULL GROUP BY model_id ORDER BY model_id"
    )
    op.execute(
        f"UPDATE version SET campaign_id = (SELECT id FROM campaign WHERE model_id = {_MODEL})"
        f" WHERE tag_priority IS NULL AND {_CURRENT}"
    )
    op.execute(
        f"UPDATE version SET tag_priority = 1 WHERE tag_priority IS NULL AND campaign_id IS NULL AND {_CURRENT}"
    )
    newest = "(SELECT max(id) FROM campaign)"
    stale = f"EXISTS (SELECT 1 FROM version WHERE campaign_id < {newest})"
    op.execute(f"UPDATE campaign SET finished_at = NULL WHERE id = {newest} AND {stale}")
