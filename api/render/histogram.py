"""The timeline's bars, laid out for an SVG that needs no viewBox: widths in percent, heights in pixels.

So it fills any screen while its text stays as large as the page's.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from api.render import formats
from api.search import Interval
from core import addresses, times

HEIGHT = 120
WIDEST = 5.0  # percent; two bars across a screen would look like walls
MOST_BARS = 400
_WIDTHS = {"hour": timedelta(hours=1), "day": timedelta(days=1), "week": timedelta(days=7)}
Link = Callable[[datetime, datetime], str]


@dataclass(frozen=True, slots=True)
class Bar:
    """`count` posts from `start` until `end`, of which `marked` have the highlighted topic."""

    start: datetime
    end: datetime
    count: int
    marked: int
    label: str
    href: str
    x: float
    width: float
    height: float
    marked_height: float


@dataclass(frozen=True, slots=True)
class Event:
    """A reference on the time axis; `width` is more than 0 where only its month or year is known."""

    number: int
    title: str
    date: str
    url: str | None
    note: str
    verified: bool
    x: float | None
    width: float
    place: str


@dataclass(frozen=True, slots=True)
class Chart:
    bars: list[Bar]
    events: list[Event]
    ticks: list[tuple[float, str, str]]
    peak: int
    interval: Interval
    first: str
    last: str


def interval_for(first: datetime, last: datetime) -> Interval:
    """The finest that gives at most some 120 bars."""
    spread = last - first
    if spread <= timedelta(days=4):
        return "hour"
    if spread <= timedelta(days=100):
        return "day"
    return "week" if spread <= timedelta(days=800) else "month"


def floor(at: datetime, interval: Interval) -> datetime:
    day = times.utc(at).replace(hour=0, minute=0, second=0, microsecond=0)
    match interval:
        case "hour":
            return times.utc(at).replace(minute=0, second=0, microsecond=0)
        case "day":
            return day
        case "week":
            return day - timedelta(days=day.weekday())
        case "month":
            return day.replace(day=1)


def after(start: datetime, interval: Interval) -> datetime:
    """The start of the next bucket."""
    if interval != "month":
        return start + _WIDTHS[interval]
    return (start.replace(day=28) + timedelta(days=4)).replace(day=1)


def chart(
    items: Sequence[dict[str, Any]],
    interval: Interval,
    references: Sequence[dict[str, Any]],
    link: Link,
    highlight: str,
    since: datetime | None = None,
    until: datetime | None = None,
) -> Chart | None:
    """None if there is nothing to draw. Empty buckets between are drawn as such."""
    counts = {floor(times.parse(item["start"]), interval): item for item in items if item["count"]}
    starts = _starts(counts, interval, since, until)
    if not starts:
        return None
    peak = max((item["count"] for item in counts.values()), default=0)
    width = 100 / len(starts)
    bars = [
        _bar(start, counts.get(start), n * width, width, peak, interval, link, highlight)
        for n, start in enumerate(starts)
    ]
    first, last = bars[0].start, bars[-1].end
    return Chart(
        bars=bars,
        events=_events(references, first, last),
        ticks=_ticks(bars, interval),
        peak=peak,
        interval=interval,
        first=formats.day(first),
        last=formats.day(last - timedelta(seconds=1)),
    )


def _starts(
    counts: dict[datetime, Any], interval: Interval, since: datetime | None, until: datetime | None
) -> list[datetime]:
    """Every bucket of the range asked for, or, where that is open or too wide, of the posts in it."""
    if not counts:
        return []
    wide = [floor(since, interval)] if since else []
    first = min([*wide, min(counts)])
    last = max(counts)
    end = max(last, floor(until - timedelta(microseconds=1), interval)) if until else last
    found = _walk(first, end, interval)
    return found if len(found) <= MOST_BARS else _walk(min(counts), last, interval)


def _walk(first: datetime, last: datetime, interval: Interval) -> list[datetime]:
    found = [first]
    while found[-1] < last and len(found) <= 4 * MOST_BARS:
        found.append(after(found[-1], interval))
    return found


def _bar(
    start: datetime,
    item: dict[str, Any] | None,
    x: float,
    width: float,
    peak: int,
    interval: Interval,
    link: Link,
    highlight: str,
) -> Bar:
    count = item["count"] if item else 0
    marked = item["topics"].get(highlight, 0) if item else 0
    end = after(start, interval)
    scale, drawn = HEIGHT / max(1, peak), min(WIDEST, width * 0.86)
    return Bar(
        start=start,
        end=end,
        count=count,
        marked=marked,
        label=_name(start, interval),
        href=link(start, end),
        x=round(x + (width - drawn) / 2, 4),
        width=round(drawn, 4),
        height=round(max(2.0, count * scale), 2) if count else 0,
        marked_height=round(max(2.0, marked * scale), 2) if marked else 0,
    )


def _name(start: datetime, interval: Interval) -> str:
    match interval:
        case "hour":
            return formats.moment(start)
        case "day":
            return formats.day(start)
        case "week":
            return f"week of {formats.day(start)}"
        case "month":
            return formats.day(start).split(" ", 1)[1]


def _ticks(bars: list[Bar], interval: Interval) -> list[tuple[float, str, str]]:
    """Place, text and anchor: first, middle and last, which fit on a phone too."""
    last = len(bars) - 1
    places = [(0, 0.0, "start"), (last // 2, bars[last // 2].x, "middle"), (last, 100.0, "end")]
    chosen = places if last > 4 else places[::2] if last else [(0, 50.0, "middle")]
    return [(x, _name(bars[n].start, interval).removeprefix("week of "), anchor) for n, x, anchor in chosen]


def _events(references: Sequence[dict[str, Any]], first: datetime, last: datetime) -> list[Event]:
    ordered = sorted(references, key=lambda r: r["date"] or "9999")
    return [_event(number, row, first, last) for number, row in enumerate(ordered, 1)]


def _event(number: int, row: dict[str, Any], first: datetime, last: datetime) -> Event:
    x, width, place = None, 0.0, "its date is not known here"
    extent = _extent(row["date"])
    if extent:
        start, end = extent
        place = "before this range" if end <= first else "after this range" if start >= last else ""
        if not place:
            whole = (last - first).total_seconds()
            left, right = max(start, first), min(end, last)
            x = round((left - first).total_seconds() / whole * 100, 3)
            width = 0.0 if len(row["date"]) == 10 else round((right - left).total_seconds() / whole * 100, 3)
    return Event(
        number=number,
        title=row["title"],
        date=_date(row["date"]),
        url=addresses.safe_url(row["url"]),
        note=row["note"] or "",
        verified=row["verified"],
        x=x,
        width=width,
        place=place,
    )


def _extent(date: str | None) -> tuple[datetime, datetime] | None:
    """The day, month or year that a reference's date names; None if it has none, or one of no calendar."""
    parts = [int(part) for part in (date or "").split("-") if part.isdecimal()]
    try:
        year, month, day = [*parts, 1, 1][:3]
        start = datetime(year, month, day, tzinfo=UTC)
    except ValueError:
        return None
    if len(parts) == 3:
        return start, start + timedelta(days=1)
    return start, after(start, "month") if len(parts) == 2 else start.replace(year=start.year + 1)


def _date(date: str | None) -> str:
    extent = _extent(date)
    if not date or not extent:
        return "undated"
    full = formats.day(extent[0])
    return full.split(" ", 3 - len(date.split("-")))[-1] if len(date) < 10 else full
