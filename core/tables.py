"""The tables of kle.toml, each row in its form: what a row must hold, and what is said where it does not."""

import re
from datetime import timedelta
from typing import Any, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    StrictBool,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic_core import PydanticCustomError

from core import times

LEAST_EXAMPLES = 8  # of a topic of one's own; with fewer its head is chance


class Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ActorConfig(Table):
    """An organisation or office; `accounts` are "platform:handle"."""

    slug: str = Field(pattern=r"^[a-z0-9][a-z0-9-]*$")
    name: str
    kind: str | None = None
    url: str | None = None
    accounts: list[str] = []

    @field_validator("accounts")
    @classmethod
    def _platform_and_handle(cls, value: list[str]) -> list[str]:
        for account in value:
            platform, colon, handle = account.partition(":")
            if not (platform and colon and handle):
                raise ValueError(f'{account!r} is not "platform:handle", such as "x:@CJTFOIR"')
        return value


class ReferenceConfig(Table):
    """A document or event that posts are held against; what nobody has verified is left out."""

    slug: str = Field(default="", pattern=r"^[a-z0-9][a-z0-9-]*$")
    title: str
    date: str | None = Field(default=None, pattern=r"^\d{4}(-\d\d(-\d\d)?)?$")
    date_precision: Literal["year", "month", "day"] | None = None
    url: str | None = None
    note: str | None = None
    figures: dict[str, int | float | str] = {}
    verified: StrictBool = False

    @model_validator(mode="before")
    @classmethod
    def _fill(cls, value: Any) -> Any:
        if not isinstance(value, dict) or not isinstance(value.get("title"), str):
            return value
        slug = "-".join(re.findall(r"[a-z0-9]+", value["title"].lower())[:6])
        date = value.get("date")
        known = {4: "year", 7: "month", 10: "day"}.get(len(date)) if isinstance(date, str) else None
        return {"slug": slug, "date_precision": known, **value}


class TopicConfig(Table):
    """A topic of one's own: `examples` are texts in it, `counter_examples` texts just outside of it."""

    slug: str
    name: str
    definition: str
    examples: list[str]
    counter_examples: list[str] = []

    @field_validator("slug")
    @classmethod
    def _speakable(cls, value: str) -> str:
        if not re.fullmatch(r"[a-z][a-z0-9_]{1,39}", value):
            raise ValueError("must be 2 to 40 of a-z, 0-9 and _, beginning with a letter, such as border_trade")
        return value

    @field_validator("name", "definition", "examples", "counter_examples")
    @classmethod
    def _words(cls, value: str | list[str]) -> str | list[str]:
        """Texts without the white space around them; none may be empty or there twice."""
        texts = [text.strip() for text in ([value] if isinstance(value, str) else value)]
        if not all(texts):
            raise PydanticCustomError("empty", "must not be empty", {"shown": ""})
        for text in texts:
            if texts.count(text) > 1:
                raise PydanticCustomError("twice", "is there twice; each text counts once", {"shown": text})
        return texts[0] if isinstance(value, str) else texts

    @field_validator("examples")
    @classmethod
    def _enough(cls, value: list[str]) -> list[str]:
        if len(value) < LEAST_EXAMPLES:
            told = f"are too few; at least {LEAST_EXAMPLES} texts are needed, better 20"
            raise PydanticCustomError("few", told, {"shown": len(value)})
        return value

    @field_validator("counter_examples")
    @classmethod
    def _not_both(cls, value: list[str], info: ValidationInfo) -> list[str]:
        for text in value:
            if text in info.data.get("examples", ()):
                raise PydanticCustomError("both", "is among the examples too; choose one", {"shown": text})
        return value


class SourceConfig(BaseModel):
    """What every source has; the rest goes to its kind's `Target` and is checked there."""

    model_config = ConfigDict(extra="allow", frozen=True)

    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")
    kind: str
    every: timedelta = timedelta(minutes=15)
    actor: str | None = None
    enabled: StrictBool = True
    verified: StrictBool = True
    synthetic: StrictBool = False
    keep: timedelta | None = None
    erase_deleted: StrictBool = False

    @field_validator("every", "keep", mode="before")
    @classmethod
    def _span(cls, value: Any) -> Any:
        if value is None or isinstance(value, timedelta):
            return value
        if not isinstance(value, str):
            raise ValueError('must be a time span in quotes, such as "15m", "1h" or "7d"')
        return times.parse_every(value)

    @property
    def options(self) -> dict[str, Any]:
        return dict(self.model_extra or {})
