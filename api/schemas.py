"""The API's forms as OpenAPI tells them; the tests hold every answer against these."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from api import examples
from core.outcome import Ending
from core.post import Kind, Precision
from db.corrections import LONGEST_NOTE

Time = Annotated[str, Field(description="RFC 3339, UTC", examples=["2025-08-18T14:30:00Z"])]


class Form(BaseModel):
    model_config = ConfigDict(extra="forbid", serialize_by_alias=True, validate_by_name=True)


class AccountRef(Form):
    platform: str
    handle: str
    name: str | None
    actor: str | None = Field(description="Slug of the actor it belongs to, where known.")


class Media(Form):
    type: str
    url: str
    alt: str | None
    sha256: str | None = Field(description="Of our copy, at /media/{sha256}; null where none was fetched.")
    content_type: str | None = Field(description="Told by the content of our copy.")
    size: int | None


class Evidence(Form):
    """The sentence that speaks for a tag: code points of `text`, from 0, end exclusive."""

    start: int
    end: int


class Correction(Form):
    """A person's word on a topic. Who and why is for internal readers; outside readers have null there."""

    name: str | None = Field(description="Name of the key or session that it was made with.")
    key: int | None = Field(description="Id of that key, as `kle keys list` has it, or of the session.")
    note: str | None
    at: Time
    version: int = Field(description="Number of the version that the person read.")
    text_changed: bool = Field(description="The post has another text since; the correction holds until withdrawn.")


class Tag(Form):
    """`unsure` is an answer; `not` stands only where a person said so."""

    topic: str
    probability: float = Field(ge=0, le=1, description="A person's word is 1 or 0.")
    decision: Literal["tagged", "unsure", "not"]
    model: str | None = Field(description="Digest of the model; null for a person's correction.")
    evidence: Evidence | None
    by: Literal["model", "person"]
    correction: Correction | None


class Said(Form):
    """What a person says of a topic of a post."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.SAID]})
    decision: Literal["tagged", "not"]
    note: str | None = Field(None, max_length=LONGEST_NOTE, description="Why; shown to internal readers only.")


class Metrics(Form):
    """Null where the platform does not publish one."""

    likes: int | None
    reposts: int | None
    replies: int | None
    quotes: int | None
    views: int | None
    observed_at: Time


class Sighting(Form):
    """First hand: the platform's own. Second hand: `url` is the page that embeds the post."""

    source: str | None
    first_hand: bool
    url: str | None
    seen_at: Time


class Rights(Form):
    policy: Literal["full", "quotation", "link", "ids"]
    text_withheld: bool


class Erasure(Form):
    """The tombstone of a post whose texts were erased."""

    cause: Literal["request", "deleted", "retention"] = Field(
        description="A person's word, the platform's terms, a source's `keep`. It may return after `deleted` alone."
    )
    reason: str | None = Field(description="In the operator's words; null for outside readers.")
    at: Time = Field(description="When its texts went.")
    erased_at: Time | None = Field(
        description="When the last trace was gone from index, file and log; null before."
    )
    deleted_at: Time | None = Field(description="When it was seen to be gone there, if it was.")


class Post(Form):
    model_config = ConfigDict(json_schema_extra={"examples": [examples.POST]})
    id: str = Field(description="platform:platform_id, the same in every archive")
    platform: str
    platform_id: str
    url: str | None
    kind: Kind
    account: AccountRef | None
    text: str | None = Field(
        description="Null where its platform's terms keep it from outside readers, or where it was erased."
    )
    lang: str | None
    created_at: Time
    created_at_precision: Precision = Field(
        description="`day`: only the date is known. `seen`: not even that; the time is when it was first seen."
    )
    synthetic: bool
    first_seen_at: Time
    changed_at: Time
    deleted_at: Time | None
    seen_until: Time | None = Field(
        description="Of a deleted post: when it was last seen before; null where it was gone at first sight."
    )
    media: list[Media]
    links: list[str]
    tags: list[Tag]
    is_kle: bool
    versions: int
    edits: int = Field(description="How often its author changed it; a fuller view is a version, but no edit.")
    repeats: str | None = Field(description="Id of the post that a repost or quote names.")
    metrics: Metrics | None
    labels: list[str] = Field(description="The author's own labels and wishes, such as sensitive or noindex.")
    sightings: list[Sighting]
    rights: Rights
    tagging: Literal["done", "pending"]
    erasure: Erasure | None


class HistoricTag(Tag):
    """A tag with the time in which it held; re-tagging closes it and adds another."""

    valid_from: Time
    valid_to: Time | None


class Change(Form):
    op: Literal["same", "added", "removed"]
    text: str


class Attached(Form):
    op: Literal["removed", "added"]
    what: Literal["link", "media"]
    url: str


class CaptureDigest(Form):
    sha256: str = Field(description="Of the bytes that were fetched.")
    fetched_at: Time


class Merged(Form):
    """Which version of which archive it was before `kle merge` took it over, and when it was seen there."""

    archive: str
    number: int
    change: str
    seen_at: Time
    digest: str


class Version(Form):
    model_config = ConfigDict(json_schema_extra={"examples": [examples.VERSION]})
    number: int
    change: Literal["first", "edit", "fuller", "delete", "restore", "late"] = Field(
        description="What made it one; late: another archive saw it before our current one, see `merged`."
    )
    text: str | None
    links: list[str]
    media: list[Media]
    seen_at: Time
    source: str | None
    first_hand: bool
    digest: str = Field(description="SHA-256 over the version's facts, as the ledger has it.")
    text_sha256: str
    erased: bool = Field(description="True: what it said was erased; its digests stay.")
    capture: CaptureDigest | None = Field(
        description="The answer in which it was seen; null where it came from a file."
    )
    merged: Merged | None = Field(description="Where it comes from, if another archive saw it.")
    tags: list[HistoricTag]
    diff: list[Change] = Field(description="Against the version before, by words.")
    attached: list[Attached] = Field(description="Links and media that came or went against the version before.")


class CaptureHead(Form):
    """The answer to one request. `digest` is what the ledger seals."""

    id: int
    url: str | None = Field(description="The address that answered; of a file the one it stands for, if any.")
    fetched_at: Time
    status: int | None = Field(description="Null where no HTTP server answered: a file, a stream.")
    headers: dict[str, str] = Field(
        description="Those of the server that matter, in lower case. `:hops` (status and address of each redirect),"
        " `:peer` (the address of the machine), `:tls` (protocol and certificate) and `:file` are what we saw"
        " ourselves; of those with x- all but x-robots-tag are what was known beside the body."
    )
    sha256: str = Field(description="Of the body, unpacked.")
    size: int
    tool: str
    digest: str = Field(description="SHA-256 over url, status, headers, sha256, tool and fetched_at.")
    source: str | None
    version: int | None = Field(description="The last version of the post that it brought; null: nothing new.")
    erased: bool


class Capture(CaptureHead):
    model_config = ConfigDict(json_schema_extra={"examples": [examples.CAPTURE]})
    encoding: Literal["utf-8", "base64"] | None
    body: str | None = Field(description="Null where it was erased.")


class Gap(Form):
    from_: Time = Field(alias="from")
    until: Time
    reason: str


class SourceCoverage(Form):
    source: str
    runs: int
    ok: int
    failed: int
    first_run_at: Time | None
    last_ok_at: Time | None
    gaps: list[Gap]
    missed_pages: int = Field(
        description="Pages that its entries named and that could not be read, so far or for good."
    )


class Coverage(Form):
    """Whether anybody looked, so that "no posts" can be told apart from it."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.COVERAGE]})
    from_: Time | None = Field(alias="from")
    until: Time | None
    complete: bool
    note: str
    sources: list[SourceCoverage]


class AtLeast(Form):
    at_least: int


class Page(Form):
    next_cursor: str | None


class Snippet(Form):
    """The part of a text where the query's words stand: at most 200 code points, cut between words."""

    text: str
    start: int = Field(description="Where it begins in the post's text, in code points from 0.")
    hits: list[tuple[int, int]] = Field(
        description="Places in the snippet, in code points, end exclusive. Empty where only a filter matched."
    )


class FoundPost(Post):
    model_config = ConfigDict(json_schema_extra={"examples": [examples.FOUND]})
    snippet: Snippet | None = Field(description="Null without words in the query, and where the text is null.")


class SimilarPost(Post):
    similarity: float = Field(
        ge=-1,
        le=1,
        description="Cosine of the two vectors: 1 is the same text, from 0.8 on mostly the same matter, in whatever"
        " language; texts that have nothing in common but their field lie around 0.55 to 0.75.",
    )


class SimilarPosts(Form):
    items: list[SimilarPost]
    next_cursor: None = Field(description="Always null: ask for more with `limit`.")


class Posts(Page):
    items: list[FoundPost]
    total: int | AtLeast = Field(description="Exact up to a bound, then at least so many.")
    coverage: Coverage


class TopicChanges(Form):
    """By the decisions in force before and after; a topic stands in one of the three."""

    added: list[str] = Field(description="Tagged now.")
    unsure: list[str] = Field(description="Unsure now.")
    removed: list[str] = Field(description="Neither now.")


class PostChange(Form):
    model_config = ConfigDict(json_schema_extra={"examples": [examples.CHANGE]})
    seq: int = Field(description="Number of the line of the ledger that tells it.")
    change: Literal[
        "new", "edited", "fuller", "deleted", "restored", "late", "retagged", "corrected", "erased", "merged"
    ] = Field(
        description="fuller: a source showed more of it; late: another archive saw it before our current version;"
        " merged: it got another id, the former is in other_ids."
    )
    at: Time
    id: str = Field(description="The post's id now.")
    other_ids: list[str] = Field(description="Its other ids: what is kept under one of them is this post.")
    version: int | None = Field(description="Number of the version that it is about; null for an erasure.")
    topics: TopicChanges | None = Field(description="Of retagged and corrected: what changed.")
    post: Post | None = Field(description="As it is now; null where it does not match now, or was erased.")


class Changes(Form):
    items: list[PostChange]
    next_cursor: str = Field(description="Where to go on; also at the end.")
    caught_up: bool = Field(description="Nothing else has happened yet.")


class Lag(Form):
    """Seconds after the first post of the group; all three are the same where both times are exact."""

    after_seconds: float | None = Field(description="Null where one of the two times is not known to the second.")
    at_least: float | None = Field(description="Below zero where it may have come before the first one.")
    at_most: float | None


class Echo(Lag):
    """What a post is in the group of the one that was asked for."""

    overlap: float | None = Field(
        ge=0,
        le=1,
        description="The share of the shorter of the two texts that stands in the longer, by three words at a time."
        " Null where a text is withheld, or where the post was found by the id that it names.",
    )
    relation: Literal["first", "this", "copy", "excerpt", "fuller", "repost", "quote", "echo"] = Field(
        description="first: published first; this: the one that was asked for; copy; excerpt: it has a part of that"
        " text; fuller: it has that text and more; repost, quote: it names that post; echo: one of copy, excerpt"
        " and fuller, where a text is withheld."
    )


class EchoPost(Post):
    model_config = ConfigDict(json_schema_extra={"examples": [{**examples.POST, "echo": examples.ECHO}]})
    echo: Echo


class FirstEcho(Form):
    id: str
    platform: str
    account: AccountRef | None
    created_at: Time
    created_at_precision: Precision
    certain: bool = Field(description="No other one can have come before, by what is known of their times.")


class Joined(Lag):
    posts: int
    id: str = Field(description="The first post of them.")


class PlatformEchoes(Joined):
    platform: str


class AccountEchoes(Joined):
    account: AccountRef | None


class Echoes(Page):
    """`lag` is that of the post that was asked for, `took` that of the last one."""

    items: list[EchoPost]
    total: int
    complete: bool = Field(
        description="False where there were too many candidates: only the nearest were compared."
    )
    first: FirstEcho | None = Field(description="Null where the text was erased: then there is no group.")
    lag: Lag | None
    took: Lag | None
    platforms: list[PlatformEchoes] = Field(description="In the order in which they joined in.")
    accounts: list[AccountEchoes] = Field(description="In the order in which they joined in, at most 200.")
    since: Time = Field(description="Texts published from here on were compared.")
    until: Time


class ErasedVersion(Form):
    digest: str = Field(description="Of the version as it was archived, as the ledger has it.")
    kept: str = Field(description="Of what is left of it.")


class Copy(Form):
    """A release or backup that may hold the text, by the audit ledger."""

    kind: Literal["release", "backup"]
    subject: str
    at: Time
    detail: dict[str, Any]


class Tombstone(Erasure):
    id: str = Field(description="The post's id.")
    by: str
    last_seen_at: Time | None = Field(description="When a capture last showed it there.")
    seconds: float | None = Field(description="From `deleted_at` to `at`, for the cause `deleted`.")
    versions: list[ErasedVersion]
    notes: int = Field(description="Corrections whose note was erased.")
    captures: list[str] = Field(description="SHA-256 of the answers whose bytes were erased.")
    media: list[str] = Field(description="SHA-256 of the media files that were erased.")
    shared_with: list[str] = Field(description="Other posts that these captures showed, at most 50.")
    copies: list[Copy]


class Tombstones(Page):
    items: list[Tombstone]


class Versions(Page):
    items: list[Version]


class Captures(Page):
    items: list[CaptureHead]


class Counts(Page):
    items: list[Metrics]


class Bucket(Form):
    start: Time
    count: int
    topics: dict[str, int]


class Timeline(Page):
    items: list[Bucket]
    coverage: Coverage


class FacetValue(Form):
    value: str
    count: int


class Facets(Form):
    topic: list[FacetValue]
    account: list[FacetValue]
    actor: list[FacetValue]
    platform: list[FacetValue]
    lang: list[FacetValue]
    kind: list[FacetValue]


class Figure(Form):
    """Nine in ten samples of so few texts lie between `low` and `high`."""

    value: float
    low: float
    high: float


class TopicFigures(Form):
    """Cross-validated: what a topic's head said of examples and background that it had not seen.

    Precision, F1 and average precision are those of an archive in which a share of `as_if_share` is in the topic.
    """

    examples: int
    counter_examples: int
    background: int
    precision: Figure
    recall: Figure
    f1: Figure
    average_precision: Figure
    as_if_share: float


class Topic(Form):
    """`own`: a `[[topic]]` of kle.toml. `retired`: no longer tagged, its older tags stay."""

    slug: str
    name: str
    definition: str
    own: bool
    retired: bool
    figures: TopicFigures | None = Field(description="How good an own topic is, once it was fitted; else null.")


class Topics(Page):
    items: list[Topic]


class ActorAccount(Form):
    platform: str
    handle: str
    name: str | None


class Actor(Form):
    slug: str
    name: str
    kind: str | None
    url: str | None
    accounts: list[ActorAccount]


class Actors(Page):
    items: list[Actor]


class Account(AccountRef):
    posts: int = Field(description="How many the archive has of it.")


class Accounts(Page):
    items: list[Account]


class Reference(Form):
    """A document or event that posts are held against; what nobody has verified is null."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.REFERENCE]})
    slug: str
    title: str
    date: str | None = Field(description="As precise as it is known: 2022, 2022-09 or 2022-09-21.")
    date_precision: Literal["year", "month", "day"] | None
    url: str | None
    note: str | None
    figures: dict[str, Any]
    verified: bool


class References(Page):
    items: list[Reference]


class RunState(Form):
    id: int
    started_at: Time
    finished_at: Time | None
    outcome: Ending | None = Field(description="Null while it runs, or where the process died.")
    posts: int
    posts_new: int
    posts_changed: int
    problems: int
    error: str | None


class Run(RunState):
    model_config = ConfigDict(json_schema_extra={"examples": [examples.RUN]})
    source: str


class Runs(Page):
    items: list[Run]


class AuditLine(Form):
    """One line of the audit chain; `detail` holds what there is to tell of its kind, never a secret."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.AUDIT]})
    line: int
    at: str
    kind: str = Field(description="settings, key, release, backup, restore, merge, erasure, retention ...")
    subject: str
    detail: dict[str, Any]
    digest: str


class AuditLines(Page):
    items: list[AuditLine]


class Volume(Form):
    """New posts of the last 24 hours against the source's own last 28 days."""

    alarm: Literal["quiet", "loud"] | None = Field(description="Null: as usual, or too few days to tell.")
    last_day: int
    usual: float | None = Field(description="Median of a day; null with fewer than 14 days looked at.")
    least: float | None
    most: float | None
    silent_days: int = Field(description="Whole days without a new post, counted back from now; at most 28.")


class Pages(Form):
    """Pages that a feed's entries name, where it follows them."""

    waiting: int
    given_up: int


class Files(Form):
    """Pictures and films of its posts, where it fetches them."""

    waiting: int
    fetched: int
    given_up: int


class Keep(Form):
    """How long a source's posts stay, where that is limited."""

    keep_seconds: int
    posts: int = Field(description="How many would be erased now.")
    oldest: Time | None = Field(description="When the one of them that is here longest was first seen.")
    from_: Time | None = Field(alias="from", description="From when they are erased; null until it is announced.")


class Source(Form):
    model_config = ConfigDict(json_schema_extra={"examples": [examples.SOURCE]})
    name: str
    kind: str
    url: str | None
    actor: str | None
    enabled: bool
    verified: bool
    synthetic: bool
    every_seconds: int
    next_due_at: Time | None = Field(description="Null while it is switched off.")
    failures: int
    last_run: RunState | None
    last_ok_at: Time | None
    volume: Volume
    pages: Pages | None
    media: Files | None
    keep: Keep | None
    erase_deleted: bool = Field(description="Its posts are erased here once they are gone there.")


class Sources(Page):
    items: list[Source]
    storage: str | None = Field(description="Why nothing is collected now: no room on the disk. Null: there is.")


class Share(Form):
    """Of the last full week."""

    of: str = Field(description="`unsure` on any topic, or `topic:` and a slug, as in a query.")
    posts: int
    share: float | None = Field(description="Null in a week without posts.")
    least: float | None = Field(description="Null with fewer than 8 weeks or 100 posts before, or 20 in this one.")
    most: float | None
    alarm: Literal["low", "high"] | None


class Week(Form):
    start: Time = Field(description="Monday; the present week is not over yet.")
    posts: int = Field(description="Judged posts that were published in it.")
    unsure: int
    topics: dict[str, int]


class Drift(Form):
    model_config = ConfigDict(json_schema_extra={"examples": [examples.DRIFT]})
    source: str
    last_week: Time = Field(description="Start of the last full week.")
    shares: list[Share]
    weeks: list[Week]


class Drifts(Page):
    items: list[Drift]


class Alive(Form):
    status: Literal["ok"]


class Ready(Form):
    ready: bool
    parts: dict[str, str | None] = Field(description="Part: null if it is there, else what is missing.")


class Problem(BaseModel):
    """RFC 9457; more members by kind, such as `position` and `expected` of a query that does not parse."""

    model_config = ConfigDict(extra="allow", json_schema_extra={"examples": [examples.PROBLEM]})
    type: str
    title: str
    status: int
    detail: str
    instance: str
