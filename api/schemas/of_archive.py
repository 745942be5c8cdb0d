"""The forms of what the archive has beside posts: topics, actors, sources, runs, drift, audit, health."""

from typing import Any, Literal

from pydantic import ConfigDict, Field

from api import examples
from api.schemas.form import Form, Page, Time
from api.schemas.of_posts import AccountRef
from core.outcome import Ending


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
