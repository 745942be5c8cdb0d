"""Shares of topics by week as people see them: a row of small bars, what is usual, and a mark where one is not."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from api.render import formats
from core import times

HEIGHT = 28  # pixels
_LEAST = 1.5  # of a bar that stands for something
_WEEK = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Bar:
    """`x` and `width` in percent; `last` is the week that is judged."""

    x: float
    width: float
    height: float
    last: bool
    label: str


@dataclass(frozen=True, slots=True)
class Line:
    """One share of a source; `href` finds its posts."""

    name: str
    href_query: str
    share: str
    usual: str
    alarm: str | None
    bars: list[Bar]


@dataclass(frozen=True, slots=True)
class Drift:
    source: str
    week: str
    posts: int
    unusual: list[str]
    lines: list[Line]


def drifts(items: Sequence[dict[str, Any]], names: Mapping[str, str]) -> list[Drift]:
    """Sources with something to show; `names` are the topics' by slug."""
    return [_drift(item, names) for item in items]


def _drift(item: dict[str, Any], names: Mapping[str, str]) -> Drift:
    lines = [_line(item, share, names) for share in item["shares"]]
    return Drift(
        source=item["source"],
        week=formats.day(times.parse(item["last_week"])),
        posts=item["shares"][0]["posts"],
        unusual=[line.name for line in lines if line.alarm],
        lines=lines,
    )


def _line(item: dict[str, Any], share: dict[str, Any], names: Mapping[str, str]) -> Line:
    of = share["of"]
    slug = of.removeprefix("topic:")
    known = share["least"] is not None
    return Line(
        name="Unsure" if of == "unsure" else names.get(slug, slug),
        href_query=f"source:{item['source']} {'is:unsure' if of == 'unsure' else of}",
        share="–" if share["share"] is None else formats.percent(share["share"]),
        usual=f"{formats.percent(share['least'])} to {formats.percent(share['most'])}" if known else "",
        alarm={"high": "more than usual", "low": "less than usual", None: None}[share["alarm"]],
        bars=_bars(item, of),
    )


def _bars(item: dict[str, Any], of: str) -> list[Bar]:
    """From the first week with posts (or the last full one, if that has none) to the present one, not over yet."""
    weeks = {times.parse(week["start"]): week for week in item["weeks"]}
    last = times.parse(item["last_week"])
    first, end = min(*weeks, last), max(*weeks, last)
    starts = [first + n * _WEEK for n in range((end - first) // _WEEK + 1)]
    shares = {start: _part(week, of) for start, week in weeks.items()}
    peak, width = max(shares.values()) or 1.0, 100 / len(starts)
    return [
        Bar(
            x=round(n * width, 3),
            width=round(min(width * 0.8, 5.0), 3),
            height=round(max(_LEAST, shares[start] / peak * HEIGHT), 2) if shares.get(start) else 0.0,
            last=start == last,
            label=_label(start, weeks.get(start), of),
        )
        for n, start in enumerate(starts)
    ]


def _count(week: dict[str, Any], of: str) -> int:
    return int(week["unsure"] if of == "unsure" else week["topics"].get(of.removeprefix("topic:"), 0))


def _part(week: dict[str, Any], of: str) -> float:
    return _count(week, of) / int(week["posts"])


def _label(start: Any, week: dict[str, Any] | None, of: str) -> str:
    told = f"{_count(week, of)} of {week['posts']} posts" if week else "no posts"
    return f"Week of {formats.day(start)}: {told}"
