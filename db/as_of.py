"""Posts as the archive knew them at a moment: versions, tags, sightings and counts all name their time.

Their ids are today's (an older one leads to it), and so are their accounts' names, actors and wishes: no history is
kept of them. Counts are those that were observed by then, also where an import told of them later. What was erased
since is not told.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import takewhile
from typing import Any

from sqlalchemy import func, select
from sqlmodel import Session

from core import times
from core.errors import NotFound
from core.post import METRICS
from db import forms, then
from db.models import Account, Erasure, Metrics, Post, Tag, Version
from db.until import seen_until
from db.upsert import table

_post, _version, _tag, _metrics = table(Post), table(Version), table(Tag), table(Metrics)
_account, _erasure = table(Account), table(Erasure)
Item = dict[str, Any]
Rows = Mapping[int, Sequence[Any]]  # by post, in order


def post(session: Session, key: int, moment: datetime) -> tuple[Item, Item]:
    """The post of this row key in the API's form, and as it is now. Raises NotFound if it was not known yet."""
    for pair in posts(session, [key], moment):
        return pair
    now = forms.posts(session, [key])[0]
    seen = now["first_seen_at"]
    raise NotFound(f"{now['id']} was not known yet at {times.text(moment)}: it was first seen at {seen}")


def posts(session: Session, keys: Sequence[int], moment: datetime) -> list[tuple[Item, Item]]:
    """The posts of these row keys that were known, in the order of the keys: as they were, and as they are now."""
    if not keys:
        return []
    today = dict(zip(keys, forms.posts(session, keys), strict=True))
    history = _history(session, keys)
    known = {key: [row for row in history[key] if row.seen_at <= moment] for key in keys}
    last = {key: _last(rows) for key, rows in known.items() if rows}
    said = _said(session, list(last.values()))
    tags, counts = _tags(session, keys, moment), _counts(session, keys, moment)
    judged = _judged(session, list(said.values()), moment)
    gone = {key: at for key in last if (at := _gone_at(known[key], history[key], today[key]))}
    until = seen_until(session, gone)
    found = []
    for key, version_id in last.items():
        version = said[version_id]
        labelled = [forms.tag_form(row, version.text_sha256) for row in tags[key]]
        now = today[key]
        was = {
            **now,
            **_of_version(version, now),
            "changed_at": times.text(version.seen_at),
            "deleted_at": times.text(gone[key]) if key in gone else None,
            "seen_until": times.text(until[key]) if key in until else None,
            "tags": labelled,
            "tagging": "done" if version_id in judged else "pending",
            "is_kle": forms.is_kle(labelled),
            "versions": len(known[key]),
            "edits": sum(row.change == "edit" for row in known[key]),
            "metrics": counts.get(key),
            "sightings": [s for s in now["sightings"] if times.parse(s["seen_at"]) <= moment],
        }
        found.append((was, now))
    return found


def _history(session: Session, keys: Sequence[int]) -> Rows:
    """What every version was, without its text; the later ones too."""
    columns = _version.c.id, _version.c.post_id, _version.c.number, _version.c.change, _version.c.seen_at
    gone = _version.c.facts["deleted"].as_boolean().label("gone")
    statement = select(*columns, gone).where(_version.c.post_id.in_(keys)).order_by(_version.c.number)
    return _by_post(session.execute(statement))


def _by_post(rows: Any) -> Rows:
    found: dict[int, list[Any]] = defaultdict(list)
    for row in rows:
        found[row.post_id].append(row)
    return found


def _last(known: Sequence[Any]) -> int:
    """The version that was current; one that came late never was."""
    return int(next(row.id for row in reversed(known) if row.change != "late"))


def _said(session: Session, version_ids: Sequence[int]) -> dict[int, Any]:
    """These versions, each with its account's wishes of today, and with its erasure."""
    statement = (
        select(_version, _account.c.wishes, *forms.ERASED)
        .join_from(_version, _post, _post.c.id == _version.c.post_id)
        .join(_account, _account.c.id == _post.c.account_id, isouter=True)
        .join(_erasure, _erasure.c.id == _version.c.erasure_id, isouter=True)
        .where(_version.c.id.in_(version_ids))
    )
    return {row.id: row for row in session.execute(statement)}


def _of_version(version: Any, now: Item) -> Item:
    """What a version and the facts sealed with it tell; an erased one keeps few."""
    facts = version.facts
    labels = [*facts.get("labels", ()), *(version.wishes or ())]
    return {
        **{name: facts.get(name) for name in ("url", "kind", "lang", "created_at", "synthetic")},
        "created_at_precision": facts["precision"],
        "account": now["account"] if facts["account"] else None,
        "text": None if version.erasure_id else version.text,
        "erasure": forms.erased(version) if version.erasure_id else None,
        "links": version.links,
        "media": forms.media(version.media),
        "labels": list(dict.fromkeys(labels)),
    }


def _gone_at(known: Sequence[Any], history: Sequence[Any], now: Item) -> datetime | None:
    """When it was first seen to be gone, if it was at the last of these versions."""
    told = [row for row in known if row.change != "late"]
    gone = list(takewhile(lambda row: row.change == "delete", reversed(told)))
    if len(gone) == len(told) - 1 and _was_gone_at_first(told[0], history, now):
        gone.append(told[0])
    return gone[-1].seen_at if gone else None


def _was_gone_at_first(first: Any, history: Sequence[Any], now: Item) -> bool:
    """Sealed with the version; of versions before 0003 the post's row tells, or that it came back."""
    back = any(row.number == 2 and row.change == "restore" for row in history)
    return bool(first.gone or back or now["deleted_at"] == times.text(first.seen_at))


def _tags(session: Session, keys: Sequence[int], moment: datetime) -> Rows:
    return _by_post(forms.tag_rows(session, _tag.c.post_id.in_(keys), then.in_force(moment)))


def _judged(session: Session, versions: Sequence[Any], moment: datetime) -> set[int]:
    """Those that a model had read. Of one that found no topic to judge nobody can tell when it read."""
    by_model = _tag.c.version_id.in_([row.id for row in versions]), _tag.c.model_id.is_not(None)
    first = select(_tag.c.version_id, func.min(_tag.c.valid_from)).where(*by_model).group_by(_tag.c.version_id)
    read = {row[0]: row[1] for row in session.execute(first)}
    return {row.id for row in versions if (read[row.id] <= moment if row.id in read else row.tag_priority is None)}


def _counts(session: Session, keys: Sequence[int], moment: datetime) -> dict[int, Item]:
    """The newest of each kind; what a look did not count stays as it was known."""
    seen = select(_metrics).where(_metrics.c.post_id.in_(keys), _metrics.c.observed_at <= moment)
    rows = _by_post(session.execute(seen.order_by(_metrics.c.observed_at)))
    return {key: _newest(counted) for key, counted in rows.items()}


def _newest(counted: Sequence[Any]) -> Item:
    newest: Item = dict.fromkeys(METRICS)
    for row in counted:
        newest |= {name: getattr(row, name) for name in METRICS if getattr(row, name) is not None}
    return {**newest, "observed_at": times.text(counted[-1].observed_at)}
