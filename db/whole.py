"""Everything that the archive knew of posts at a moment: as they were, each version, decision, count and sighting.

Releases are made of it, and `as_of` shows the first part of it. Ids are today's (an older one leads to it), and so
are accounts' names, actors and wishes: no history is kept of them. Counts are those that were observed by then,
also where an import told of them later. What was erased since is not told.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import takewhile
from typing import Any

import numpy as np
from sqlalchemy import func, select
from sqlmodel import Session

from core import ids, times
from core.errors import NotFound, TooSlow
from core.post import METRICS
from db import deadline, forms
from db.history import Decoded, History, Names, Rows
from db.models import Tag
from db.query import PostQuery, selection
from db.until import seen_until
from db.upsert import among, is_sqlite, table

SLICE = 500
_tag = table(Tag)
_COUNTED = ("id", *METRICS, "observed_at")
_RANK = {"tagged": 0, "unsure": 1}
PARTS = 10_000
_HALF = 1e-6  # of a part: nearer to a half than this, round() itself is asked


class _Nots(dict[int, dict[str, Any]]):
    """By the probability in ten thousandths: made once each."""

    def __missing__(self, parts: int) -> dict[str, Any]:
        self[parts] = made = {"decision": "not", "probability": _rounded(parts / PARTS)}
        return made


_NOTS = _Nots()
Item = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Whole:
    """One post. `was`: in the API's form, as of the moment; `today`: what the terms of today go by, its sightings
    and labels. `versions`, `tags` and `metrics` are all that was known, each with the post's "id"; a tag with
    "version", "valid_from" and "valid_to". `topics` has the decision in force on each topic that was judged.
    `text_sha256` is of the text in `was`, also where that was erased."""

    was: Item
    today: Item
    text_sha256: str
    versions: list[Item]
    tags: list[Item]
    topics: dict[str, Item]
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


def expected(session: Session, query: PostQuery, seconds: float) -> int | None:
    """How many posts match as it is now, about as many as then; None where counting takes longer."""
    keys = selection(session, replace(query, as_of=None)).keys().subquery()
    try:
        with deadline.briefly(session, seconds):
            return int(session.execute(select(func.count()).select_from(keys)).scalar_one())
    except TooSlow:
        return None


def read(session: Session, keys: Sequence[int], moment: datetime) -> list[Whole]:
    """The posts of these row keys that were known, in the order of the keys."""
    if not keys:
        return []
    told = _Told(History.of(session, keys, moment), Names.of(session), Decoded.of(is_sqlite(session)))
    current = {key: row for key in keys if (row := _last(told.versions.get(key, ())))}
    judged = told.judged(session, current, moment)
    gone = {key: at for key in current if (at := told.gone_at(key))}
    until = seen_until(session, {key: times.parse(at) for key, at in gone.items()})
    return [told.whole(key, row, gone.get(key), until.get(key), key in judged) for key, row in current.items()]


class _Told:
    """Rows -> the forms of one post. A version tells with the facts that were sealed with it; an erased one keeps
    few of them."""

    def __init__(self, history: History, names: Names, decoded: Decoded) -> None:
        self._time, self._listed = decoded.time, decoded.listed
        self._names = names
        self._sealed: dict[int, Item] = {}
        self._slugs = names.topics
        self._said = {row.tag_id: row for row in history.said}
        self._posts = {row.id: row for row in history.posts}
        self.versions = _by_post(history.versions)
        self._tags = _by_post(history.tags)
        self._nots: dict[int, dict[str, Item]] = defaultdict(dict)
        parts = in_parts([row[-1] for row in history.nots])
        for (key, _, topic, _), rounded in zip(history.nots, parts, strict=True):  # the longest of all loops
            self._nots[key][self._slugs[topic]] = _NOTS[rounded]
        self._counts = _by_post(history.counts)
        self._sightings = _by_post(history.sightings)
        self._read = {row[1] for row in history.nots} | {
            r.version_id for r in history.tags if r.model_id is not None
        }

    def whole(self, key: int, current: Any, gone: str | None, until: datetime | None, judged: bool) -> Whole:
        post, time, listed = self._posts[key], self._time, self._listed
        public_id = ids.public_id(post.platform, post.platform_id)
        known = [row for row in self.versions[key] if row.known]
        long, in_force = self._tagged(key, public_id, known, current)
        sightings, by_then = [], []
        for _, first_hand, url, seen_at, name, by_now in self._sightings.get(key, ()):
            seen = {"source": name, "first_hand": bool(first_hand), "url": url or None, "seen_at": time(seen_at)}
            sightings.append(seen)
            if by_now:
                by_then.append(seen)
        metrics = [
            dict(zip(_COUNTED, (public_id, *counts, time(at)), strict=True))
            for _, at, *counts in self._counts.get(key, ())
        ]
        sealed = [self._facts(row) for row in known]
        versions = [self._version(row, public_id, said) for row, said in zip(known, sealed, strict=True)]
        place = known.index(current)
        newest, facts = versions[place], sealed[place]
        was = {  # in the order of `forms.posts`
            "id": public_id,
            "platform": post.platform,
            "platform_id": post.platform_id,
            "url": facts.get("url"),
            "kind": facts.get("kind"),
            "account": _account(post) if facts["account"] and post.handle else None,
            "text": newest["text"],
            "lang": facts.get("lang"),
            "created_at": facts.get("created_at"),
            "created_at_precision": facts["precision"],
            "synthetic": facts.get("synthetic"),
            "first_seen_at": time(post.first_seen_at),
            "changed_at": newest["seen_at"],
            "deleted_at": gone,
            "seen_until": times.text(until) if until else None,
            "media": newest["media"],
            "links": newest["links"],
            "tags": in_force,
            "tagging": "done" if judged else "pending",
            "is_kle": forms.is_kle(in_force),
            "versions": len(known),
            "edits": sum(row.change == "edit" for row in known) if len(known) > 1 else 0,
            "repeats": post.repeats,
            "metrics": _newest(metrics),
            "labels": self._labels(facts.get("labels"), post.wishes),
            "sightings": by_then,
            "erasure": self._erasure(current) if current.erasure_id else None,
        }
        today = {"sightings": sightings, "labels": self._labels(listed(post.labels), post.wishes)}
        return Whole(was, today, current.text_sha256, versions, long, self._topics(key, in_force), metrics)

    def _tagged(
        self, key: int, public_id: str, known: Sequence[Any], current: Any
    ) -> tuple[list[Item], list[Item]]:
        """All that was decided, version by version; and what was in force, as the text of then shows it. What was
        closed after the moment nobody knew then that it would be."""
        rows = self._tags.get(key)
        if not rows:
            return [], []
        if len(rows) > 1:
            rows.sort(key=self._rank)
        by_id = {row.id: row for row in known}
        long, in_force = [], []
        for row in rows:
            version = by_id[row.version_id]
            tag = self._tag(row, version, changed=False)
            long.append({
                "id": public_id, "version": version.number, **tag, "valid_from": self._time(row.valid_from),
                "valid_to": self._time(row.valid_to) if row.ended else None,
            })  # fmt: skip
            if not row.ended:
                changed = version.text_sha256 != current.text_sha256
                in_force.append(self._tag(row, version, changed=True) if changed else tag)
        if len(known) > 1:
            long.sort(key=_by_version)
        return long, in_force

    def _rank(self, tag: Any) -> tuple[Any, ...]:
        """The order in which tags are told: the surest first."""
        return _RANK.get(tag.decision, 2), -tag.probability, self._names.places[tag.topic_id], tag.id

    def _tag(self, row: Any, version: Any, *, changed: bool) -> Item:
        """Offsets into another text than the one shown mean nothing."""
        spoken = row.evidence_start is not None and not changed
        return {
            "topic": self._slugs[row.topic_id],
            "probability": _rounded(row.probability),
            "decision": row.decision,
            "model": self._names.models.get(row.model_id),
            "evidence": {"start": row.evidence_start, "end": row.evidence_end} if spoken else None,
            "by": "person" if row.model_id is None else "model",
            "correction": self._correction(row, version.number, changed) if row.model_id is None else None,
        }

    def _correction(self, row: Any, version: int, changed: bool) -> Item:
        said = self._said.get(row.id)
        return {
            "name": said and said.name,
            "key": said and said.credential_id,
            "note": said and said.note,
            "at": self._time(row.valid_from),
            "version": version,
            "text_changed": changed,
        }

    def _topics(self, key: int, in_force: Sequence[Item]) -> dict[str, Item]:
        found = self._nots.pop(key, {})
        for tag in reversed(in_force):  # of two on one topic the surer one
            found[tag["topic"]] = {"decision": tag["decision"], "probability": tag["probability"]}
        return found

    def _version(self, row: Any, public_id: str, facts: Item) -> Item:
        time, listed = self._time, self._listed
        media = listed(row.media)
        return {
            "id": public_id,
            "number": row.number,
            "change": row.change,
            "text": None if row.erasure_id else row.text,
            "links": listed(row.links),
            "media": forms.media(media) if media else media,
            "seen_at": time(row.seen_at),
            "source": row.name,
            "first_hand": row.view > 0,
            "digest": row.digest,
            "text_sha256": row.text_sha256,
            "erased": row.erasure_id is not None,
            "erased_at": time(row.at),
            "erased_cause": row.cause,
            "capture": {"sha256": row.sha256, "fetched_at": time(row.fetched_at)} if row.sha256 else None,
            "merged": facts.get("merged"),
        }

    def _erasure(self, row: Any) -> Item:
        return {
            "cause": row.cause,
            "reason": row.reason,
            "at": self._time(row.at),
            "erased_at": self._time(row.purged_at),
            "deleted_at": self._time(row.erasure_deleted_at),
        }

    def _labels(self, own: Sequence[str] | None, wishes: Any) -> list[str]:
        asked = self._listed(wishes) if wishes else None
        return list(dict.fromkeys([*(own or ()), *(asked or ())])) if own or asked else []

    def gone_at(self, key: int) -> str | None:
        """When it was first seen to be gone, if it was at the last of the versions that were known."""
        told = [row for row in self.versions[key] if row.known and row.change != "late"]
        if told[-1].change != "delete" and len(told) > 1:
            return None
        gone = list(takewhile(lambda row: row.change == "delete", reversed(told)))
        if len(gone) == len(told) - 1 and self._was_gone_at_first(key, told[0]):
            gone.append(told[0])
        return self._time(gone[-1].seen_at) if gone else None

    def _was_gone_at_first(self, key: int, first: Any) -> bool:
        """Sealed with the version; of versions before 0003 the post's row tells, or that it came back."""
        back = any(row.number == 2 and row.change == "restore" for row in self.versions[key])
        return bool(back or self._posts[key].deleted_at == first.seen_at or self._facts(first).get("deleted"))

    def _facts(self, version: Any) -> Item:
        """Sealed with it; read once."""
        found = self._sealed.get(version.id)
        if found is None:
            found = self._sealed[version.id] = self._listed(version.facts)
        return found

    def judged(self, session: Session, current: Mapping[int, Any], moment: datetime) -> set[int]:
        """The posts whose version a model had read. Of one that found nothing nobody can tell when it read."""
        silent = {
            row.id: (key, row.tag_priority is None) for key, row in current.items() if row.id not in self._read
        }
        return {key for key, row in current.items() if row.id in self._read} | _silently(session, silent, moment)


def _silently(session: Session, asked: Mapping[int, tuple[int, bool]], moment: datetime) -> set[int]:
    """Of versions without a decision in force; `asked` has their posts, and whether they wait for no model now."""
    if not asked:
        return set()
    by_model = among(session, _tag.c.version_id, asked), _tag.c.model_id.is_not(None)
    first = select(_tag.c.version_id, func.min(_tag.c.valid_from)).where(*by_model).group_by(_tag.c.version_id)
    read = {row[0]: row[1] for row in session.execute(first)}
    return {key for version, (key, done) in asked.items() if (read[version] <= moment if version in read else done)}


def _by_post(rows: Rows) -> dict[int, list[Any]]:
    """Rows whose first column is the post's key."""
    found: dict[int, list[Any]] = defaultdict(list)
    for row in rows:
        found[row[0]].append(row)
    return dict(found)


def _by_version(row: Item) -> int:
    number: int = row["version"]
    return number


def in_parts(probabilities: Sequence[float]) -> list[int]:
    """Ten thousandths, as round() to four places has them: that takes a microsecond for each, and of a post there
    are as many as topics."""
    scaled = np.array(probabilities, np.float64) * PARTS
    found = np.floor(scaled + 0.5).astype(np.int64)
    for place in np.flatnonzero(np.abs(scaled - np.floor(scaled) - 0.5) < _HALF):
        found[place] = round(round(probabilities[int(place)], 4) * PARTS)
    made: list[int] = found.tolist()
    return made


def _rounded(probability: float) -> float:
    """Four places; whole numbers as such, as canonical JSON has them."""
    found = round(probability, 4)
    return int(found) if found in (0.0, 1.0) else found


def _account(post: Any) -> Item:
    return {"platform": post.platform, "handle": post.handle, "name": post.name, "actor": post.slug}


def _newest(metrics: Sequence[Item]) -> Item | None:
    """The newest of each kind; what a look did not count stays as it was known."""
    if not metrics:
        return None
    newest: Item = {name: value for name, value in metrics[0].items() if name != "id"}
    for row in metrics[1:]:
        newest |= {name: row[name] for name in METRICS if row[name] is not None}
    return {**newest, "observed_at": metrics[-1]["observed_at"]}


def _last(versions: Sequence[Any]) -> Any | None:
    """The version that was current; one that came late never was."""
    for row in reversed(versions):
        if row.known and row.change != "late":
            return row
    return None
