"""The schema on one page. Words as in DESIGN section 2; times are UTC.

A post's row key is `(unix seconds of publication << 12) | sequence`: it sorts by publication time, so that the
newest page of any search needs no sort. It is fixed at first sight and internal; the public id is
`platform:platform_id`.
"""

from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import Column, ForeignKey, Index, LargeBinary, SmallInteger, Text, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from core.post import METRICS
from db.types import Json, Key, UtcTime

NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s",
    "pk": "pk_%(table_name)s",
}
SQLModel.metadata.naming_convention = NAMES


def _key(**more: Any) -> Any:
    return Field(default=None, primary_key=True, sa_type=Key, **more)


def _ref(target: str, *, optional: bool = False, index: bool = False) -> Any:
    column = Column(Key, ForeignKey(target), nullable=optional, index=index)
    return Field(default=None, sa_column=column) if optional else Field(sa_column=column)


def _time(*, optional: bool = False, index: bool = False) -> Any:
    column = Column(UtcTime, nullable=optional, index=index)
    return Field(default=None, sa_column=column) if optional else Field(sa_column=column)


def _json(empty: Any) -> Any:
    return Field(default_factory=empty, sa_column=Column(Json, nullable=False))


class Claimable(SQLModel):
    """Work that one process at a time may hold, until `claimed_until`."""

    claimed_by: str | None = None
    claimed_until: datetime | None = Field(default=None, sa_type=UtcTime)
    attempts: int = 0
    not_before: datetime | None = Field(default=None, sa_type=UtcTime)


class Actor(SQLModel, table=True):
    id: int | None = _key()
    slug: str = Field(unique=True)
    name: str
    kind: str | None = None
    url: str | None = None


class Account(SQLModel, table=True):
    """`handle_key` is the handle without @ in lower case; handles are unique in it. `wishes`: core.post.Account."""

    __table_args__ = (UniqueConstraint("platform", "handle_key"),)
    id: int | None = _key()
    platform: str
    handle: str
    handle_key: str
    name: str | None = None
    actor_id: int | None = _ref("actor.id", optional=True, index=True)
    wishes: list[str] = _json(list)


IMPORT = "import"  # the name of the source under which `kle import` archives


class Source(Claimable, table=True):
    """`state` is what the next fetch needs (validators, cursors); `failures` counts since the last good run.

    `scheduled_at` is the time at which `next_due_at` was set: where that is still to come, a clock was set back.
    Posts that only it shows are erased `keep_seconds` after they were first seen, once that was announced for a
    day; with `erase_deleted` so are those that are gone there, whatever their platform's terms.
    """

    id: int | None = _key()
    name: str = Field(unique=True)
    kind: str
    options: dict[str, Any] = _json(dict)
    every_seconds: int
    actor_id: int | None = _ref("actor.id", optional=True)
    enabled: bool = True
    verified: bool = True
    synthetic: bool = False
    next_due_at: datetime = _time(index=True)
    scheduled_at: datetime | None = _time(optional=True)
    state: dict[str, Any] = _json(dict)
    failures: int = 0
    keep_seconds: int | None = Field(default=None, sa_type=Key)
    keep_announced_at: datetime | None = _time(optional=True)
    erase_deleted: bool = False


class Run(SQLModel, table=True):
    """One look at one source; `outcome` is null while it runs or where the process died."""

    __table_args__ = (Index("ix_run_source_id_started_at", "source_id", "started_at"),)
    id: int | None = _key()
    source_id: int = _ref("source.id")
    started_at: datetime = _time()
    finished_at: datetime | None = _time(optional=True)
    outcome: str | None = None
    posts: int = 0
    posts_new: int = 0
    posts_changed: int = 0
    problems: int = 0
    error: str | None = None


class Charge(SQLModel, table=True):
    """Money spent, or held back for a request under way, on one UTC day.

    `item` is what was read ("post:123"), charged once a day whoever reads it; or "~" and a number of chance for a
    reservation, which its answer replaces. `micros` are millionths of a US dollar; `day` is "2026-11-25".
    """

    __table_args__ = (UniqueConstraint("day", "item"), Index("ix_charge_source_id_day", "source_id", "day"))
    id: int | None = _key()
    source_id: int = _ref("source.id")
    day: str
    item: str
    micros: int = Field(sa_type=Key)
    at: datetime = _time()


class Blob(SQLModel, table=True):
    """The bytes of captures and media, once per content. `sha256` is of the raw bytes, in hex; `size` counts them.

    `codec` is zlib, plain, or erased: then `body` is empty and an `Erasure` names the digest.
    """

    sha256: str = Field(primary_key=True)
    size: int
    codec: str
    body: bytes = Field(sa_column=Column(LargeBinary, nullable=False))


class Capture(SQLModel, table=True):
    """The answer to one request; `digest` covers all that stands here (`digests.of_capture`)."""

    id: int | None = _key()
    run_id: int | None = _ref("run.id", optional=True, index=True)
    url: str
    fetched_at: datetime = _time()
    status: int | None = None
    headers: dict[str, Any] = _json(dict)
    sha256: str = Field(foreign_key="blob.sha256", index=True)
    tool: str
    digest: str


class Exhibit(SQLModel, table=True):
    """That a capture shows a post, whether or not it showed anything new: whoever erases a text must find it."""

    __table_args__: ClassVar[dict[str, Any]] = {"sqlite_with_rowid": False}
    post_id: int = Field(sa_column=Column(Key, ForeignKey("post.id"), primary_key=True))
    capture_id: int = Field(sa_column=Column(Key, ForeignKey("capture.id"), primary_key=True, index=True))


class MediaFile(Claimable, table=True):
    """A picture or film that a post shows, to be fetched where its source says so; `done_at` once it was, or was
    given up (`error`). Its bytes are the blob `sha256`; `digest` covers what was fetched (`digests.of_media`)."""

    __tablename__: ClassVar[str] = "media_file"
    __table_args__ = (
        UniqueConstraint("post_id", "url"),
        Index("ix_media_file_waiting", "source_id", sqlite_where=text("done_at IS NULL"),
              postgresql_where=text("done_at IS NULL")),
    )  # fmt: skip
    id: int | None = _key()
    post_id: int = _ref("post.id")
    source_id: int = _ref("source.id")
    url: str
    sha256: str | None = Field(default=None, foreign_key="blob.sha256", index=True)
    content_type: str | None = None
    size: int | None = Field(default=None, sa_type=Key)
    fetched_at: datetime | None = _time(optional=True)
    done_at: datetime | None = _time(optional=True)
    error: str | None = None
    digest: str | None = None


class Post(SQLModel, table=True):
    """Its current version has the number `current` and was seen at `changed_at`; `versions` counts them all.
    `url_key` is the id that an article at its address has.

    `likes` to `views` are its newest counts (`Metrics` has all of them). `recheck_at` is when its platform is to be
    asked for it again by id: for its counts, and whether it is still there. `labels` are its author's. `doubt` is
    how near its unsure topics are to being tagged (`db.doubt`), null where none is unsure. `erasure_id` is the last
    erasure of its texts, null where none was, or where the platform showed it again.
    """

    __table_args__ = (
        UniqueConstraint("platform", "platform_id"),
        Index("ix_post_account_id_id", "account_id", "id"),
        Index("ix_post_url_key", "url_key"),
        Index("ix_post_recovered", "account_id", sqlite_where=text("platform_id LIKE '~%'"),
              postgresql_where=text("platform_id LIKE '~%'")),
        Index("ix_post_repeats", "repeats", sqlite_where=text("repeats IS NOT NULL"),
              postgresql_where=text("repeats IS NOT NULL")),
        Index("ix_post_recheck_at", "recheck_at", sqlite_where=text("recheck_at IS NOT NULL"),
              postgresql_where=text("recheck_at IS NOT NULL")),
        Index("ix_post_gone", "deleted_at", sqlite_where=text("deleted_at IS NOT NULL AND erasure_id IS NULL"),
              postgresql_where=text("deleted_at IS NOT NULL AND erasure_id IS NULL")),
        Index("ix_post_id_changed_at", "id", "changed_at", sqlite_where=text("versions > 1"),
              postgresql_where=text("versions > 1")),
        *(Index(f"ix_post_{name}", name, "id", sqlite_where=text(f"{name} IS NOT NULL"),
                postgresql_where=text(f"{name} IS NOT NULL")) for name in (*METRICS, "doubt")),
    )  # fmt: skip
    WITHOUT_ID: ClassVar[str] = "post.platform_id LIKE '~%'"  # a literal, so that the partial index serves it
    id: int | None = Field(default=None, primary_key=True, sa_type=Key, sa_column_kwargs={"autoincrement": False})
    platform: str
    platform_id: str
    url: str | None = None
    url_key: str | None = None
    kind: str
    account_id: int | None = _ref("account.id", optional=True)
    lang: str | None = None
    created_at: datetime = _time()
    precision: str
    synthetic: bool = False
    second_hand: bool = False
    repeats: str | None = None
    first_seen_at: datetime = _time(index=True)
    changed_at: datetime = _time()
    deleted_at: datetime | None = _time(optional=True)
    versions: int = 1
    current: int = 1
    edits: int = 0
    labels: list[str] = _json(list)
    likes: int | None = Field(default=None, sa_type=Key)
    reposts: int | None = Field(default=None, sa_type=Key)
    replies: int | None = Field(default=None, sa_type=Key)
    quotes: int | None = Field(default=None, sa_type=Key)
    views: int | None = Field(default=None, sa_type=Key)
    measured_at: datetime | None = _time(optional=True)
    recheck_at: datetime | None = _time(optional=True)
    doubt: int | None = Field(default=None, sa_type=Key)
    erasure_id: int | None = _ref("erasure.id", optional=True)


class Erasure(SQLModel, table=True):
    """That the texts of a post were erased: a tombstone of digests, times and the reason.

    `cause` is request (a person's word), deleted (the platform's terms) or retention (a source's `keep`); only
    after `deleted` may the post come back. `deleted_at` is when it was seen to be gone there; `at` when its rows
    were emptied here; `purged_at` when no trace was left in the index, in free pages and the write-ahead log.
    `said` holds {"versions": [{"id", "digest", "kept"}], "corrections": [{"id", "digest", "kept"}], "captures":
    [sha256], "media": [sha256]}: the digests of what was there, and of what was left of it.
    """

    __table_args__ = (
        Index("ix_erasure_unpurged", "id", sqlite_where=text("purged_at IS NULL"),
              postgresql_where=text("purged_at IS NULL")),
    )  # fmt: skip
    id: int | None = _key()
    post_id: int = Field(sa_column=Column(Key, nullable=False, index=True))  # no reference: posts refer here
    public_id: str
    cause: str
    reason: str
    by: str
    deleted_at: datetime | None = _time(optional=True)
    at: datetime = _time()
    purged_at: datetime | None = _time(optional=True)
    said: dict[str, Any] = _json(dict)


class Alias(SQLModel, table=True):
    """Another public id of a post, which redirects to it."""

    public_id: str = Field(primary_key=True)
    post_id: int = _ref("post.id", index=True)


class Version(Claimable, table=True):
    """One state of a post that was seen; never overwritten.

    `change` is first, edit, fuller (a source that shows more), delete, restore, or late (another archive saw it
    before our current one: it never becomes current). `tag_priority` is null once tagged, 0 for live work, 1 for
    bulk. `campaign_id` is the one in which its tags in force were given: null before it is tagged, and once a newer
    version stands. `facts` are the post's id, url, kind, account, language and time as they stood then; `digest`
    covers them and all the rest (`digests.of_version`). With `erasure_id` what it said is gone, digests are left.
    """

    __table_args__ = (
        UniqueConstraint("post_id", "number"),
        Index("ix_version_pending", "tag_priority", text("id DESC"), sqlite_where=text("tag_priority IS NOT NULL"),
              postgresql_where=text("tag_priority IS NOT NULL")),
        Index("ix_version_campaign_id_id", "campaign_id", "id", sqlite_where=text("campaign_id IS NOT NULL"),
              postgresql_where=text("campaign_id IS NOT NULL")),
        Index("ix_version_erased", "text_sha256", sqlite_where=text("erasure_id IS NOT NULL"),
              postgresql_where=text("erasure_id IS NOT NULL")),
    )  # fmt: skip
    id: int | None = _key()
    post_id: int = _ref("post.id")
    number: int = 1
    change: str
    text: str = Field(sa_column=Column(Text, nullable=False))
    links: list[str] = _json(list)
    media: list[dict[str, Any]] = _json(list)
    facts: dict[str, Any] = _json(dict)
    view: int = Field(sa_type=SmallInteger)
    seen_at: datetime = _time()
    source_id: int | None = _ref("source.id", optional=True)
    capture_id: int | None = _ref("capture.id", optional=True)
    text_sha256: str
    digest: str
    tag_priority: int | None = Field(default=None, sa_type=SmallInteger)
    campaign_id: int | None = _ref("campaign.id", optional=True)
    erasure_id: int | None = _ref("erasure.id", optional=True)


class Sighting(SQLModel, table=True):
    """That a post was seen through a source; `url` is the article for a second-hand one.

    `shown` is a digest of what an entry that names a page shows: where it changes, the page is read again.
    """

    __table_args__ = (UniqueConstraint("post_id", "source_id", "url"),)
    id: int | None = _key()
    post_id: int = _ref("post.id")
    source_id: int | None = _ref("source.id", optional=True, index=True)
    url: str
    first_hand: bool
    seen_at: datetime = _time()
    capture_id: int | None = _ref("capture.id", optional=True)
    shown: str | None = None


class Metrics(SQLModel, table=True):
    """Counts of a post at a time; null where the platform does not publish one."""

    post_id: int = Field(sa_column=Column(Key, ForeignKey("post.id"), primary_key=True))
    observed_at: datetime = Field(sa_column=Column(UtcTime, primary_key=True))
    likes: int | None = Field(default=None, sa_type=Key)
    reposts: int | None = Field(default=None, sa_type=Key)
    replies: int | None = Field(default=None, sa_type=Key)
    quotes: int | None = Field(default=None, sa_type=Key)
    views: int | None = Field(default=None, sa_type=Key)


class Topic(SQLModel, table=True):
    id: int | None = _key()
    slug: str = Field(unique=True)
    name: str
    definition: str
    position: int = 0


class TagModel(SQLModel, table=True):
    __tablename__: ClassVar[str] = "tag_model"
    id: int | None = _key()
    digest: str = Field(unique=True)
    card: dict[str, Any] = _json(dict)


class Campaign(SQLModel, table=True):
    """One model judging the whole archive. The one that was chosen last counts: versions that were judged in
    another one are stale, and are judged again behind everything else.

    `started_at` is the moment against which it reports what changed; `finished_at` when nothing was stale any more.
    """

    id: int | None = _key()
    model_id: int = _ref("tag_model.id")
    started_at: datetime = _time()
    chosen_at: datetime | None = _time(optional=True)
    finished_at: datetime | None = _time(optional=True)


class Tag(SQLModel, table=True):
    """A decision on one version and topic; those in force have `valid_to` null. Evidence: offsets into the text.

    Without a model it is a person's word (`Correction`), sure either way: probability 1 or 0.
    """

    __table_args__ = (
        Index("ix_tag_version_id", "version_id"),
        Index("ix_tag_topic_id_post_id", "topic_id", "post_id", sqlite_where=text("valid_to IS NULL"),
              postgresql_where=text("valid_to IS NULL")),
        Index("ix_tag_closed", "topic_id", "post_id", sqlite_where=text("valid_to IS NOT NULL"),
              postgresql_where=text("valid_to IS NOT NULL")),
        Index("ix_tag_post_id", "post_id"),
    )  # fmt: skip
    id: int | None = _key()
    version_id: int = _ref("version.id")
    post_id: int = _ref("post.id")
    topic_id: int = _ref("topic.id")
    model_id: int | None = _ref("tag_model.id", optional=True)
    probability: float
    threshold: float
    decision: str
    evidence_start: int | None = None
    evidence_end: int | None = None
    valid_from: datetime = _time()
    valid_to: datetime | None = _time(optional=True)


class Week(SQLModel, table=True):
    """What the versions of one source that were published in one week are tagged with (`db.drift`).

    `start` is its Monday; `posts` were judged, `unsure` of them on some topic; `topics` are those tagged, by slug.
    """

    source_id: int = Field(sa_column=Column(Key, ForeignKey("source.id"), primary_key=True))
    start: datetime = Field(sa_column=Column(UtcTime, primary_key=True))
    posts: int
    unsure: int
    topics: dict[str, int] = _json(dict)


class Correction(SQLModel, table=True):
    """What a person said of a topic of a version: `tagged`, `not`, or `withdrawn`; never overwritten.

    `tag_id` is the tag that it made, none where it was withdrawn; `name` is that of the key or session then. With
    `erasure_id` its note went with the text.
    """

    __table_args__ = (Index("ix_correction_version_id_topic_id", "version_id", "topic_id"),)
    id: int | None = _key()
    version_id: int = _ref("version.id")
    topic_id: int = _ref("topic.id")
    tag_id: int | None = _ref("tag.id", optional=True, index=True)
    decision: str
    note: str | None = None
    credential_id: int = _ref("credential.id")
    name: str
    at: datetime = _time()
    erasure_id: int | None = _ref("erasure.id", optional=True)


class Reference(SQLModel, table=True):
    id: int | None = _key()
    slug: str = Field(unique=True)
    title: str
    date: str | None = None
    date_precision: str | None = None
    url: str | None = None
    note: str | None = None
    figures: dict[str, Any] = _json(dict)
    verified: bool = False


class Quarantine(SQLModel, table=True):
    """An item of a payload that could not be taken, with the reason; the rest of the payload went in."""

    id: int | None = _key()
    run_id: int = _ref("run.id", index=True)
    at: datetime = _time()
    error: str
    item: str = Field(sa_column=Column(Text, nullable=False))


class Follow(Claimable, table=True):
    """A page that a feed's entry names, waiting to be read; `done_at` once it was, or was given up (`error`)."""

    __table_args__ = (UniqueConstraint("source_id", "url"),)
    id: int | None = _key()
    source_id: int = _ref("source.id")
    url: str
    done_at: datetime | None = _time(optional=True)
    error: str | None = None


class Ledger(SQLModel, table=True):
    """The hash chain: each `digest` covers the line and the digest before it."""

    seq: int | None = _key()
    at: datetime = _time()
    kind: str
    subject: str
    row_digest: str
    previous: str
    digest: str


class Audit(SQLModel, table=True):
    """The second chain, of what was done with the archive (settings, keys, releases, backups): each `digest` covers
    its line and the digest before it."""

    seq: int | None = _key()
    at: datetime = _time()
    kind: str
    subject: str
    detail: dict[str, Any] = _json(dict)
    previous: str
    digest: str


class Unsealed(SQLModel, table=True):
    """Lines that wait for the sealer (PostgreSQL, where writers must not queue behind one chain)."""

    id: int | None = _key()
    at: datetime = _time()
    kind: str
    subject: str
    row_digest: str


class IndexEntry(SQLModel, table=True):
    """What stands in the full-text index for a post: needed word for word to take it out again."""

    __tablename__: ClassVar[str] = "index_entry"
    post_id: int = Field(sa_column=Column(Key, ForeignKey("post.id"), primary_key=True))
    version_id: int = Field(sa_type=Key)
    tokens: str = Field(sa_column=Column(Text, nullable=False))


class Moved(SQLModel, table=True):
    """That the entries of these posts in the full-text index were written or taken out: what is kept in memory of
    them follows by it (`db.moved`).

    `posts` are their row keys, 8 bytes each; null for "whatever there is". `number` is the transaction's on
    PostgreSQL, where ids are not in the order of commits.
    """

    __table_args__ = (
        Index("ix_moved_number", "number", sqlite_where=text("number IS NOT NULL"),
              postgresql_where=text("number IS NOT NULL")),
        {"sqlite_autoincrement": True},  # a number is never there twice, whatever was taken out
    )  # fmt: skip
    id: int | None = _key()
    number: int | None = Field(default=None, sa_type=Key)
    posts: bytes | None = Field(default=None, sa_column=Column(LargeBinary, nullable=True))


class Encoder(SQLModel, table=True):
    """What reads texts into vectors; `digest` is of its files, so that other heads on it leave its vectors good."""

    id: int | None = _key()
    digest: str = Field(unique=True)


class Embedding(SQLModel, table=True):
    """The meaning of a post's current version as a vector of an encoder (`db.vectors`); one a post.

    `id` only grows and is never used again: who holds the vectors in memory reads on from the last one. `vector`
    has a byte a dimension, `checksum` covers it and what it belongs to.
    """

    __table_args__: ClassVar[dict[str, Any]] = {"sqlite_autoincrement": True}
    id: int | None = _key()
    post_id: int = Field(sa_column=Column(Key, ForeignKey("post.id"), nullable=False, unique=True))
    version_id: int = _ref("version.id")
    encoder_id: int = _ref("encoder.id")
    vector: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    checksum: int = Field(sa_type=Key)


class Credential(SQLModel, table=True):
    """A key, a sign-in link or a signed-in session; only the SHA-256 of the secret is kept."""

    id: int | None = _key()
    purpose: str
    name: str
    secret_sha256: str = Field(unique=True)
    scopes: list[str] = _json(list)
    created_at: datetime = _time()
    expires_at: datetime | None = _time(optional=True)
    used_at: datetime | None = _time(optional=True)
    revoked_at: datetime | None = _time(optional=True)


class Alert(SQLModel, table=True):
    """A saved query that tells of posts. `query` is in the query language, `cadence` and `quiet` as `core.cadence`
    reads them, `lang` that of its messages, `rule` what it waits for (`core.tables.Rule`), `state` what that rule
    has to remember.

    Posts whose first version comes behind `from_version` are new to it. One older than `max_age_seconds` when it
    was first seen is told as found late. `declared`: kle.toml has it, and it ends when kle.toml has it no more.
    One that ended stays, for what it sent names it.
    """

    id: int | None = _key()
    name: str
    query: str = Field(sa_column=Column(Text, nullable=False))
    rule: dict[str, Any] = _json(dict)
    state: dict[str, Any] = _json(dict)
    cadence: str
    quiet: str | None = None
    lang: str
    tells_edits: bool = False
    max_age_seconds: int = Field(sa_type=Key)
    declared: bool = False
    owner: str
    made_at: datetime = _time()
    from_version: int = Field(sa_type=Key)
    paused_at: datetime | None = _time(optional=True)
    ended_at: datetime | None = _time(optional=True)


class Subscriber(SQLModel, table=True):
    """Somebody at an address, whom every post is told once, however many of the alerts match it.

    `address` may hold a token and is encrypted (`core.sealed`); `address_key` is a keyed digest of it in its usual
    form, `shown` what may be shown of it. `failing_since` is the first of the failures that have not ended since;
    `paused_at` since when nothing is tried any more.
    """

    __table_args__ = (UniqueConstraint("kind", "address_key"),)
    id: int | None = _key()
    kind: str
    address_key: str
    address: str = Field(sa_column=Column(Text, nullable=False))
    shown: str
    made_at: datetime = _time()
    confirmed_at: datetime | None = _time(optional=True)
    failing_since: datetime | None = _time(optional=True)
    paused_at: datetime | None = _time(optional=True)


class Subscription(SQLModel, table=True):
    """That an alert tells a subscriber of posts whose first version comes behind `from_version`.

    Until it is confirmed what matches waits. `outside`: asked for by somebody we do not know. `left_at`: ended by
    the one who is told, so that kle.toml does not begin it again. `secret` signs what
    is sent and is encrypted; `former_secret` is valid beside it until `former_until`.
    """

    __table_args__ = (UniqueConstraint("alert_id", "subscriber_id"),)
    id: int | None = _key()
    alert_id: int = _ref("alert.id")
    subscriber_id: int = _ref("subscriber.id", index=True)
    from_version: int = Field(sa_type=Key)
    outside: bool = False
    asked_at: datetime = _time()
    confirmed_at: datetime | None = _time(optional=True)
    ended_at: datetime | None = _time(optional=True)
    left_at: datetime | None = _time(optional=True)
    secret: str | None = None
    former_secret: str | None = None
    former_until: datetime | None = _time(optional=True)


class Delivery(Claimable, table=True):
    """One message. Its `key`, the idempotency key of all tries, and its `body` are fixed before the first of them.

    `kind` is posts, late, rule, confirm, notice or test. `ended_at` is when it came to its `outcome`: sent; parked,
    given up until a person sends it again; dropped, for its alert, address or posts are gone. `answer` is what was
    said last. Since `cut_at` its body only names posts.
    """

    __table_args__ = (
        Index("ix_delivery_waiting", "not_before", sqlite_where=text("ended_at IS NULL"),
              postgresql_where=text("ended_at IS NULL")),
        Index("ix_delivery_parked", "id", sqlite_where=text("outcome = 'parked'"),
              postgresql_where=text("outcome = 'parked'")),
        Index("ix_delivery_recent", "subscriber_id", "alert_id", "made_at"),
        Index("ix_delivery_whole", "ended_at", sqlite_where=text("cut_at IS NULL"),
              postgresql_where=text("cut_at IS NULL")),
    )  # fmt: skip
    id: int | None = _key()
    key: str = Field(unique=True)
    kind: str
    subscriber_id: int = _ref("subscriber.id")
    alert_id: int | None = _ref("alert.id", optional=True, index=True)
    body: dict[str, Any] = _json(dict)
    made_at: datetime = _time()
    ended_at: datetime | None = _time(optional=True)
    outcome: str | None = None
    answer: str | None = None
    cut_at: datetime | None = _time(optional=True)


class Enclosed(SQLModel, table=True):
    """That a message holds a post of which no `Told` row speaks, as tests and those of rules do: so who forgets the
    post finds it."""

    delivery_id: int = Field(sa_column=Column(Key, ForeignKey("delivery.id"), primary_key=True))
    post_id: int = Field(sa_column=Column(Key, ForeignKey("post.id"), primary_key=True, index=True))


class Told(SQLModel, table=True):
    """That a post is told a subscriber: once, and for each edit where that was asked for (`edition`, the number of
    the version; else 0). Without a delivery it waits until `due_at`.

    `alert_id` is the alert that tells it first; `why` has all that matched: [{"alert", "due", "reasons"}].
    """

    __table_args__ = (
        UniqueConstraint("subscriber_id", "post_id", "edition"),
        Index("ix_told_waiting", "subscriber_id", "alert_id", "due_at", sqlite_where=text("delivery_id IS NULL"),
              postgresql_where=text("delivery_id IS NULL")),
    )  # fmt: skip
    id: int | None = _key()
    subscriber_id: int = _ref("subscriber.id")
    post_id: int = _ref("post.id", index=True)
    edition: int = 0
    alert_id: int = _ref("alert.id")
    late: bool = False
    why: list[dict[str, Any]] = _json(list)
    due_at: datetime = _time()
    delivery_id: int | None = _ref("delivery.id", optional=True, index=True)


class Attempt(SQLModel, table=True):
    """One try of a delivery: how long it took, what was answered. `status` is that of HTTP or SMTP, if any."""

    id: int | None = _key()
    delivery_id: int = _ref("delivery.id", index=True)
    at: datetime = _time()
    seconds: float
    outcome: str
    status: int | None = None
    answer: str | None = None


class Export(Claimable, table=True):
    """A release that was asked for at the server, and what became of it. `options` are what else was asked for
    (`core.export`), `owner` the name of who asked, `as_of` the moment that it shows.

    `posts` of `total` are written. `finished_at` is when it was there, or failed (`error`). `result` is the head of
    its manifest, `bytes` what it takes on the disk. `listed`: how many posts its rows of `Exported` name, null as
    long as it has no such list. Withdrawn, `why` says so in words; since `cleared_at` none of its files is left.
    """

    id: int | None = _key()
    query: str = Field(sa_column=Column(Text, nullable=False))
    format: str
    as_of: datetime = _time()
    audience: str
    options: dict[str, Any] = _json(dict)
    owner: str
    asked_at: datetime = _time()
    posts: int = 0
    total: int | None = None
    listed: int | None = None
    finished_at: datetime | None = _time(optional=True)
    error: str | None = None
    result: dict[str, Any] = _json(dict)
    bytes: int | None = Field(default=None, sa_type=Key)
    withdrawn_at: datetime | None = _time(optional=True)
    why: str | None = None
    cleared_at: datetime | None = _time(optional=True)


class Exported(SQLModel, table=True):
    """Some of the posts that an export may hold: their row keys from `first` to `last`, sorted, 8 bytes each. By it
    who erases a post finds the files that have its text."""

    __table_args__ = (Index("ix_exported_first_last", "first", "last"),)
    id: int | None = _key()
    export_id: int = _ref("export.id", index=True)
    first: int = Field(sa_type=Key)
    last: int = Field(sa_type=Key)
    posts: bytes = Field(sa_column=Column(LargeBinary, nullable=False))


class Meta(SQLModel, table=True):
    """Small facts about the archive itself, such as the fold version of its index."""

    name: str = Field(primary_key=True)
    value: str
