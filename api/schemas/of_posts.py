"""The forms of a post: as it is, its history, the captures that show it, and what is left of an erased one."""

from typing import Any, Literal

from pydantic import ConfigDict, Field

from api import examples
from api.schemas.form import Form, Page, Time
from core.post import Kind, Precision
from db.corrections import LONGEST_NOTE


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
