"""Everything that the archive knew of posts at a moment: as they were, each version, decision, count and sighting.

Releases are made of it, and `as_of` shows the first part of it. Ids are today's (an older one leads to it), and so
are accounts' names, actors and wishes: no history is kept of them. Counts are those that were observed by then,
also where an import told of them later. What was erased since is not told.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import takewhile
from typing import Any

from sqlalchemy import func, select
from sqlmodel import Session

from core import ids, times
from core.errors import NotFound
from core.post import METRICS
from db import forms
from db.history import History, Names
from db.models import Tag
from db.query import PostQuery, selection
from db.until import seen_until
from db.upsert import among, table

SLICE = 1000
_tag = table(Tag)
Item = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Whole:
    """One post. `was`: in the API's form, as of the moment; `today`: what the terms of today go by, its sightings
    and labels. `versions`, `tags` (with "version", "valid_from", "valid_to") and `metrics` are all that was known;
    `topics` has the decision in force on each topic that was judged: (probability, decision). `text_sha256` is of
    the text in `was`, also where that was erased."""

    key: int
    was: Item
    today: Item
    text_sha256: str
    versions: list[Item]
    tags: list[Item]
    topics: dict[str, tuple[float, str]]
    metrics: list[Item]


def pair(session: Session, key: int, moment: datetime) -> tuple[Item, Item]:
    """The post of this row key as it was, and by what it leaves today. Raises NotFound if it was not known yet."""
    for found in pairs(session, [key], moment):
        return found
    now = forms.posts(session, [key])[0]
    seen = now["first_seen_at"]
    raise NotFound(f"{now['id']} was not known yet at {times.text(moment)}: it was first seen at {seen}")


def pairs(session: Session, keys: Sequence[int], moment: datetime) -> list[tuple[Item, Item]]:
    """As `pair`, of those of these row keys that were known, in the order of the keys."""
    return [(post.was, {**post.was, **post.today}) for post in read(session, keys, moment)]


def slices(session: Session, query: PostQuery, size: int = SLICE) -> Iterator[list[Whole]]:
    """Every match of a query that has a moment, in the order of row keys, `size` at a time."""
    assert query.as_of
    for keys in key_slices(session, query, size):
        yield read(session, keys, query.as_of)


def key_slices(session: Session, query: PostQuery, size: int = SLICE) -> Iterator[list[int]]:
    """The row keys of every match, oldest first, `size` at a time."""
    found, after = selection(session, query), None
    while True:
        keys = list(session.execute(found.by_key(newest=False, place=after, limit=size)).scalars())
        if keys:
            yield keys
        if len(keys) < size:
            return
        after = keys[-1]


def read(session: Session, keys: Sequence[int], moment: datetime) -> list[Whole]:
    """The posts of these row keys that were known, in the order of the keys."""
    if not keys:
        return []
    history, names = History.of(session, keys, moment), Names.of(session)
    current = {key: row for key in keys if (row := _last(history.versions.get(key, ())))}
    judged = _judged(session, current, history, moment)
    gone = {key: at for key in current if (at := _gone_at(history.versions[key], history.posts[key].deleted_at))}
    until = seen_until(session, {key: times.parse(at) for key, at in gone.items()})
    told = _Told(history, names)
    return [told.whole(key, current[key], gone.get(key), until.get(key), key in judged) for key in current]


@dataclass(frozen=True, slots=True)
class _Told:
    """Rows -> the forms of one post. What a version and the facts sealed with it tell; an erased one keeps few."""

    history: History
    names: Names

    def whole(self, key: int, current: Any, gone: str | None, until: datetime | None, judged: bool) -> Whole:
        post, sighted = self.history.posts[key], self.history.sightings.get(key, [])
        counted = self.history.counts.get(key, ())
        known = [row for row in self.history.versions[key] if row.known]
        by_id = {row.id: row for row in known}
        ranked = sorted(self.history.tags.get(key, ()), key=self.names.rank)
        in_force = [self._tag(row, by_id, current.text_sha256) for row in ranked if not row.ended]
        sightings = [_sighting(row) for row in sighted]
        facts = current.facts
        was = {  # in the order of `forms.posts`
            "id": ids.public_id(post.platform, post.platform_id),
            "platform": post.platform,
            "platform_id": post.platform_id,
            **{name: facts.get(name) for name in ("url", "kind")},
            "account": _account(post) if facts["account"] and post.handle else None,
            "text": None if current.erasure_id else current.text,
            "lang": facts.get("lang"),
            "created_at": facts.get("created_at"),
            "created_at_precision": facts["precision"],
            "synthetic": facts.get("synthetic"),
            "first_seen_at": post.first_seen_at,
            "changed_at": current.seen_at,
            "deleted_at": gone,
            "seen_until": times.text(until) if until else None,
            "media": forms.media(current.media),
            "links": current.links,
            "tags": in_force,
            "tagging": "done" if judged else "pending",
            "is_kle": forms.is_kle(in_force),
            "versions": len(known),
            "edits": sum(row.change == "edit" for row in known),
            "repeats": post.repeats,
            "metrics": _newest(counted) if counted else None,
            "labels": _labels(facts.get("labels", ()), post.wishes),
            "sightings": [seen for seen, row in zip(sightings, sighted, strict=True) if row.known],
            "erasure": forms.erased(current) if current.erasure_id else None,
        }
        today = {"sightings": sightings, "labels": _labels(post.labels, post.wishes)}
        return Whole(
            key,
            was,
            today,
            current.text_sha256,
            [_version(row) for row in known],
            self._long(ranked, by_id),
            self._topics(key, in_force),
            [_counted(row) for row in counted],
        )

    def _tag(self, row: Any, by_id: Mapping[int, Any], text_sha256: str) -> Item:
        """Offsets into another text than the one shown, with this digest, mean nothing."""
        version = by_id[row.version_id]
        changed = version.text_sha256 != text_sha256
        spoken = row.evidence_start is not None and not changed
        return {
            "topic": self.names.topics[row.topic_id][0],
            "probability": round(row.probability, 4),
            "decision": row.decision,
            "model": self.names.models.get(row.model_id),
            "evidence": {"start": row.evidence_start, "end": row.evidence_end} if spoken else None,
            "by": "person" if row.model_id is None else "model",
            "correction": self._correction(row, version.number, changed) if row.model_id is None else None,
        }

    def _correction(self, row: Any, version: int, changed: bool) -> Item:
        said = self.history.said.get(row.id)
        return {
            "name": said and said.name,
            "key": said and said.credential_id,
            "note": said and said.note,
            "at": row.valid_from,
            "version": version,
            "text_changed": changed,
        }

    def _long(self, ranked: Sequence[Any], by_id: Mapping[int, Any]) -> list[Item]:
        """Version by version; what was closed after the moment nobody knew then that it would be."""
        rows = [
            {
                "version": by_id[row.version_id].number,
                **self._tag(row, by_id, by_id[row.version_id].text_sha256),
                "valid_from": row.valid_from,
                "valid_to": row.valid_to if row.ended else None,
            }
            for row in ranked
        ]
        return sorted(rows, key=_by_version) if len(by_id) > 1 else rows

    def _topics(self, key: int, in_force: Sequence[Item]) -> dict[str, tuple[float, str]]:
        slugs = self.names.topics
        nots = self.history.nots.get(key, ())
        found = {slugs[topic][0]: (round(probability, 4), "not") for _, _, topic, probability in nots}
        for tag in in_force:
            found[tag["topic"]] = (tag["probability"], tag["decision"])
        return found


def _by_version(row: Item) -> int:
    number: int = row["version"]
    return number


def _account(post: Any) -> Item:
    return {"platform": post.platform, "handle": post.handle, "name": post.name, "actor": post.slug}


def _labels(own: Sequence[str], wishes: Sequence[str] | None) -> list[str]:
    return list(dict.fromkeys([*own, *(wishes or ())]))


def _version(row: Any) -> Item:
    return {
        "number": row.number,
        "change": row.change,
        "text": None if row.erasure_id else row.text,
        "links": row.links,
        "media": forms.media(row.media),
        "seen_at": row.seen_at,
        "source": row.name,
        "first_hand": row.first_hand,
        "digest": row.digest,
        "text_sha256": row.text_sha256,
        "erased": row.erasure_id is not None,
        "erased_at": row.at,
        "erased_cause": row.cause,
        "capture": {"sha256": row.sha256, "fetched_at": row.fetched_at} if row.sha256 else None,
        "merged": row.facts.get("merged"),
    }


def _sighting(row: Any) -> Item:
    return {"source": row.name, "first_hand": row.first_hand, "url": row.url or None, "seen_at": row.seen_at}


def _counted(row: Any) -> Item:
    return {**{name: getattr(row, name) for name in METRICS}, "observed_at": row.observed_at}


def _newest(counted: Sequence[Any]) -> Item:
    """The newest of each kind; what a look did not count stays as it was known."""
    newest: Item = dict.fromkeys(METRICS)
    for row in counted:
        newest |= {name: getattr(row, name) for name in METRICS if getattr(row, name) is not None}
    return {**newest, "observed_at": counted[-1].observed_at}


def _last(versions: Sequence[Any]) -> Any | None:
    """The version that was current; one that came late never was."""
    return next((row for row in reversed(versions) if row.known and row.change != "late"), None)


def _gone_at(versions: Sequence[Any], deleted_at: str | None) -> str | None:
    """When it was first seen to be gone, if it was at the last of the versions that were known."""
    told = [row for row in versions if row.known and row.change != "late"]
    if told[-1].change != "delete" and len(told) > 1:
        return None
    gone = list(takewhile(lambda row: row.change == "delete", reversed(told)))
    if len(gone) == len(told) - 1 and _was_gone_at_first(told[0], versions, deleted_at):
        gone.append(told[0])
    return gone[-1].seen_at if gone else None


def _was_gone_at_first(first: Any, versions: Sequence[Any], deleted_at: str | None) -> bool:
    """Sealed with the version; of versions before 0003 the post's row tells, or that it came back."""
    back = any(row.number == 2 and row.change == "restore" for row in versions)
    return bool(first.facts.get("deleted") or back or deleted_at == first.seen_at)


def _judged(session: Session, current: Mapping[int, Any], history: History, moment: datetime) -> set[int]:
    """The posts whose version a model had read. Of one that found nothing nobody can tell when it read."""
    found, asked = set(), {}
    for key, row in current.items():
        rows = history.nots.get(key, ())
        tagged = history.tags.get(key, ())
        read = any(n.version_id == row.id for n in rows)
        if read or any(t.version_id == row.id and t.model_id is not None for t in tagged):
            found.add(key)
        else:
            asked[row.id] = key, row.tag_priority is None
    return found | _judged_silently(session, asked, moment)


def _judged_silently(session: Session, asked: Mapping[int, tuple[int, bool]], moment: datetime) -> set[int]:
    """Of versions without a decision in force; `asked` has their posts, and whether they wait for no model now."""
    if not asked:
        return set()
    by_model = among(session, _tag.c.version_id, asked), _tag.c.model_id.is_not(None)
    first = select(_tag.c.version_id, func.min(_tag.c.valid_from)).where(*by_model).group_by(_tag.c.version_id)
    read = {row[0]: row[1] for row in session.execute(first)}
    return {key for version, (key, done) in asked.items() if (read[version] <= moment if version in read else done)}
