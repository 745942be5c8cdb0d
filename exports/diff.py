"""Two releases held against each other: what came, what went and why, what reads otherwise, what is judged anew.

Any two: folders or zips, of any formats, columns and audiences. What one of them lacks is not compared, and said.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson

from db.comparing import Comparing, Side, State, comparing
from exports import opened
from exports.batch import Row
from exports.opened import Broken, Opened
from exports.states import States, decided, each, waiting

Progress = Callable[[int], None]
ADDED, EDITED, RETAGGED, OTHER = "added", "changed_text", "retagged", "other"
DELETED, ERASED, WITHHELD, UNMATCHED = "deleted", "erased", "withheld", "no_longer_matching"
KINDS = (ADDED, DELETED, ERASED, UNMATCHED, WITHHELD, EDITED, RETAGGED, OTHER)
_HEAD = ("query", "as_of", "format", "audience", "tables", "pseudonyms", "sample", "software", "pyarrow", "archive",
         "topics", "models", "counts", "withheld", "content")  # fmt: skip
_SELECTING = {"query": "query", "sample": "sample", "as_of": "moment", "audience": "audience"}


def diff(a: Path, b: Path) -> Row:
    """All of it at once, every id in memory: for a few thousand changes. `compared` tells any number."""
    with compared(a, b) as found:
        return found.head | {kind: [orjson.loads(item) for item in found.items(kind)] for kind in KINDS}


@contextmanager
def compared(a: Path, b: Path, progress: Progress | None = None) -> Iterator["Difference"]:
    """Raises BadRequest for what is no release, or one without posts."""
    with opened.release(a) as before, opened.release(b) as after, comparing() as room:
        found = Difference(before, after, room)
        found.fill(progress)
        found.judge()
        yield found


@dataclass
class Difference:
    """`head` is all but the posts themselves, `items` are those of one kind of change, as JSON."""

    before: Opened
    after: Opened
    room: Comparing
    head: Row = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._states = States(self.before, self.after)
        self._topics = self._states.topics
        self._moves: dict[str, Counter[str]] = {slug: Counter() for slug in self._topics}
        self._judges: Counter[tuple[int, int, str]] = Counter()
        self._counts: Counter[str] = Counter()
        self._fields: Counter[str] = Counter()

    def items(self, kind: str, most: int = -1) -> Iterator[bytes]:
        return self.room.noted(kind, most)

    def json(self) -> Iterator[bytes]:
        """What `diff` gives, as JSON, a piece at a time."""
        yield orjson.dumps(self.head)[:-1]
        for kind in KINDS:
            yield b',"%s":[' % kind.encode()
            for number, item in enumerate(self.items(kind)):
                yield (b"," if number else b"") + item
            yield b"]"
        yield b"}"

    # -- reading both ---------------------------------------------------------------------------------------

    def fill(self, progress: Progress | None = None) -> None:
        sides: tuple[tuple[Side, Opened], ...] = (("a", self.before), ("b", self.after))
        for side, release in sides:
            for posts in self._states.posts(release, side):
                self.room.put(side, posts)
                self._counts[side] += len(posts)
                if progress:
                    progress(len(posts))
            if "versions" in release.tables:
                for versions in self._states.erased(release):
                    self.room.put_erased(side, versions)
        self.room.filled()
        for side, release in sides:
            if (public_id := self.room.twice(side)) is not None:
                raise Broken(f"{release.path} has the post {public_id} twice: it is not as it was written")

    # -- telling what changed -------------------------------------------------------------------------------

    def judge(self) -> None:
        for state in self.room.alone("b", "a"):
            self._note(ADDED, state)
            self._move(state, {}, decided(state), ADDED)
        for state in self.room.alone("a", "b"):
            self._gone(state)
        for state, erased, listed in self.room.newly_erased():
            self._note(ERASED, state._replace(words=None), cause=erased.cause, erased_at=erased.at, listed=listed)
        for was, now in self.room.differing():
            self._pair(was, now)
        self.head |= self._summary()

    def _gone(self, state: State) -> None:
        self._counts["removed"] += 1
        self._move(state, decided(state), {}, "removed")
        erased = self.room.erased("b", state.id)
        if erased is None:  # perhaps erased all the same: words of a query do not find what is left of a post
            self._note(UNMATCHED, state._replace(words=None))
        elif erased.cause == "deleted" and state.deleted is None:
            self._note(DELETED, state._replace(words=None), deleted_at=None, listed=False)

    def _pair(self, was: State, now: State) -> None:
        before = sum(self._counts[kind] for kind in KINDS)
        if now.deleted and not was.deleted:
            self._note(DELETED, now._replace(words=None), deleted_at=now.deleted, listed=True)
        if now.withheld and was.withheld == 0:  # None: nobody knows
            self._note(WITHHELD, now._replace(words=None))
        edited = now.text != was.text and None not in (now.text, was.text)
        if edited:
            self._note(EDITED, now, **{"from": was.text, "to": now.text})
        if now.topics != was.topics:
            self._retagged(was, now, edited)
        if now.rest != was.rest and before == sum(self._counts[kind] for kind in KINDS):
            marks = zip(self._states.rest, each(was.rest), each(now.rest), strict=True)
            names = [name for name, old, new in marks if old != new]
            self._fields.update(names)
            self._note(OTHER, now, fields=names)

    def _retagged(self, was: State, now: State, edited: bool) -> None:
        old, new = decided(was), decided(now)
        self._move(now, old, new, "edited" if edited else "retagged")
        who, changed = self._states.who, {}
        for slug in self._topics:
            (one, judge), (other, judged) = old.get(slug, (None, 0)), new.get(slug, (None, 0))
            if (one, judge) == (other, judged):
                continue
            if not edited:
                self._judges[judge, judged, _how(one, other)] += 1
            if one != other:
                changed[slug] = {"from": one, "to": other, "by": {"from": who[judge], "to": who[judged]}}
        if changed:
            unjudged = {"from": _among(changed, waiting(was)), "to": _among(changed, waiting(now))}
            self._counts["unjudged"] += bool(unjudged["to"])
            self._note(RETAGGED, now, topics=changed, text_changed=edited, not_judged_yet=unjudged)

    def _move(self, state: State, old: Mapping[str, Any], new: Mapping[str, Any], why: str) -> None:
        for slug in {*old, *new}:
            was, now = (side.get(slug, (None,))[0] == "tagged" for side in (old, new))
            if was != now:
                self._moves[slug][f"{'gained' if now else 'lost'} {why}"] += 1

    def _note(self, kind: str, state: State, **more: Any) -> None:
        self._counts[kind] += 1
        said = {"id": state.id, "created_at": state.at, "handle": state.handle, "words": state.words}
        self.room.note(kind, orjson.dumps(said | more))

    # -- the head -------------------------------------------------------------------------------------------

    def _summary(self) -> Row:
        one, other = self.before.manifest, self.after.manifest
        contents = {name: _content(one, other, name) for name in {**one["content"], **other["content"]}}
        return {
            "identical": all(entry["same"] for entry in contents.values()),
            "a": _shown(self.before), "b": _shown(self.after),
            "differs": [name for name in _HEAD if one.get(name) != other.get(name)],
            "content": contents,
            "counts": self._all_counts(),
            "topics": {slug: self._topic(slug) for slug in self._topics},
            "models": self._models(),
            "fields": dict(self._fields.most_common()),
            "notes": list(self._notes()),
        }  # fmt: skip

    def _all_counts(self) -> Row:
        counts = {kind: self._counts[kind] for kind in KINDS}
        posts = {side: self._counts[side] for side in ("a", "b")}
        return {
            "posts": posts | {"both": posts["a"] - self._counts["removed"]},
            "removed": self._counts["removed"],
        } | counts

    def _topic(self, slug: str) -> Row:
        def moved(way: str, *why: str) -> Row:
            parts = {name: self._moves[slug][f"{way} {name}"] for name in why}
            return {"posts": sum(parts.values()), **parts}

        return {
            "a": self._states.tagged["a"][slug], "b": self._states.tagged["b"][slug],
            "gained": moved("gained", ADDED, "retagged", "edited"),
            "lost": moved("lost", "removed", "retagged", "edited"),
        }  # fmt: skip

    def _models(self) -> list[Row]:
        """Decisions on unchanged texts that another judge made, or the same one otherwise."""
        who, found = self._states.who, dict[tuple[int, int], Counter[str]]()
        for (judge, judged, how), count in self._judges.items():
            found.setdefault((judge, judged), Counter())[how] += count
        ways = ("gained", "lost", "to_unsure", "from_unsure", "same")
        return [
            {"from": who[one], "to": who[other], "decisions": count.total(), **{way: count[way] for way in ways}}
            for (one, other), count in sorted(found.items(), key=lambda item: -item[1].total())
        ]

    def _notes(self) -> Iterator[str]:
        one, other = self.before, self.after
        for name, release in (("A", one), ("B", other)):
            if "versions" not in release.tables:
                yield f"{name} has no table versions: what was erased counts as no longer matching"
        if self._counts[UNMATCHED] and other.manifest["query"]:
            yield "no words of a query find what was erased: such posts count as no longer matching"
        if count := self._counts["unjudged"]:
            yield (
                f"of {count} of the re-tagged posts nobody has judged some topics yet in B: their tags are not"
                " lost, the classifier has not read them"
            )
        if not self._topics:
            yield "no topic is in both: tags were not compared"
        if self._counts[UNMATCHED] or self._counts[ADDED]:
            yield _why_not_the_same(one.manifest, other.manifest)


def _among(changed: Mapping[str, Any], slugs: list[str]) -> list[str]:
    return [slug for slug in slugs if slug in changed]


def _how(was: str | None, now: str | None) -> str:
    if was == now:
        return "same"
    if now == "tagged":
        return "gained"
    if was == "tagged":
        return "lost"
    return "to_unsure" if now == "unsure" else "from_unsure"


def _content(one: Row, other: Row, name: str) -> Row:
    a, b = one["content"].get(name, {}), other["content"].get(name, {})
    same = a.get("sha256") is not None and a.get("sha256") == b.get("sha256")
    return {"a": a.get("rows"), "b": b.get("rows"), "same": same}


def _shown(release: Opened) -> Row:
    return {"path": str(release.path), **{name: release.manifest.get(name) for name in _HEAD}}


def _why_not_the_same(one: Row, other: Row) -> str:
    """Why posts came and went that nobody deleted or erased, as far as the manifests tell."""
    unlike = [name for name in _SELECTING if one.get(name) != other.get(name)]
    ids = [(manifest.get("archive") or {}).get("id") for manifest in (one, other)]
    if ids[0] != ids[1]:
        return "they are of two archives: what one of them never saw is not in its release"
    if not unlike:
        return "query, moment and audience are the same: posts came and went by what the archive learnt or allows"
    said = " and ".join(f"the {_SELECTING[name]}" for name in unlike)
    if unlike == ["query"]:
        return "only the query differs: posts came and went because another one was asked"
    return f"{said} {'differs' if len(unlike) == 1 else 'differ'}: posts came and went by that"
