"""What every source that is an account on a platform can say, beside the account itself."""

from collections.abc import Iterator
from typing import Any, Self

from pydantic import Field, model_validator

from collector.fetch import Fetcher
from collector.target import Options, is_web_address
from core.page import Page


class AccountOptions(Options):
    """`base_url` asks another server for the same paths; `path` reads saved answers beside kle.toml instead.

    `max_pages` bounds the pages of one round, and so how far back the first one reaches.
    """

    base_url: str = ""
    path: str = ""
    max_pages: int = Field(default=10, ge=1, le=500)

    @model_validator(mode="after")
    def _server(self) -> Self:
        if self.base_url and not is_web_address(self.base_url):
            raise ValueError(f"base_url = {self.base_url!r} is not an address such as https://social.example")
        return self

    def server(self, usual: str) -> str:
        return (self.base_url or usual).rstrip("/")


def saved(target: AccountOptions, fetcher: Fetcher, state: dict[str, Any]) -> Iterator[Page]:
    """The changed files that `path` names."""
    return fetcher.files(target.path, "", state)


def remembered(state: dict[str, Any], of: str, *fresh: str) -> dict[str, Any]:
    """`state` where it is of the same account and server; else a new one, without what stood under `fresh`."""
    if state.get("of") == of:
        return state
    return {"of": of, **dict.fromkeys(fresh)}
