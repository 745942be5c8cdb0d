"""The page of one post: everything that is known of it, and how to cite it."""

from datetime import datetime
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request
from sqlmodel import Session
from starlette.responses import RedirectResponse, Response

from api import outgoing, pictures
from api.access import Caller, Reader
from api.alike import alike
from api.conditional import asked_at
from api.deps import Context, context, only
from api.render import formats
from api.render.as_of import AsOf
from api.render.cards import card, href
from api.render.echoes import SHOWN, others
from api.render.judging import may_judge, verdicts
from api.render.templates import page
from api.search import OnePost
from core import addresses, times
from core.errors import KleError
from db import captures, corrections, directory, posts, spread
from db.query import PostQuery

router = APIRouter(include_in_schema=False)
SIMILAR, LEAST = 5, 0.8  # posts that the page shows as similar, and how similar they must be
SHORT = 240  # code points of each


@router.get("/posts/{id:path}", dependencies=[only(OnePost)])
def one_post(request: Request, who: Reader, id: str, asked: Annotated[OnePost, Query()]) -> Response:  # noqa: A002
    moment = asked.moment()
    as_of = times.text(moment) if moment else None
    with context(request).database.read() as session:
        own = posts.resolve(session, id)
        if own != id:
            return RedirectResponse(href(own, as_of), status_code=308)
        post, today = posts.pair(session, own, moment)
        (post,) = pictures.told(session, [post], internal=who.internal)
        evidence = captures.of_versions(session, own) if who.internal else {}
        past = outgoing.versions(today, posts.versions(session, own, moment), who.audience)
        topics = directory.topics(session)
        said = corrections.said_by_models(session, own)
        group = spread.spread(session, posts.key_of(session, own), moment, SHOWN)
        near = _similar(session, context(request), own, who) if moment is None else []
    echoes = outgoing.echoes(group.items, group.today, group.echoes, group.asked, who.audience)
    near = [other for other in near if other["id"] not in {echo["id"] for echo in group.items}][:SIMILAR]
    post, names = outgoing.posts([post], [today], who.audience)[0], {t["slug"]: t["name"] for t in topics}
    shown = card(post, names, limit=None, as_of=as_of)
    judging = may_judge(who) and moment is None
    values = {
        "post": post,
        "as_of": AsOf.of(moment, asked_at(request)) if moment else None,
        "now": href(own),
        "back": f"/?{urlencode({'as_of': as_of})}" if as_of else "/",
        "names": names,
        "card": shown,
        "verdicts": verdicts(topics, shown.labels, said) if judging and not shown.erased else [],
        "echoes": others(echoes, group.told, own, as_of),
        "similar": [(card(other, names, SHORT), f"{other['similarity']:.2f}") for other in near],
        "versions": past[::-1],
        "captures": evidence,
        "links": [(url, addresses.safe_url(url)) for url in post["links"]],
        "media": [(item, addresses.safe_url(item["url"])) for item in post["media"]],
        "metrics": _metrics(post["metrics"]),
        "citation": _citation(post, past[-1]["digest"], moment),
    }
    return page(request, "post.html", values)


def _similar(session: Session, here: Context, own: str, who: Caller) -> list[dict[str, Any]]:
    """Nothing where nothing may be said, or nobody read it: a page is not refused for that."""
    try:
        found = alike(session, here, own, PostQuery(), 2 * SIMILAR, who)
    except KleError:
        return []
    return [post for post in found if post["similarity"] >= LEAST]


def _metrics(metrics: dict[str, Any] | None) -> list[tuple[str, int]]:
    """Only what the platform publishes."""
    return [(n, v) for n, v in (metrics or {}).items() if n != "observed_at" and v is not None]


def _citation(post: dict[str, Any], digest: str, as_of: datetime | None) -> str:
    """Id, place, time first seen and the digest of the version: enough to find it and to prove it."""
    when = formats.when(post).text
    author = (post["account"] or {}).get("name") or (post["account"] or {}).get("handle") or "Unknown author"
    address = addresses.safe_url(post["url"])
    place = f"Published at {address}, archived as" if address else "No public address is known; archived as"
    seen = formats.moment(post["first_seen_at"])
    known = f", as known on {formats.moment(as_of)}" if as_of else ""
    return f"{author}, {when}. {place} {post['id']}, first seen {seen}{known}; SHA-256 of this version: {digest}."
