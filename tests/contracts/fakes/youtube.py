"""A channel's feed, which has no pages, and each of its videos."""

from typing import Any

from core.post import SeenPost
from tests.collector.platforms import test_youtube as youtube
from tests.collector.platforms.api import Api


def options(url: str) -> dict[str, Any]:
    return {"channel": youtube.CHANNEL, "base_url": url}


def say(api: Api) -> None:
    api.say(youtube.ASKED, youtube.FEED, **{"Content-Type": "text/xml; charset=UTF-8"})
    for post in youtube.read(youtube.FEED):
        if isinstance(post, SeenPost):
            api.say(youtube.question(post.platform_id), youtube.told(post.platform_id))
