"""What every source that is a page or a file can say of where it lies."""

from pathlib import PurePath
from typing import Self
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, StrictBool, field_validator, model_validator

from core.media import MOST_BYTES, TYPES, WORDS

WILDCARDS = frozenset("*?[")


class Options(BaseModel):
    """Base of every kind's Target: unknown options stop the start. Pictures are fetched where `media` says so."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    media: StrictBool = False
    media_max_bytes: int = Field(MOST_BYTES, ge=1000)
    media_types: list[str] = list(TYPES)

    @field_validator("media_types")
    @classmethod
    def _known_types(cls, value: list[str]) -> list[str]:
        for kind in value:
            word, _, rest = kind.partition("/")
            if word not in WORDS or not rest:
                raise ValueError(
                    f'{kind!r} is no type of media; there are "image/*", "video/*", "audio/*", "image/png"'
                )
        return value

    @property
    def missing(self) -> list[str]:
        """What is still to be written before this source may be asked; until then it refuses."""
        return []


class WebOrFile(Options):
    """`url` on the web, or `path` relative to kle.toml's folder; then `url` is what a single file stands for.

    `base_url` asks another server (a mirror, a test server) for the same path.
    """

    url: str = ""
    path: str = ""
    base_url: str = ""

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        if not self.url and not self.path:
            raise ValueError('needs url = "https://..." or path = "file beside kle.toml"')
        if self.url and self.path and is_pattern(self.path):
            raise ValueError("url names one page; leave it out where path is a pattern of many files")
        for name in ("url", "base_url"):
            value = getattr(self, name)
            if value and not is_web_address(value):
                raise ValueError(f"{name} = {value!r} is not an address such as https://example.org/feed.xml")
        return self

    @property
    def address(self) -> str:
        """Where to ask: `url`, at `base_url`'s server where one is given."""
        if not self.base_url:
            return self.url
        parts = urlsplit(self.url)
        return self.base_url.rstrip("/") + parts.path + (f"?{parts.query}" if parts.query else "")


def is_pattern(path: str) -> bool:
    return any(WILDCARDS.intersection(part) for part in PurePath(path).parts)


def is_web_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        return False
