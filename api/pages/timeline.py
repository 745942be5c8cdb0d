"""The page `/`: search, filters, histogram and posts. Every control is a link or a form, no script is needed."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from sqlmodel import Session
from starlette.responses import Response

from api import outgoing, snippets, subscribing
from api.access import Caller, Reader
from api.conditional import asked_at
from api.deps import context, only
from api.render import formats
from api.render.as_of import AsOf
from api.render.cards import card
from api.render.histogram import Chart, chart, interval_for
from api.render.judging import may_judge
from api.render.links import SearchLinks
from api.render.templates import page
from api.search import Filters, PostSearch
from core import times
from core.errors import BadRequest, QueryError
from db import corrections, counts, coverage, directory, posts
from db.language import wanted
from db.query import PostQuery

router = APIRouter(include_in_schema=False)
HIGHLIGHT = "key_leader_engagement"
PAGE_SIZE = 30


@router.get("/", dependencies=[only(PostSearch)])
def timeline(request: Request, who: Reader, search: Annotated[PostSearch, Query()]) -> Response:
    """An empty field of the form is no filter; a query that does not parse is shown with its place marked."""
    chosen = {name: [v for v in values if v] for name, values in search.chosen().items()}
    empty: dict[str, Any] = {name: None for name, values in chosen.items() if not values and name != "q"}
    search = search.model_copy(update={**empty, "topic": chosen.get("topic", [])})
    links = SearchLinks({name: values for name, values in chosen.items() if values} | _order(search))
    with context(request).database.read() as session:
        frame = _frame(session, search, links)
        try:
            found = _found(request, session, search, links, who, frame) | _review(request, session, search, who)
        except BadRequest as error:
            return page(request, "timeline.html", {**frame, **_failed(error, search)}, status=error.status)
    return page(request, "timeline.html", {**frame, **found, "error": None})


def _order(search: PostSearch) -> dict[str, list[str]]:
    return {} if search.sort == "newest" else {"sort": [search.sort]}


def _frame(session: Session, search: PostSearch, links: SearchLinks) -> dict[str, Any]:
    """What the page has whether the search succeeds or not."""
    topics = directory.topics(session)
    return {
        "search": search,
        "links": links,
        "topics": topics,
        "names": {t["slug"]: t["name"] for t in topics},
        "references": directory.references(session),
        "as_of": None,
    }


def _found(
    request: Request, session: Session, search: PostSearch, links: SearchLinks, who: Caller, frame: dict[str, Any]
) -> dict[str, Any]:
    query, here, now = search.query(), context(request), asked_at(request)
    as_of = times.text(query.as_of) if query.as_of else None
    result = posts.page(
        session, query, search.sort, PAGE_SIZE, search.cursor, meaning=here.meaning, reads=here.reads
    )
    looked = outgoing.coverage(coverage.coverage(session, query, now), who.audience)
    wanted = snippets.wanted(query)
    return {
        "alert": replace(links, path="/alerts/new").to(sort=None, as_of=None) if who.internal else None,
        "export": links.at("/exports/new") if who.internal else None,
        "mailed": query.written() if subscribing.may_ask(request, who) else None,
        "as_of": AsOf.of(query.as_of, now) if query.as_of else None,
        "orders": _orders(query),
        "cards": [
            card(post, frame["names"], as_of=as_of, wanted=wanted)
            for post in outgoing.posts(result.items, result.today, who.audience)
        ],
        "next": links.to(cursor=result.next_cursor) if result.next_cursor else None,
        "first": links.to(cursor=None) if search.cursor else None,
        "total": result.total,
        "facets": counts.facets(session, query, 12),
        "known": _known(session, search) if not result.items else {},
        "looked": Looked.of(looked),
        "chart": _chart(session, search, query, links, frame["references"]),
    }


def _orders(query: PostQuery) -> list[tuple[str, str]]:
    """What this search can be ordered by, with its title."""
    relevant = [("relevance", "Relevance")] if wanted(query.tree) and not query.as_of else []
    return [
        ("newest", "Newest"),
        ("oldest", "Oldest"),
        *relevant,
        ("likes", "Most liked"),
        ("views", "Most seen"),
        *([] if query.as_of else [("uncertain", "Most uncertain")]),
    ]


def _review(request: Request, session: Session, search: PostSearch, who: Caller) -> dict[str, Any]:
    """How many posts wait for a person's word, and in that list what its forms carry."""
    here = f"{request.url.path}?{request.url.query}"
    judging = may_judge(who) and search.sort == posts.UNCERTAIN
    return {
        "waiting": corrections.waiting(session) if who.internal and not search.as_of else 0,
        "reviewing": {"csrf": who.csrf, "back": here} if judging else None,
    }


def _known(session: Session, search: Filters) -> dict[str, list[dict[str, Any]]]:
    """Where nothing was found with such a filter: the values that it could have, lest one be misspelt."""
    used = [name for name in ("platform", "lang") if getattr(search, name)]
    everything = counts.facets(session, PostQuery.build("", as_of=search.as_of), 50) if used else {}
    return {name: everything[name] for name in used}


def _chart(
    session: Session, search: Filters, query: PostQuery, links: SearchLinks, references: list[dict[str, Any]]
) -> Chart | None:
    months = counts.timeline(session, query, "month")
    filled = [times.parse(item["start"]) for item in months if item["count"]]
    if not filled:
        return None
    first = max(filled[0], query.since) if query.since else filled[0]
    last = min(filled[-1] + timedelta(days=31), query.until) if query.until else filled[-1] + timedelta(days=31)
    interval = interval_for(first, last)
    items = months if interval == "month" else counts.timeline(session, query, interval)
    highlight = search.topic[0] if search.topic else HIGHLIGHT

    def link(start: datetime, end: datetime) -> str:
        return links.to(since=_written(start), until=_written(end))

    return chart(items, interval, references, link, highlight, query.since, query.until)


def _written(at: datetime) -> str:
    return at.date().isoformat() if at.hour == 0 else times.text(at)


def _failed(error: BadRequest, search: PostSearch) -> dict[str, Any]:
    """The message, and where in the query the trouble begins."""
    marked = None
    if isinstance(error, QueryError) and search.q and error.position <= len(search.q):
        at = error.position
        marked = (search.q[:at], search.q[at : at + 1], search.q[at + 1 :])
    return {"error": error.message, "marked": marked, "expected": error.extra.get("expected", [])}


@dataclass(frozen=True, slots=True)
class Looked:
    """Coverage in one line: since when and how often, through how many sources, when last, and what was missed.

    `followed`: a source could have shown what was asked for.
    """

    followed: bool
    since: str | None
    runs: int
    sources: int
    last: str | None
    complete: bool
    note: str
    gaps: list[tuple[str, str, str, str]]

    @classmethod
    def of(cls, looked: dict[str, Any]) -> "Looked":
        rows = looked["sources"]
        lasts = [row["last_ok_at"] for row in rows if row["last_ok_at"]]
        return cls(
            followed=bool(rows),
            since=formats.day(times.parse(looked["from"])) if looked["from"] else None,
            runs=sum(row["ok"] for row in rows),
            sources=sum(row["ok"] > 0 for row in rows),
            last=max(lasts, key=times.parse) if lasts else None,
            complete=looked["complete"],
            note=looked["note"],
            gaps=[(row["source"], gap["from"], gap["until"], gap["reason"]) for row in rows for gap in row["gaps"]],
        )
