"""One post as the archive knew it at a moment: versions, tags, sightings and counts all name their time.

Its id is today's (an older one leads to it), and so are its account's name, actor and wishes: no history is kept of
them. Counts are those that were observed by then, also where an import told of them later.
"""

from collections.abc import Sequence
from datetime import datetime
from itertools import takewhile
from typing import Any

from sqlalchemy import and_, exists, or_, select
from sqlmodel import Session

from core import times
from core.errors import NotFound
from core.post import METRICS
from db import forms
from db.models import Account, Metrics, Post, Tag, Version
from db.upsert import table

_post, _version, _tag, _metrics = table(Post), table(Version), table(Tag), table(Metrics)
_account = table(Account)


def post(session: Session, key: int, moment: datetime) -> dict[str, Any]:
    """The post of this row key in the API's form. Raises NotFound if it was not known yet."""
    now = forms.posts(session, [key])[0]
    versions = _versions(session, key, moment)
    if not versions:
        seen = now["first_seen_at"]
        raise NotFound(f"{now['id']} was not known yet at {times.text(moment)}: it was first seen at {seen}")
    text, rows = versions[-1].text_sha256, forms.tag_rows(session, _tag.c.post_id == key, _in_force(moment))
    tags = [forms.tag_form(row, text) for row in rows]
    return {
        **now,
        **_said(session, key, versions[-1], now),
        "changed_at": times.text(versions[-1].seen_at),
        "deleted_at": _deleted_at(session, key, versions),
        "tags": tags,
        "tagging": "done" if _judged(session, versions[-1].id, moment) else "pending",
        "is_kle": forms.is_kle(tags),
        "versions": len(versions),
        "edits": sum(version.change == "edit" for version in versions),
        "metrics": _counts(session, key, moment),
        "sightings": [s for s in now["sightings"] if times.parse(s["seen_at"]) <= moment],
    }


def _versions(session: Session, key: int, moment: datetime) -> Sequence[Any]:
    known = select(_version).where(_version.c.post_id == key, _version.c.seen_at <= moment)
    return session.execute(known.order_by(_version.c.number)).all()


def _said(session: Session, key: int, version: Any, now: dict[str, Any]) -> dict[str, Any]:
    """What a version and the facts sealed with it tell."""
    facts = version.facts
    owner = select(_account.c.wishes).join_from(_post, _account).where(_post.c.id == key)
    wishes = session.execute(owner).scalar() or []
    return {
        **{name: facts[name] for name in ("url", "kind", "lang", "created_at", "synthetic")},
        "created_at_precision": facts["precision"],
        "account": now["account"] if facts["account"] else None,
        "text": version.text,
        "links": version.links,
        "media": version.media,
        "labels": list(dict.fromkeys([*facts["labels"], *wishes])),
    }


def _deleted_at(session: Session, key: int, versions: Sequence[Any]) -> str | None:
    """When it was first seen to be gone, if it was at the last of these versions."""
    gone = list(takewhile(lambda version: version.change == "delete", reversed(versions)))
    first = versions[0]
    if len(gone) == len(versions) - 1 and _was_gone_at_first(session, key, first):
        gone.append(first)
    return times.text(gone[-1].seen_at) if gone else None


def _was_gone_at_first(session: Session, key: int, first: Any) -> bool:
    """Sealed with the version; of versions before 0003 the post's row tells, or that it came back."""
    if first.facts.get("deleted"):
        return True
    row = exists().where(_post.c.id == key, _post.c.deleted_at == first.seen_at)
    back = exists().where(_version.c.post_id == key, _version.c.number == 2, _version.c.change == "restore")
    return bool(session.execute(select(or_(row, back))).scalar())


def _in_force(moment: datetime) -> Any:
    return and_(_tag.c.valid_from <= moment, or_(_tag.c.valid_to.is_(None), _tag.c.valid_to > moment))


def _judged(session: Session, version_id: int, moment: datetime) -> bool:
    by_model = _tag.c.version_id == version_id, _tag.c.model_id.is_not(None), _tag.c.valid_from <= moment
    return session.execute(select(_tag.c.id).where(*by_model).limit(1)).first() is not None


def _counts(session: Session, key: int, moment: datetime) -> dict[str, Any] | None:
    """The newest of each kind; what a look did not count stays as it was known."""
    seen = select(_metrics).where(_metrics.c.post_id == key, _metrics.c.observed_at <= moment)
    rows = session.execute(seen.order_by(_metrics.c.observed_at.desc())).all()
    if not rows:
        return None
    told = {name: [getattr(row, name) for row in rows if getattr(row, name) is not None] for name in METRICS}
    newest = {name: values[0] if values else None for name, values in told.items()}
    return {**newest, "observed_at": times.text(rows[0].observed_at)}
