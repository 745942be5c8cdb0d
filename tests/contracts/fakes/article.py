"""A news page that embeds a post of X."""

from typing import Any

from tests.collector.pages import SIGNED, html
from tests.collector.platforms.api import Api

EMBED = f'<blockquote class="twitter-tweet"><p lang="en">Hello there.</p>{SIGNED}</blockquote>'


def options(url: str) -> dict[str, Any]:
    return {"url": "https://news.example/a/1", "base_url": url}


def say(api: Api) -> None:
    api.say("/a/1", html(EMBED).encode(), **{"Content-Type": "text/html; charset=utf-8"})
