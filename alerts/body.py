"""What a message says, as JSON: fixed before its first try, and what mails and chats are made of too.

Posts leave by the terms for outsiders (`core.terms`), whoever subscribed: a message is out of our hands.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlmodel import Session

from alerts.digest import digest
from alerts.links import Links
from alerts.same import groups
from core import terms, times
from db import entries, forms

Body = dict[str, Any]
Post = dict[str, Any]
Why = Sequence[Mapping[str, Any]]  # as `db.models.Told` has it
MATCHED, TEST, CONFIRM, PAUSED = "alert.matched", "alert.test", "subscription.confirm", "channel.paused"


def of_posts(
    session: Session, alert: Any, rows: Iterable[Any], named: Mapping[int, str], links: Links, now: datetime,
    *, late: bool = False,
) -> Body:  # fmt: skip
    """`rows` have post_id, edition and why (`db.models.Told`); `named` leads from alerts to their names."""
    by_post: dict[int, list[Any]] = {}
    for row in rows:
        by_post.setdefault(row.post_id, []).append(row)
    inside = dict(zip(sorted(by_post), forms.posts(session, sorted(by_post)), strict=True))
    names = entries.topic_names(session)
    told = [told_post(inside[key], found, named, names, links) for key, found in by_post.items()]
    told.sort(key=lambda post: (times.parse(post["created_at"]), post["id"]), reverse=True)
    laid_out = digest(told, groups(list(inside.values())), names)
    return message(MATCHED, alert, links, now, late=late, posts=told, digest=laid_out)


def message(kind: str, alert: Any, links: Links, now: datetime, **data: Any) -> Body:
    """The frame that all messages have."""
    return {"type": kind, "timestamp": times.text(now), "data": {"alert": of_alert(alert, links), **data}}


def of_alert(alert: Any, links: Links) -> Body:
    said = {"id": alert.id, "name": alert.name, "query": alert.query, "cadence": alert.cadence}
    return {**said, "url": links.alert(alert.id)}


def told_post(
    post: Post, rows: Sequence[Any], named: Mapping[int, str], names: Mapping[str, str], links: Links
) -> Post:
    edited = any(row.edition for row in rows)
    why = {one["alert"]: one for row in rows for one in row.why}
    leaving = terms.apply(post, "public")
    return {**leaving, "page": links.post(post["id"]), "edited": edited,
            "reasons": told_reasons(leaving, list(why.values()), named, names, links)}  # fmt: skip


def told_reasons(
    post: Post, why: Why, named: Mapping[int, str], names: Mapping[str, str], links: Links
) -> list[dict[str, Any]]:
    """`post` as it leaves; each reason with a sentence, and with the evidence that may leave."""
    found = []
    for one in why:
        of = {"id": one["alert"], "name": named.get(one["alert"], "")}
        for reason in one["reasons"]:
            shown = {**reason, **_of_topic(post, reason, names, links)} if reason["kind"] == "topic" else reason
            found.append({"alert": of, **shown, "text": _sentence(shown)})
    return found


def _of_topic(post: Post, reason: Mapping[str, Any], names: Mapping[str, str], links: Links) -> dict[str, Any]:
    """The tag as it stands when the message is made; where it stands no more, as it was when it matched."""
    slug = reason["topic"]
    tag = next((tag for tag in post["tags"] if tag["topic"] == slug), None)
    place = tag["evidence"] if tag else None
    quoted = post["text"][place["start"] : place["end"]] if place and post["text"] else None
    said = {name: tag[name] for name in ("probability", "decision", "model", "by")} if tag else {}
    return {
        **said,
        "name": names.get(slug, slug),
        "evidence": {**place, "text": quoted} if place else None,
        "link": links.evidence(post["id"], slug),
    }


def _sentence(reason: Mapping[str, Any]) -> str:
    match reason["kind"]:
        case "words":
            return f"It has the words {reason['words']}."
        case "topic":
            return _of_tag(reason)
        case "account":
            return f"{reason['account']} published it."
        case "actor":
            return f"An account of {reason['actor']} published it."
        case "filter":
            return f"{reason['filter']} holds."
    return "The alert takes every post."


def _of_tag(reason: Mapping[str, Any]) -> str:
    said = "A person tagged it" if reason["by"] == "person" else "Tagged"
    said = said if reason["decision"] == "tagged" else "Perhaps about"
    evidence = reason["evidence"]
    quoted = f": “{evidence['text']}”" if evidence and evidence["text"] else "."
    share = int(reason["probability"] * 100) / 100  # nothing is certain: 0.998 is no 1.00
    return f"{said} {reason['name']}, probability {share:.2f}{quoted}"
