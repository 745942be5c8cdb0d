"""The forms of what a search answers: pages of posts with coverage, counts, changes, echoes."""

from typing import Literal

from pydantic import ConfigDict, Field

from api import examples
from api.schemas.form import Form, Page, Time
from api.schemas.of_posts import AccountRef, Metrics, Post
from core.post import Precision


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
    topics: TopicChanges | None = Field(
        description="Of retagged and corrected: what changed; all empty where a first reading found none."
    )
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
