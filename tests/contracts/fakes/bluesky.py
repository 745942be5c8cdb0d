"""Three pages of an author's feed, and each post by itself."""

from typing import Any

from tests.collector.platforms import test_bluesky as bluesky
from tests.collector.platforms.api import Api


def options(url: str) -> dict[str, Any]:
    return {"account": "@office.example", "base_url": url}


def say(api: Api) -> None:
    bluesky.shows(api, 9, 8, older="8")
    bluesky.shows(api, 7, 6, path=bluesky.FEED + "&cursor=8", older="6")
    bluesky.shows(api, 5, path=bluesky.FEED + "&cursor=6")
    days = range(5, 10)
    api.say(bluesky.posts_path(*days), {"posts": [bluesky.view(day) for day in days]})
