"""The tables of kle.toml, each row in its form: what a row must hold, and what is said where it does not."""

import re
import unicodedata
from datetime import timedelta
from typing import Any, Literal

from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression
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
from core.addresses import safe_url

LEAST_EXAMPLES = 8  # of a topic of one's own; with fewer its head is chance
_ORCID = re.compile(r"(?:https://orcid\.org/)?((?:\d{4}-){3}\d{3}[\dX])")
_DOI = re.compile(r"10\.\d{4,9}(\.\d+)?/[A-Za-z0-9:/_;\-.()\[\]]+")  # what CITATION.cff lets a DOI be
MAIL = re.compile(r"[^@\s<>]+@[^@\s<>]+")


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


def _line(value: str) -> str:
    """One line of text that says something, without the white space around it."""
    if any(unicodedata.category(character) == "Cc" for character in value):
        raise PydanticCustomError("lines", "must be one line of text", {"shown": value})
    if not value.strip():
        raise PydanticCustomError("empty", "must not be empty; leave it out", {"shown": value})
    return value.strip()


def _is_web(value: str) -> bool:
    return safe_url(value) == value and not re.search(r"\s", value)


class AuthorConfig(Table):
    """Who made the releases. With `given`, `orcid` or `affiliation` it is a person, whose family name (or whole
    name) is `name`; else an organisation or office."""

    name: str
    given: str | None = None
    orcid: str | None = None
    affiliation: str | None = None

    @field_validator("name", "given", "affiliation")
    @classmethod
    def _one_line(cls, value: str | None) -> str | None:
        return None if value is None else _line(value)

    @field_validator("orcid")
    @classmethod
    def _checked(cls, value: str | None) -> str | None:
        """Its last digit tells a slip of the pen (ISO 7064, mod 11-2)."""
        if value is None:
            return None
        found = _ORCID.fullmatch(value.strip())
        if not found or _check_digit(found[1]) != found[1][-1]:
            raise ValueError("is no ORCID iD; it is 16 digits such as 0000-0002-1825-0097, the last one a check")
        return found[1]

    @property
    def is_person(self) -> bool:
        return bool(self.given or self.orcid or self.affiliation)


def _check_digit(orcid: str) -> str:
    total = 0
    for digit in orcid.replace("-", "")[:-1]:
        total = (total + int(digit)) * 2
    return "0123456789X"[(12 - total % 11) % 11]


class CitationConfig(Table):
    """[release]: how releases are to be cited, and under what licence the operator's part of them is."""

    title: str | None = None
    authors: tuple[AuthorConfig, ...] = ()
    licence: str | None = None
    url: str | None = None
    contact: str | None = None
    keywords: tuple[str, ...] = ()
    doi: str | None = None

    @field_validator("title")
    @classmethod
    def _one_line(cls, value: str | None) -> str | None:
        return None if value is None else _line(value)

    @field_validator("authors")
    @classmethod
    def _each_once(cls, value: tuple[AuthorConfig, ...]) -> tuple[AuthorConfig, ...]:
        for author in value:
            if value.count(author) > 1:
                raise PydanticCustomError("twice", "is there twice; name each once", {"shown": author.name})
        return value

    @field_validator("licence")
    @classmethod
    def _spdx(cls, value: str | None) -> str | None:
        """In the letters of SPDX; one licence, since neither dataset cards nor citations take an expression."""
        if value is None:
            return None
        told = "is no SPDX identifier; there are CC-BY-4.0, CC0-1.0, ODbL-1.0 and others (spdx.org/licenses)"
        try:
            licence = canonicalize_license_expression(value)
        except InvalidLicenseExpression:
            raise ValueError(told) from None
        if " " in licence or licence.startswith("LicenseRef-"):
            raise ValueError(told)
        return str(licence)

    @field_validator("url")
    @classmethod
    def _web(cls, value: str | None) -> str | None:
        if value is not None and not _is_web(value):
            raise ValueError("must be a web address such as https://example.org/kle")
        return value

    @field_validator("contact")
    @classmethod
    def _reachable(cls, value: str | None) -> str | None:
        if value is not None and not (_is_web(value) or MAIL.fullmatch(value)):
            raise ValueError("must be an address such as kle@example.org, or https://example.org/contact")
        return value

    @field_validator("keywords")
    @classmethod
    def _words(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(dict.fromkeys(_line(word) for word in value))

    @field_validator("doi")
    @classmethod
    def _identifier(cls, value: str | None) -> str | None:
        if value is None:
            return None
        doi = re.sub(r"^(https?://(dx\.)?doi\.org/|doi:)", "", value.strip())
        if not _DOI.fullmatch(doi):
            raise ValueError("is no DOI; it begins with 10. and has a slash, such as 10.5281/zenodo.1234567")
        return doi
