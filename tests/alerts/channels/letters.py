"""Letters to send: invented, and the same each time."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from alerts.channel import Letter, Office
from core.settings import Settings

KEY = "msg_2f7Zc0ffee"
BODY: dict[str, Any] = {
    "type": "alert.matched",
    "timestamp": "2026-09-01T12:00:00Z",
    "data": {
        "alert": {
            "id": 7,
            "name": "Reform",
            "query": "reform",
            "cadence": "at_once",
            "url": "https://kle.example.org/alerts/7",
        },
        "late": False,
        "posts": [],
        "digest": [],
    },
}


def letter(to: str, **other: Any) -> Letter:
    made = Letter(KEY, "posts", "en", to, BODY, datetime.now(UTC).replace(microsecond=0))
    return replace(made, **other)


def office(**settings: Any) -> Office:
    """One that may reach this machine, whatever name is asked for."""
    known = {"allow_private_networks": "127.0.0.0/8", "base_url": "https://kle.example.org", **settings}
    return Office.of(Settings(**known), lambda host, port: ["127.0.0.1"])
