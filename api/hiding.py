"""Alerts for who may read them and no more: who hears of them is left out."""

import re
from collections.abc import Iterable
from typing import Any

from sqlmodel import Session

from alerts import showing
from api.access import Caller

_ADDRESS = re.compile(r"[^\s<>()\"']+@[^\s<>()\"']+|https?://[^\s<>()\"']+")


def told_of(session: Session, who: Caller, rows: Iterable[Any]) -> list[dict[str, Any]]:
    """These alerts as the API shows them; `shown` of a channel is null for who sees no addresses."""
    told = showing.told_of(session, rows)
    if who.sees_addresses:
        return told
    return [{**alert, "channels": [{**one, "shown": None} for one in alert["channels"]]} for alert in told]


def answer(who: Caller, said: str | None) -> str | None:
    """What a receiver answered: mail servers repeat the address that they were asked for."""
    return said if said is None or who.sees_addresses else _ADDRESS.sub("…", said)
