"""Vectors: what the current version of a post means."""

import sqlalchemy as sa
from alembic import op

from db.types import Key

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    op.create_table(
        "encoder",
        sa.Column("id", Key, nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_encoder"),
        sa.UniqueConstraint("digest", name="uq_encoder_digest"),
    )
    op.create_table(
        "embedding",
        sa.Column("id", Key, nullable=False),
        sa.Column("post_id", Key, nullable=False),
        sa.Column("version_id", Key, nullable=False),
        sa.Column("encoder_id", Key, nullable=False),
        sa.Column("vector", sa.LargeBinary(), nullable=False),
        sa.Column("checksum", Key, nullable=False),
        sa.ForeignKeyConstraint(["post_id"], ["post.id"], name="fk_embedding_post_id"),
        sa.ForeignKeyConstraint(["version_id"], ["version.id"], name="fk_embedding_version_id"),
        sa.ForeignKeyConstraint(["encoder_id"], ["encoder.id"], name="fk_embedding_encoder_id"),
        sa.PrimaryKeyConstraint("id", name="pk_embedding"),
        sa.UniqueConstraint("post_id", name="uq_embedding_post_id"),
        sqlite_autoincrement=True,
    )
