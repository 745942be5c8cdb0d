"""Captures are sealed; room for erasures, media files, the audit chain, and which capture shows which post."""

import uuid

import sqlalchemy as sa
from alembic import op
from sqlmodel import Session

from db.ledger import Line, append
from db.models import Capture
from db.proof.digests import of_capture
from db.slices import slices
from db.types import Json, Key, UtcTime
from db.upsert import table

revision = "0005"
down_revision = "0004"

_capture = table(Capture)
_SHOWN = (
    "INSERT INTO exhibit (post_id, capture_id) SELECT post_id, capture_id FROM version WHERE capture_id IS NOT NULL"
    " UNION SELECT post_id, capture_id FROM sighting WHERE capture_id IS NOT NULL"
    # which of a page's later captures still showed a post was not kept: count all of them
    " UNION SELECT s.post_id, later.id FROM sighting s JOIN capture seen ON seen.id = s.capture_id"
    " JOIN capture later ON later.url = seen.url AND later.id > seen.id"
)


def upgrade() -> None:
    _tables()
    for name in ("post", "version", "correction"):
        number = "INTEGER" if op.get_bind().dialect.name == "sqlite" else "BIGINT"
        reference = f"CONSTRAINT fk_{name}_erasure_id REFERENCES erasure (id)"  # SQLite adds none to a column later
        op.execute(f"ALTER TABLE {name} ADD COLUMN erasure_id {number} {reference}")
    op.add_column("post", sa.Column("current", sa.Integer(), nullable=False, server_default="1"))
    op.execute("UPDATE post SET current = versions")
    op.add_column("capture", sa.Column("digest", sa.String(), nullable=False, server_default=""))
    op.execute(_SHOWN)
    _seal_captures()
    named = sa.text("INSERT INTO meta (name, value) VALUES ('archive_id', :value)")
    op.get_bind().execute(named, {"value": str(uuid.uuid4())})


def _tables() -> None:
    op.create_table(
        "erasure",
        sa.Column("id", Key, nullable=False),
        sa.Column("post_id", Key, nullable=False),
        sa.Column("public_id", sa.String(), nullable=False),
        sa.Column("cause", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("deleted_at", UtcTime, nullable=True),
        sa.Column("at", UtcTime, nullable=False),
        sa.Column("purged_at", UtcTime, nullable=True),
        sa.Column("said", Json, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_erasure"),
    )
    op.create_index("ix_erasure_post_id", "erasure", ["post_id"])
    _waiting("ix_erasure_unpurged", "erasure", "id", "purged_at IS NULL")
    op.create_table(
        "exhibit",
        sa.Column("post_id", Key, nullable=False),
        sa.Column("capture_id", Key, nullable=False),
        sa.ForeignKeyConstraint(["post_id"], ["post.id"], name="fk_exhibit_post_id"),
        sa.ForeignKeyConstraint(["capture_id"], ["capture.id"], name="fk_exhibit_capture_id"),
        sa.PrimaryKeyConstraint("post_id", "capture_id", name="pk_exhibit"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_exhibit_capture_id", "exhibit", ["capture_id"])
    op.create_table(
        "media_file",
        sa.Column("claimed_by", sa.String(), nullable=True),
        sa.Column("claimed_until", UtcTime, nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("not_before", UtcTime, nullable=True),
        sa.Column("id", Key, nullable=False),
        sa.Column("post_id", Key, nullable=False),
        sa.Column("source_id", Key, nullable=False),
        sa.Column("url", sa.String(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=True),
        sa.Column("content_type", sa.String(), nullable=True),
        sa.Column("size", Key, nullable=True),
        sa.Column("fetched_at", UtcTime, nullable=True),
        sa.Column("done_at", UtcTime, nullable=True),
        sa.Column("error", sa.String(), nullable=True),
        sa.Column("digest", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(["post_id"], ["post.id"], name="fk_media_file_post_id"),
        sa.ForeignKeyConstraint(["source_id"], ["source.id"], name="fk_media_file_source_id"),
        sa.ForeignKeyConstraint(["sha256"], ["blob.sha256"], name="fk_media_file_sha256"),
        sa.PrimaryKeyConstraint("id", name="pk_media_file"),
        sa.UniqueConstraint("post_id", "url", name="uq_media_file_post_id_url"),
    )
    op.create_index("ix_media_file_sha256", "media_file", ["sha256"])
    _waiting("ix_media_file_waiting", "media_file", "source_id", "done_at IS NULL")
    op.create_table(
        "audit",
        sa.Column("seq", Key, nullable=False),
        sa.Column("at", UtcTime, nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("detail", Json, nullable=False),
        sa.Column("previous", sa.String(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("seq", name="pk_audit"),
    )


def _waiting(name: str, on: str, column: str, condition: str) -> None:
    where = sa.text(condition)
    op.create_index(name, on, [column], sqlite_where=where, postgresql_where=where)


def _seal_captures() -> None:
    """Of before, as they stand now: their lines come late, and say when the bytes were fetched."""
    session = Session(op.get_bind())
    for rows in slices(session, sa.select(_capture), _capture.c.id):
        lines = []
        for row in rows:
            digest = of_capture(row)
            session.execute(sa.update(_capture).where(_capture.c.id == row["id"]).values(digest=digest))
            lines.append(Line("capture", f"capture/{row['id']}", digest, row["fetched_at"]))
        append(session, lines)
