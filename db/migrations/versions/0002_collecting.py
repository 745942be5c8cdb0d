"""Counts at hand, when to ask again, authors' labels and wishes, and what reading costs."""

import sqlalchemy as sa
from alembic import op

from db.types import Json, Key, UtcTime

revision = "0002"
down_revision = "0001"

_METRICS = ("likes", "reposts", "replies", "quotes", "views")
_FOLLOWED = "'x', 'bluesky', 'mastodon', 'dvids', 'youtube'"  # platforms that can be asked for a post by id


def upgrade() -> None:
    op.add_column("account", sa.Column("wishes", Json, nullable=False, server_default="[]"))
    op.add_column("post", sa.Column("labels", Json, nullable=False, server_default="[]"))
    op.add_column("sighting", sa.Column("shown", sa.String(), nullable=True))
    for name in _METRICS:
        op.add_column("post", sa.Column(name, Key, nullable=True))
    op.add_column("post", sa.Column("measured_at", UtcTime, nullable=True))
    op.add_column("post", sa.Column("recheck_at", UtcTime, nullable=True))
    for name in (*_METRICS, "recheck_at"):
        present = sa.text(f"{name} IS NOT NULL")
        columns = [name] if name == "recheck_at" else [name, "id"]
        op.create_index(f"ix_post_{name}", "post", columns, sqlite_where=present, postgresql_where=present)
    op.create_table(
        "charge",
        sa.Column("id", Key, nullable=False),
        sa.Column("source_id", Key, nullable=False),
        sa.Column("day", sa.String(), nullable=False),
        sa.Column("item", sa.String(), nullable=False),
        sa.Column("micros", Key, nullable=False),
        sa.Column("at", UtcTime, nullable=False),
        sa.ForeignKeyConstraint(["source_id"], ["source.id"], name="fk_charge_source_id"),
        sa.PrimaryKeyConstraint("id", name="pk_charge"),
        sa.UniqueConstraint("day", "item", name="uq_charge_day_item"),
    )
    op.create_index("ix_charge_source_id_day", "charge", ["source_id", "day"])
    _fill()


def _fill() -> None:
    """The newest counts of each post; and those that were never asked for again are due."""
    newest = "SELECT {0} FROM metrics m WHERE m.post_id = post.id ORDER BY m.observed_at DESC LIMIT 1"
    found = [f"{name} = ({newest.format(name)})" for name in _METRICS]
    found.append(f"measured_at = ({newest.format('observed_at')})")
    op.execute(f"UPDATE post SET {', '.join(found)} WHERE id IN (SELECT post_id FROM metrics)")
    op.execute(
        "UPDATE post SET recheck_at = first_seen_at "
        f"WHERE deleted_at IS NULL AND NOT second_hand AND platform IN ({_FOLLOWED})"
    )
