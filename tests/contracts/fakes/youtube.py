"""A channel's feed, which has no pages."""

from typing import Any

from tests.collector.platforms import test_youtube as youtube
from tests.collector.platforms.api import Api


def options(url: str) -> dict[str, Any]:
    return {"channel": youtube.CHANNEL, "base_url": url}


def say(api: Api) -> None:
    api.say(youtube.ASKED, youtube.FEED, **{"Content-Type": "text/xml; charset=UTF-8"})
