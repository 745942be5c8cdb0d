"""The forms of alerts, their deliveries and their backtest."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag

from api import examples
from api.schemas.form import Form, Page, Time
from api.schemas.of_posts import Post
from core.alert import AlertForm, ChannelForm, Rule

_SHOWN = "What may be shown of its address; null for a key without the scope `alerts`."


class AlertPreview(AlertForm):
    """As POST /alerts takes it; what is not saved needs no name."""

    name: str = Field("Preview", min_length=1, max_length=200)


class KeptChannel(BaseModel):
    """A channel that the alert has and keeps, as GET gives it; only its number is read."""

    model_config = ConfigDict(extra="ignore")
    subscription: int


def _kept(value: Any) -> str:
    named = "subscription" in value if isinstance(value, dict) else isinstance(value, KeptChannel)
    return "kept" if named else "new"


PatchedChannel = Annotated[
    Annotated[KeptChannel, Tag("kept")] | Annotated[ChannelForm, Tag("new")], Discriminator(_kept)
]


class AlertPatch(BaseModel):
    """Any of an alert's fields, as in POST; what is not there stays. `channels` are all that it has then."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"paused": True}]})
    name: str | None = None
    query: str | None = None
    channels: list[PatchedChannel] | None = None
    cadence: str | None = None
    quiet: str | None = Field(None, description="null: none.")
    lang: str | None = None
    edits: bool | None = None
    max_age: str | None = None
    rule: Rule | None = None
    paused: bool | None = Field(None, description="true: nothing is sent; false: what comes from then on is.")

    def given(self) -> dict[str, Any]:
        """What of the alert itself changes."""
        return self.model_dump(mode="json", exclude_unset=True, exclude={"paused"})


class Channel(Form):
    subscription: int
    kind: str
    shown: str | None = Field(description=_SHOWN)
    state: Literal["active", "unconfirmed", "failing", "paused"] = Field(
        description="failing: nothing reached it since failing_since, and it is tried again; paused: it is not."
    )
    asked_at: Time
    confirmed_at: Time | None
    failing_since: Time | None = Field(description="The first of the failures that have not ended since.")
    paused_at: Time | None = Field(description="Since when nothing is tried any more; POST .../resume ends it.")
    signed: bool = Field(description="Whether its messages carry a signature.")


class Alert(Form):
    model_config = ConfigDict(json_schema_extra={"examples": [examples.ALERT]})
    id: int
    name: str
    query: str
    cadence: str
    quiet: str | None
    lang: str
    edits: bool
    max_age: str
    rule: Rule
    owner: str
    declared: bool = Field(description="Whether kle.toml has it; then it is changed there.")
    made_at: Time
    paused_at: Time | None
    channels: list[Channel]
    waiting: int = Field(description="Posts that are matched and not sent yet.")
    last_sent_at: Time | None


class MadeChannel(Channel):
    secret: str | None = Field(
        None, description="What signs its messages, told this once; POST .../secret makes another."
    )


class MadeAlert(Alert):
    model_config = ConfigDict(json_schema_extra={"examples": [examples.MADE_ALERT]})
    channels: list[MadeChannel]  # type: ignore[assignment]


class Alerts(Page):
    items: list[Alert]


class Asked(Form):
    """The answer to whoever we do not know; the same whatever is known of the address."""

    status: Literal["confirm"] = Field(description="A mail with a link to confirm is on its way.")


class Secret(Form):
    secret: str = Field(description="The one before is valid beside it for 24 hours.")


class Queued(Form):
    keys: list[str] = Field(description="`webhook-id`, or of a mail the Message-ID, of each message.")


class ChannelRef(Form):
    kind: str
    shown: str | None = Field(description=_SHOWN)


class Attempt(Form):
    at: Time
    seconds: float
    outcome: str
    status: int | None = Field(description="Of HTTP or SMTP, where one came.")
    answer: str | None


class Delivery(Form):
    model_config = ConfigDict(json_schema_extra={"examples": [examples.DELIVERY]})
    id: int
    key: str = Field(description="The same in all attempts: who has seen it has seen the message.")
    kind: Literal["posts", "late", "rule", "confirm", "notice", "test"]
    channel: ChannelRef
    made_at: Time
    ended_at: Time | None
    state: Literal["waiting", "sent", "parked", "dropped"] = Field(
        description="parked: given up, and sent again by hand; dropped: its alert, address or posts are gone."
    )
    next_try_at: Time | None
    posts: list[str] = Field(description="Ids, in the order of the message.")
    answer: str | None = Field(description="What was said last.")
    attempts: list[Attempt]


class Deliveries(Page):
    items: list[Delivery]


class Busiest(Form):
    date: str
    posts: int


class Day(Form):
    date: str
    posts: int
    late: int
    messages: int


class Example(Post):
    """As a message has it: with its page here, and why it matches."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.MATCHED]})
    page: str
    edited: bool
    reasons: list[dict[str, Any]]


class Spoken(Form):
    at: Time
    explained: str
    figures: dict[str, Any]


class Preview(Form):
    """What this alert would have sent to each of its channels."""

    days: int
    posts: int
    late: int = Field(description="Of the posts: told as found late.")
    messages: int
    busiest: Busiest | None
    per_day: list[Day]
    examples: list[Example] = Field(description="The newest.")
    spoken: list[Spoken] = Field(description="Of a rule such as more_than: what it would have said, oldest first.")
    note: str = Field(description="What a look back cannot know.")
