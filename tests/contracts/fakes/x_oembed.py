"""Two posts, one request each."""

from typing import Any

from tests.collector.platforms import test_x_oembed as oembed
from tests.collector.platforms.api import Api

ABSENT = ("/oembed?",)


def options(url: str) -> dict[str, Any]:
    return {"urls": [oembed.address(number) for number in (oembed.FIRST, oembed.SECOND)], "base_url": url}


def say(api: Api) -> None:
    for number in (oembed.FIRST, oembed.SECOND):
        api.say(oembed.path(number), oembed.answer(number))
