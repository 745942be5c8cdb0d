"""Alerts: what they are, who is told, of what, and by which messages."""

import sqlalchemy as sa
from alembic import op

from db.types import Json, Key, UtcTime

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    op.create_table(
        "alert",
        sa.Column("id", Key, nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("query", sa.Text(), nullable=False),
        sa.Column("rule", Json, nullable=False),
        sa.Column("state", Json, nullable=False),
        sa.Column("cadence", sa.String(), nullable=False),
        sa.Column("quiet", sa.String(), nullable=True),
        sa.Column("lang", sa.String(), nullable=False),
        sa.Column("tells_edits", sa.Boolean(), nullable=False),
        sa.Column("max_age_seconds", Key, nullable=False),
        sa.Column("declared", sa.Boolean(), nullable=False),
        sa.Column("owner", sa.String(), nullable=False),
        sa.Column("made_at", UtcTime, nullable=False),
        sa.Column("from_version", Key, nullable=False),
        sa.Column("paused_at", UtcTime, nullable=True),
        sa.Column("ended_at", UtcTime, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_alert"),
    )
    op.create_table(
        "subscriber",
        sa.Column("id", Key, nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("address_key", sa.String(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("shown", sa.String(), nullable=False),
        sa.Column("made_at", UtcTime, nullable=False),
        sa.Column("confirmed_at", UtcTime, nullable=True),
        sa.Column("failing_since", UtcTime, nullable=True),
        sa.Column("paused_at", UtcTime, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_subscriber"),
        sa.UniqueConstraint("kind", "address_key", name="uq_subscriber_kind_address_key"),
    )
    op.create_table(
        "subscription",
        sa.Column("id", Key, nullable=False),
        sa.Column("alert_id", Key, nullable=False),
        sa.Column("subscriber_id", Key, nullable=False),
        sa.Column("from_version", Key, nullable=False),
        sa.Column("outside", sa.Boolean(), nullable=False),
        sa.Column("asked_at", UtcTime, nullable=False),
        sa.Column("confirmed_at", UtcTime, nullable=True),
        sa.Column("ended_at", UtcTime, nullable=True),
        sa.Column("left_at", UtcTime, nullable=True),
        sa.Column("secret", sa.String(), nullable=True),
        sa.Column("former_secret", sa.String(), nullable=True),
        sa.Column("former_until", UtcTime, nullable=True),
        sa.ForeignKeyConstraint(["alert_id"], ["alert.id"], name="fk_subscription_alert_id"),
        sa.ForeignKeyConstraint(["subscriber_id"], ["subscriber.id"], name="fk_subscription_subscriber_id"),
        sa.PrimaryKeyConstraint("id", name="pk_subscription"),
        sa.UniqueConstraint("alert_id", "subscriber_id", name="uq_subscription_alert_id_subscriber_id"),
    )
    op.create_index("ix_subscription_subscriber_id", "subscription", ["subscriber_id"])
    op.create_table(
        "delivery",
        sa.Column("id", Key, nullable=False),
        sa.Column("claimed_by", sa.String(), nullable=True),
        sa.Column("claimed_until", UtcTime, nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("not_before", UtcTime, nullable=True),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("subscriber_id", Key, nullable=False),
        sa.Column("alert_id", Key, nullable=True),
        sa.Column("body", Json, nullable=False),
        sa.Column("made_at", UtcTime, nullable=False),
        sa.Column("ended_at", UtcTime, nullable=True),
        sa.Column("outcome", sa.String(), nullable=True),
        sa.Column("answer", sa.String(), nullable=True),
        sa.Column("cut_at", UtcTime, nullable=True),
        sa.ForeignKeyConstraint(["subscriber_id"], ["subscriber.id"], name="fk_delivery_subscriber_id"),
        sa.ForeignKeyConstraint(["alert_id"], ["alert.id"], name="fk_delivery_alert_id"),
        sa.PrimaryKeyConstraint("id", name="pk_delivery"),
        sa.UniqueConstraint("key", name="uq_delivery_key"),
    )
    op.create_index("ix_delivery_alert_id", "delivery", ["alert_id"])
    parked = sa.text("outcome = 'parked'")
    op.create_index("ix_delivery_parked", "delivery", ["id"], sqlite_where=parked, postgresql_where=parked)
    op.create_index("ix_delivery_recent", "delivery", ["subscriber_id", "alert_id", "made_at"])
    waiting = sa.text("ended_at IS NULL")
    op.create_index(
        "ix_delivery_waiting", "delivery", ["not_before"], sqlite_where=waiting, postgresql_where=waiting
    )
    whole = sa.text("cut_at IS NULL")
    op.create_index("ix_delivery_whole", "delivery", ["ended_at"], sqlite_where=whole, postgresql_where=whole)
    op.create_table(
        "enclosed",
        sa.Column("delivery_id", Key, nullable=False),
        sa.Column("post_id", Key, nullable=False),
        sa.ForeignKeyConstraint(["delivery_id"], ["delivery.id"], name="fk_enclosed_delivery_id"),
        sa.ForeignKeyConstraint(["post_id"], ["post.id"], name="fk_enclosed_post_id"),
        sa.PrimaryKeyConstraint("delivery_id", "post_id", name="pk_enclosed"),
    )
    op.create_index("ix_enclosed_post_id", "enclosed", ["post_id"])
    op.create_table(
        "told",
        sa.Column("id", Key, nullable=False),
        sa.Column("subscriber_id", Key, nullable=False),
        sa.Column("post_id", Key, nullable=False),
        sa.Column("edition", sa.Integer(), nullable=False),
        sa.Column("alert_id", Key, nullable=False),
        sa.Column("late", sa.Boolean(), nullable=False),
        sa.Column("why", Json, nullable=False),
        sa.Column("due_at", UtcTime, nullable=False),
        sa.Column("delivery_id", Key, nullable=True),
        sa.ForeignKeyConstraint(["subscriber_id"], ["subscriber.id"], name="fk_told_subscriber_id"),
        sa.ForeignKeyConstraint(["post_id"], ["post.id"], name="fk_told_post_id"),
        sa.ForeignKeyConstraint(["alert_id"], ["alert.id"], name="fk_told_alert_id"),
        sa.ForeignKeyConstraint(["delivery_id"], ["delivery.id"], name="fk_told_delivery_id"),
        sa.PrimaryKeyConstraint("id", name="pk_told"),
        sa.UniqueConstraint("subscriber_id", "post_id", "edition", name="uq_told_subscriber_id_post_id_edition"),
    )
    op.create_index("ix_told_delivery_id", "told", ["delivery_id"])
    op.create_index("ix_told_post_id", "told", ["post_id"])
    waiting = sa.text("delivery_id IS NULL")
    by = ["subscriber_id", "alert_id", "due_at"]
    op.create_index("ix_told_waiting", "told", by, sqlite_where=waiting, postgresql_where=waiting)
    op.create_table(
        "attempt",
        sa.Column("id", Key, nullable=False),
        sa.Column("delivery_id", Key, nullable=False),
        sa.Column("at", UtcTime, nullable=False),
        sa.Column("seconds", sa.Float(), nullable=False),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("answer", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(["delivery_id"], ["delivery.id"], name="fk_attempt_delivery_id"),
        sa.PrimaryKeyConstraint("id", name="pk_attempt"),
    )
    op.create_index("ix_attempt_delivery_id", "attempt", ["delivery_id"])
