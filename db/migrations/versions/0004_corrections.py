"""People's corrections of tags, and how unsure a post's tags are, to review the most doubtful first."""

from itertools import groupby

import sqlalchemy as sa
from alembic import op

from db.doubt import doubt
from db.types import Key, UtcTime

revision = "0004"
down_revision = "0003"

_UNSURE = sa.text(
    "SELECT post_id, probability, threshold FROM tag"
    " WHERE valid_to IS NULL AND decision = 'unsure' ORDER BY post_id"
)


def upgrade() -> None:
    op.create_table(
        "correction",
        sa.Column("id", Key, nullable=False),
        sa.Column("version_id", Key, nullable=False),
        sa.Column("topic_id", Key, nullable=False),
        sa.Column("tag_id", Key, nullable=True),
        sa.Column("decision", sa.String(), nullable=False),
        sa.Column("note", sa.String(), nullable=True),
        sa.Column("credential_id", Key, nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("at", UtcTime, nullable=False),
        *(
            sa.ForeignKeyConstraint([f"{name}_id"], [f"{name}.id"], name=f"fk_correction_{name}_id")
            for name in ("version", "topic", "tag", "credential")
        ),
        sa.PrimaryKeyConstraint("id", name="pk_correction"),
    )
    op.create_index("ix_correction_version_id_topic_id", "correction", ["version_id", "topic_id"])
    op.create_index("ix_correction_tag_id", "correction", ["tag_id"])
    op.add_column("post", sa.Column("doubt", Key, nullable=True))
    present = sa.text("doubt IS NOT NULL")
    op.create_index("ix_post_doubt", "post", ["doubt", "id"], sqlite_where=present, postgresql_where=present)
    _fill()


def _fill() -> None:
    """Logarithms in Python: not every SQLite has them."""
    connection = op.get_bind()
    unsure = connection.execute(_UNSURE).all()
    least = [
        {"key": key, "doubt": min(doubt(row.probability, row.threshold) for row in rows)}
        for key, rows in groupby(unsure, lambda row: row.post_id)
    ]
    for start in range(0, len(least), 10_000):
        connection.execute(sa.text("UPDATE post SET doubt = :doubt WHERE id = :key"), least[start : start + 10_000])
