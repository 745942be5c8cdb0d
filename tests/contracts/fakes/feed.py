"""A feed of two entries."""

from typing import Any

from tests.collector.pages import item, rss
from tests.collector.platforms.api import Api


def options(url: str) -> dict[str, Any]:
    return {"url": "https://www.office.example/rss.xml", "base_url": url}


def say(api: Api) -> None:
    entries = (
        item(title=f"Talks {n}", link=f"https://www.office.example/{n}", description="words") for n in (1, 2)
    )
    api.say("/rss.xml", rss(*entries).encode(), **{"Content-Type": "application/rss+xml"})
