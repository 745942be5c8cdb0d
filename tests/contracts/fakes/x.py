"""A timeline of two pages, as long as there is money for it."""

from typing import Any

from tests.collector.platforms.api import Api
from tests.collector.platforms.x_server import X, made

OPTIONS = {
    "account": "@office_example",
    "token": "token-of-nobody",
    "accept_terms": True,
    "daily_budget_usd": 1000.0,
}


def options(url: str) -> dict[str, Any]:
    return {**OPTIONS, "base_url": url}


def say(api: Api) -> None:
    X(api).shows(*(made(n) for n in range(130)))
