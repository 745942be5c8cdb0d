"""A search, then each asset's whole text."""

from typing import Any

from tests.collector.platforms import test_dvids as dvids
from tests.collector.platforms.api import Api

ABSENT = ("/asset?",)


def options(url: str) -> dict[str, Any]:
    return {"query": "example", "types": ["news"], "key": dvids.KEY, "base_url": url}


def say(api: Api) -> None:
    dvids.results(api, dvids.SEARCH + "&page=1", dvids.minutes(3, 1))
    for asset in dvids.minutes(3, 1):
        number = int(asset["id"].removeprefix("news:"))
        dvids.results(api, dvids.asset(number), {**asset, "body": f"The whole text of {number}."})
