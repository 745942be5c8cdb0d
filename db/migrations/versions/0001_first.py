"""The first schema."""

import sqlalchemy as sa
from alembic import op

from core.text import fold_version
from db.search import POSTGRES_DDL, SQLITE_DDL
from db.types import Json, Key, UtcTime

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "actor",
        sa.Column("id", Key, nullable=False),
        sa.Column("slug", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=True),
        sa.Column("url", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_actor"),
        sa.UniqueConstraint("slug", name="uq_actor_slug"),
    )
    op.create_table(
        "blob",
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("codec", sa.String(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("sha256", name="pk_blob"),
    )
    op.create_table(
        "credential",
        sa.Column("id", Key, nullable=False),
        sa.Column("purpose", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("secret_sha256", sa.String(), nullable=False),
        sa.Column("scopes", Json, nullable=False),
        sa.Column("created_at", UtcTime, nullable=False),
        sa.Column("expires_at", UtcTime, nullable=True),
        sa.Column("used_at", UtcTime, nullable=True),
        sa.Column("revoked_at", UtcTime, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_credential"),
        sa.UniqueConstraint("secret_sha256", name="uq_credential_secret_sha256"),
    )
    op.create_table(
        "ledger",
        sa.Column("seq", Key, nullable=False),
        sa.Column("at", UtcTime, nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("row_digest", sa.String(), nullable=False),
        sa.Column("previous", sa.String(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("seq", name="pk_ledger"),
    )
    op.create_table(
        "meta",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("value", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_meta"),
    )
    op.create_table(
        "reference",
        sa.Column("id", Key, nullable=False),
        sa.Column("slug", sa.String(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("date", sa.String(), nullable=True),
        sa.Column("date_precision", sa.String(), nullable=True),
        sa.Column("url", sa.String(), nullable=True),
        sa.Column("note", sa.String(), nullable=True),
        sa.Column("figures", Json, nullable=False),
        sa.Column("verified", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_reference"),
        sa.UniqueConstraint("slug", name="uq_reference_slug"),
    )
    op.create_table(
        "tag_model",
        sa.Column("id", Key, nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("card", Json, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_tag_model"),
        sa.UniqueConstraint("digest", name="uq_tag_model_digest"),
    )
    op.create_table(
        "topic",
        sa.Column("id", Key, nullable=False),
        sa.Column("slug", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("definition", sa.String(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_topic"),
        sa.UniqueConstraint("slug", name="uq_topic_slug"),
    )
    op.create_table(
        "unsealed",
        sa.Column("id", Key, nullable=False),
        sa.Column("at", UtcTime, nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("row_digest", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_unsealed"),
    )
    op.create_table(
        "account",
        sa.Column("id", Key, nullable=False),
        sa.Column("platform", sa.String(), nullable=False),
        sa.Column("handle", sa.String(), nullable=False),
        sa.Column("handle_key", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=True),
        sa.Column("actor_id", Key, nullable=True),
        sa.ForeignKeyConstraint(["actor_id"], ["actor.id"], name="fk_account_actor_id"),
        sa.PrimaryKeyConstraint("id", name="pk_account"),
        sa.UniqueConstraint("platform", "handle_key", name="uq_account_platform_handle_key"),
    )
    op.create_index("ix_account_actor_id", "account", ["actor_id"], unique=False)
    op.create_table(
        "source",
        sa.Column("claimed_by", sa.String(), nullable=True),
        sa.Column("claimed_until", UtcTime, nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("not_before", UtcTime, nullable=True),
        sa.Column("id", Key, nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("options", Json, nullable=False),
        sa.Column("every_seconds", sa.Integer(), nullable=False),
        sa.Column("actor_id", Key, nullable=True),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("verified", sa.Boolean(), nullable=False),
        sa.Column("synthetic", sa.Boolean(), nullable=False),
        sa.Column("next_due_at", UtcTime, nullable=False),
        sa.Column("state", Json, nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["actor_id"], ["actor.id"], name="fk_source_actor_id"),
        sa.PrimaryKeyConstraint("id", name="pk_source"),
        sa.UniqueConstraint("name", name="uq_source_name"),
    )
    op.create_index("ix_source_next_due_at", "source", ["next_due_at"], unique=False)
    op.create_table(
        "follow",
        sa.Column("claimed_by", sa.String(), nullable=True),
        sa.Column("claimed_until", UtcTime, nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("not_before", UtcTime, nullable=True),
        sa.Column("id", Key, nullable=False),
        sa.Column("source_id", Key, nullable=False),
        sa.Column("url", sa.String(), nullable=False),
        sa.Column("done_at", UtcTime, nullable=True),
        sa.Column("error", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(["source_id"], ["source.id"], name="fk_follow_source_id"),
        sa.PrimaryKeyConstraint("id", name="pk_follow"),
        sa.UniqueConstraint("source_id", "url", name="uq_follow_source_id_url"),
    )
    op.create_table(
        "post",
        sa.Column("id", Key, autoincrement=False, nullable=False),
        sa.Column("platform", sa.String(), nullable=False),
        sa.Column("platform_id", sa.String(), nullable=False),
        sa.Column("url", sa.String(), nullable=True),
        sa.Column("url_key", sa.String(), nullable=True),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("account_id", Key, nullable=True),
        sa.Column("lang", sa.String(), nullable=True),
        sa.Column("created_at", UtcTime, nullable=False),
        sa.Column("precision", sa.String(), nullable=False),
        sa.Column("synthetic", sa.Boolean(), nullable=False),
        sa.Column("second_hand", sa.Boolean(), nullable=False),
        sa.Column("repeats", sa.String(), nullable=True),
        sa.Column("first_seen_at", UtcTime, nullable=False),
        sa.Column("changed_at", UtcTime, nullable=False),
        sa.Column("deleted_at", UtcTime, nullable=True),
        sa.Column("versions", sa.Integer(), nullable=False),
        sa.Column("edits", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name="fk_post_account_id"),
        sa.PrimaryKeyConstraint("id", name="pk_post"),
        sa.UniqueConstraint("platform", "platform_id", name="uq_post_platform_platform_id"),
    )
    op.create_index("ix_post_account_id_id", "post", ["account_id", "id"], unique=False)
    op.create_index("ix_post_first_seen_at", "post", ["first_seen_at"], unique=False)
    op.create_index(
        "ix_post_recovered",
        "post",
        ["account_id"],
        unique=False,
        sqlite_where=sa.text("platform_id LIKE '~%'"),
        postgresql_where=sa.text("platform_id LIKE '~%'"),
    )
    op.create_index("ix_post_url_key", "post", ["url_key"], unique=False)
    op.create_table(
        "run",
        sa.Column("id", Key, nullable=False),
        sa.Column("source_id", Key, nullable=False),
        sa.Column("started_at", UtcTime, nullable=False),
        sa.Column("finished_at", UtcTime, nullable=True),
        sa.Column("outcome", sa.String(), nullable=True),
        sa.Column("posts", sa.Integer(), nullable=False),
        sa.Column("posts_new", sa.Integer(), nullable=False),
        sa.Column("posts_changed", sa.Integer(), nullable=False),
        sa.Column("problems", sa.Integer(), nullable=False),
        sa.Column("error", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(["source_id"], ["source.id"], name="fk_run_source_id"),
        sa.PrimaryKeyConstraint("id", name="pk_run"),
    )
    op.create_index("ix_run_source_id_started_at", "run", ["source_id", "started_at"], unique=False)
    op.create_table(
        "alias",
        sa.Column("public_id", sa.String(), nullable=False),
        sa.Column("post_id", Key, nullable=False),
        sa.ForeignKeyConstraint(["post_id"], ["post.id"], name="fk_alias_post_id"),
        sa.PrimaryKeyConstraint("public_id", name="pk_alias"),
    )
    op.create_index("ix_alias_post_id", "alias", ["post_id"], unique=False)
    op.create_table(
        "capture",
        sa.Column("id", Key, nullable=False),
        sa.Column("run_id", Key, nullable=True),
        sa.Column("url", sa.String(), nullable=False),
        sa.Column("fetched_at", UtcTime, nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("headers", Json, nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("tool", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["run.id"], name="fk_capture_run_id"),
        sa.ForeignKeyConstraint(["sha256"], ["blob.sha256"], name="fk_capture_sha256"),
        sa.PrimaryKeyConstraint("id", name="pk_capture"),
    )
    op.create_index("ix_capture_run_id", "capture", ["run_id"], unique=False)
    op.create_index("ix_capture_sha256", "capture", ["sha256"], unique=False)
    op.create_table(
        "index_entry",
        sa.Column("post_id", Key, nullable=False),
        sa.Column("version_id", Key, nullable=False),
        sa.Column("tokens", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["post_id"], ["post.id"], name="fk_index_entry_post_id"),
        sa.PrimaryKeyConstraint("post_id", name="pk_index_entry"),
    )
    op.create_table(
        "metrics",
        sa.Column("post_id", Key, nullable=False),
        sa.Column("observed_at", UtcTime, nullable=False),
        sa.Column("likes", Key, nullable=True),
        sa.Column("reposts", Key, nullable=True),
        sa.Column("replies", Key, nullable=True),
        sa.Column("quotes", Key, nullable=True),
        sa.Column("views", Key, nullable=True),
        sa.ForeignKeyConstraint(["post_id"], ["post.id"], name="fk_metrics_post_id"),
        sa.PrimaryKeyConstraint("post_id", "observed_at", name="pk_metrics"),
    )
    op.create_table(
        "quarantine",
        sa.Column("id", Key, nullable=False),
        sa.Column("run_id", Key, nullable=False),
        sa.Column("at", UtcTime, nullable=False),
        sa.Column("error", sa.String(), nullable=False),
        sa.Column("item", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["run.id"], name="fk_quarantine_run_id"),
        sa.PrimaryKeyConstraint("id", name="pk_quarantine"),
    )
    op.create_index("ix_quarantine_run_id", "quarantine", ["run_id"], unique=False)
    op.create_table(
        "sighting",
        sa.Column("id", Key, nullable=False),
        sa.Column("post_id", Key, nullable=False),
        sa.Column("source_id", Key, nullable=True),
        sa.Column("url", sa.String(), nullable=False),
        sa.Column("first_hand", sa.Boolean(), nullable=False),
        sa.Column("seen_at", UtcTime, nullable=False),
        sa.Column("capture_id", Key, nullable=True),
        sa.ForeignKeyConstraint(["capture_id"], ["capture.id"], name="fk_sighting_capture_id"),
        sa.ForeignKeyConstraint(["post_id"], ["post.id"], name="fk_sighting_post_id"),
        sa.ForeignKeyConstraint(["source_id"], ["source.id"], name="fk_sighting_source_id"),
        sa.PrimaryKeyConstraint("id", name="pk_sighting"),
        sa.UniqueConstraint("post_id", "source_id", "url", name="uq_sighting_post_id_source_id_url"),
    )
    op.create_index("ix_sighting_source_id", "sighting", ["source_id"], unique=False)
    op.create_table(
        "version",
        sa.Column("claimed_by", sa.String(), nullable=True),
        sa.Column("claimed_until", UtcTime, nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("not_before", UtcTime, nullable=True),
        sa.Column("id", Key, nullable=False),
        sa.Column("post_id", Key, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("change", sa.String(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("links", Json, nullable=False),
        sa.Column("media", Json, nullable=False),
        sa.Column("facts", Json, nullable=False),
        sa.Column("view", sa.SmallInteger(), nullable=False),
        sa.Column("seen_at", UtcTime, nullable=False),
        sa.Column("source_id", Key, nullable=True),
        sa.Column("capture_id", Key, nullable=True),
        sa.Column("text_sha256", sa.String(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("tag_priority", sa.SmallInteger(), nullable=True),
        sa.ForeignKeyConstraint(["capture_id"], ["capture.id"], name="fk_version_capture_id"),
        sa.ForeignKeyConstraint(["post_id"], ["post.id"], name="fk_version_post_id"),
        sa.ForeignKeyConstraint(["source_id"], ["source.id"], name="fk_version_source_id"),
        sa.PrimaryKeyConstraint("id", name="pk_version"),
        sa.UniqueConstraint("post_id", "number", name="uq_version_post_id_number"),
    )
    op.create_table(
        "tag",
        sa.Column("id", Key, nullable=False),
        sa.Column("version_id", Key, nullable=False),
        sa.Column("post_id", Key, nullable=False),
        sa.Column("topic_id", Key, nullable=False),
        sa.Column("model_id", Key, nullable=True),
        sa.Column("probability", sa.Float(), nullable=False),
        sa.Column("threshold", sa.Float(), nullable=False),
        sa.Column("decision", sa.String(), nullable=False),
        sa.Column("evidence_start", sa.Integer(), nullable=True),
        sa.Column("evidence_end", sa.Integer(), nullable=True),
        sa.Column("valid_from", UtcTime, nullable=False),
        sa.Column("valid_to", UtcTime, nullable=True),
        sa.ForeignKeyConstraint(["model_id"], ["tag_model.id"], name="fk_tag_model_id"),
        sa.ForeignKeyConstraint(["post_id"], ["post.id"], name="fk_tag_post_id"),
        sa.ForeignKeyConstraint(["topic_id"], ["topic.id"], name="fk_tag_topic_id"),
        sa.ForeignKeyConstraint(["version_id"], ["version.id"], name="fk_tag_version_id"),
        sa.PrimaryKeyConstraint("id", name="pk_tag"),
    )
    op.create_index("ix_tag_post_id", "tag", ["post_id"], unique=False)
    op.create_index(
        "ix_tag_topic_id_post_id",
        "tag",
        ["topic_id", "post_id"],
        unique=False,
        sqlite_where=sa.text("valid_to IS NULL"),
        postgresql_where=sa.text("valid_to IS NULL"),
    )
    op.create_index("ix_tag_version_id", "tag", ["version_id"], unique=False)
    op.create_index(
        "ix_version_pending",
        "version",
        ["tag_priority", sa.text("id DESC")],
        unique=False,
        sqlite_where=sa.text("tag_priority IS NOT NULL"),
        postgresql_where=sa.text("tag_priority IS NOT NULL"),
    )
    for statement in SQLITE_DDL if op.get_bind().dialect.name == "sqlite" else POSTGRES_DDL:
        op.execute(statement)
    op.bulk_insert(
        sa.table("meta", sa.column("name"), sa.column("value")),
        [{"name": "fold_version", "value": fold_version()}],
    )
