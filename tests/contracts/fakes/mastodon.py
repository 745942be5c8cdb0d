"""Three pages of statuses."""

from typing import Any

from tests.collector.platforms import test_mastodon as mastodon
from tests.collector.platforms.api import Api


def options(url: str) -> dict[str, Any]:
    return {"account": "@office@social.example", "base_url": url}


def say(api: Api) -> None:
    api.say("/api/v1/accounts/lookup?acct=office", {"id": "109"})
    mastodon.shows(api, 60, 50, older=50)
    mastodon.shows(api, 40, 30, path=mastodon.LIST + "&max_id=50", older=30)
    mastodon.shows(api, 20, 10, path=mastodon.LIST + "&max_id=30")
    for number in range(10, 70, 10):
        api.say(f"/api/v1/statuses/{number}", mastodon.status(number))
