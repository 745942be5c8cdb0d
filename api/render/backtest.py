"""What an alert would have sent, as its form shows it: bars by day, figures, examples with their reasons."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from api.render import formats
from api.render.cards import Card, card
from api.render.histogram import Chart, chart
from api.render.links import SearchLinks

_SPOKEN = 10  # newest messages of a rule that are shown
_LENGTH = 280  # code points of an example
_LATE = "late"  # among the counts of a day, where a histogram has topics


@dataclass(frozen=True, slots=True)
class Backtest:
    """`days` are (day, posts, late, messages) of those with any, the newest first; `spoken` what a rule would have
    said, and when."""

    posts: int
    messages: int
    late: int
    span: int
    busiest: str
    chart: Chart | None
    days: list[tuple[str, int, int, int]]
    examples: list[tuple[Card, list[str]]]
    spoken: list[tuple[str, str]]
    note: str

    @classmethod
    def of(cls, found: dict[str, Any], query: str, names: Mapping[str, str]) -> "Backtest":
        days = found["per_day"]
        busiest = found["busiest"]
        return cls(
            posts=found["posts"],
            messages=found["messages"],
            late=found["late"],
            span=found["days"],
            busiest=f"{formats.day(_noon(busiest['date']))} with {_posts(busiest['posts'])}" if busiest else "",
            chart=_chart(days, query),
            days=[
                (formats.day(_noon(day["date"])), day["posts"], day["late"], day["messages"])
                for day in reversed(days)
                if day["posts"] or day["messages"]
            ],
            examples=[
                (card(post, names, _LENGTH), [reason["text"] for reason in post["reasons"]])
                for post in found["examples"]
            ],
            spoken=[(formats.moment(one["at"]), one["explained"]) for one in reversed(found["spoken"][-_SPOKEN:])],
            note=found["note"],
        )


def _chart(days: list[dict[str, Any]], query: str) -> Chart | None:
    if not days:
        return None
    links = SearchLinks({"q": [query]} if query else {})

    def link(start: datetime, end: datetime) -> str:
        return links.to(since=start.date().isoformat(), until=end.date().isoformat())

    items = [{"start": f"{d['date']}T00:00:00Z", "count": d["posts"], "topics": {_LATE: d["late"]}} for d in days]
    first, last = _noon(days[0]["date"]), _noon(days[-1]["date"])
    return chart(items, "day", [], link, _LATE, first, last + timedelta(hours=1))


def _posts(count: int) -> str:
    return "1 post" if count == 1 else f"{formats.number(count)} posts"


def _noon(day: str) -> datetime:
    at = date.fromisoformat(day)
    return datetime(at.year, at.month, at.day, 12, tzinfo=UTC)
