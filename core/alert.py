"""An alert as people write it, in the API, in kle.toml and at the terminal alike.

What needs the archive (does the query's topic exist?) or a channel (is that an address?) is checked where an alert
is saved; what can be told from the words alone is checked here.
"""

from datetime import timedelta
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, PlainSerializer, StrictBool, field_validator, model_validator

from core import times
from core.cadence import Cadence, Quiet, When
from core.errors import BadRequest

LANGUAGES = {"en": "English", "de": "German", "ar": "Arabic", "ckb": "Sorani", "kmr": "Kurmanji"}  # of messages
MAX_AGE = timedelta(days=7)
_SHORTEST, _LONGEST = timedelta(minutes=1), timedelta(days=366)  # of "more than N in T"
MOST_CHANNELS = 50
Lang = Literal["en", "de", "ar", "ckb", "kmr"]


def _span(value: Any) -> Any:
    if value is None or isinstance(value, timedelta):
        return value
    if not isinstance(value, str):
        raise ValueError('must be a time span in quotes, such as "15m", "24h" or "7d"')
    return times.parse_every(value)


Span = Annotated[timedelta, PlainSerializer(times.every, return_type=str)]


class _Form(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Rule(_Form):
    """What an alert waits for: each new post (`posts`); `more_than` `count` posts published `within` a span;
    `unusual`, far more posts than this query usually has; `silence`, none for longer than there ever was none."""

    kind: Literal["posts", "more_than", "unusual", "silence"] = "posts"
    count: int | None = Field(None, ge=0, le=10_000_000, description="Of more_than.")
    within: Span | None = Field(None, description="Of more_than: 30m, 24h, 7d.", examples=["24h"])

    _spans = field_validator("within", mode="before")(_span)

    @model_validator(mode="after")
    def _whole(self) -> "Rule":
        given = self.count is not None, self.within is not None
        if self.kind == "more_than" and not all(given):
            raise ValueError('more_than needs count and within, such as {"count": 20, "within": "24h"}')
        if self.kind != "more_than" and any(given):
            raise ValueError("count and within belong to more_than alone")
        if self.within is not None and not _SHORTEST <= self.within <= _LONGEST:
            raise ValueError("within must be from 1m to 366d")
        return self


class ChannelForm(BaseModel):
    """`kind` names a file of alerts/channels, which says what else it takes: `to` of email, `url` of the others."""

    model_config = ConfigDict(extra="allow", frozen=True)

    kind: str = Field(max_length=40)
    to: str | None = Field(None, max_length=320, description="Of email: the address.")
    url: str | None = Field(None, max_length=2000, description="Of webhook and apprise.")

    @property
    def options(self) -> dict[str, Any]:
        """All but the kind."""
        return {name: value for name, value in self.model_dump().items() if name != "kind" and value is not None}


class AlertForm(_Form):
    """A saved query, its channels and its cadence."""

    name: str = Field(min_length=1, max_length=200, examples=["Reform and the ministry"])
    query: str = Field(max_length=2000, description="In the query language.", examples=["topic:reform peshmerga"])
    channels: list[ChannelForm] = Field([], max_length=MOST_CHANNELS)
    cadence: str = Field("at_once", max_length=100, description="at_once, hourly, or daily 07:00 Europe/Berlin.")
    quiet: str | None = Field(
        None, max_length=100, description="Hours in which nothing is sent: 22:00-07:00 Europe/Berlin."
    )
    lang: Lang = Field("en", description="Language of the messages.")
    edits: StrictBool = Field(False, description="Tell a post again when its text was edited.")
    max_age: Span = Field(
        MAX_AGE, description="A post older than this when first seen is told as found late.", examples=["7d"]
    )
    rule: Rule = Field(Rule(), description="null: each new post.")

    _spans = field_validator("max_age", mode="before")(_span)

    @field_validator("rule", mode="before")
    @classmethod
    def _usual(cls, value: Any) -> Any:
        return Rule() if value is None else value

    @field_validator("name", "query")
    @classmethod
    def _trimmed(cls, value: str) -> str:
        if "\x00" in value:
            raise ValueError("holds a NUL character")
        return value.strip()

    @field_validator("name")
    @classmethod
    def _one_line(cls, value: str) -> str:
        """It stands in the subject of mails."""
        if not value or not value.isprintable():
            raise ValueError("must be one line of visible characters")
        return value

    @field_validator("cadence")
    @classmethod
    def _cadence(cls, value: str) -> str:
        return _said(lambda: str(Cadence.parse(value)))

    @field_validator("quiet")
    @classmethod
    def _quiet(cls, value: str | None) -> str | None:
        return None if value is None else _said(lambda: str(Quiet.parse(value)))

    @field_validator("max_age")
    @classmethod
    def _age(cls, value: timedelta) -> timedelta:
        if not timedelta(0) < value <= times.LONGEST:
            raise ValueError("must be more than 0s and at most 3650d")
        return value

    @property
    def when(self) -> When:
        return When.parse(self.cadence, self.quiet)


class AlertConfig(AlertForm):
    """[[alert]] of kle.toml."""


def _said(read: Any) -> str:
    """A validator's errors are ValueErrors."""
    try:
        return str(read())
    except BadRequest as error:
        raise ValueError(error.message) from None
