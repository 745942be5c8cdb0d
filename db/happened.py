"""What happened to posts, read from lines of the content ledger: it stands there once, in the order of the commits.

A line names a row, and the row tells the rest: what kind of version it is, which decisions a round of tags changed,
what a person said, what was erased. A round of tags that changed no decision is no change, unless it was the first
on the current version, which waited for it until then; nor is a line about a capture, a picture, or a further
capture of a post that was erased before.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import func, or_, select
from sqlmodel import Session

from core import ids
from db import ledger
from db.models import Alias, Correction, Erasure, Post, Tag, Topic, Version
from db.types import UtcTime
from db.upsert import table

_OF_VERSION = {"first": "new", "edit": "edited", "fuller": "fuller", "delete": "deleted", "restore": "restored",
               "late": "late"}  # fmt: skip
RETAGGED, CORRECTED, ERASED, MERGED = "retagged", "corrected", "erased", "merged"
KINDS = (*_OF_VERSION.values(), RETAGGED, CORRECTED, ERASED, MERGED)
_TOLD = ("version", "tags", "correction", "erasure")  # of the kinds of lines
_post, _version, _tag, _topic = table(Post), table(Version), table(Tag), table(Topic)
_alias, _correction, _erasure = table(Alias), table(Correction), table(Erasure)
Decisions = dict[str, str]  # topic -> tagged or unsure


@dataclass(frozen=True, slots=True)
class Told:
    """One post now: its own id, all others that lead to it, the number of its current version, and whether its text
    was erased."""

    id: str
    others: list[str]
    current: int
    erased: bool


@dataclass(frozen=True, slots=True)
class Change:
    """One line that is a change. `key` is the post's row now, `moment` when it happened by the row's own time;
    `topics` of tags: {"added", "unsure", "removed"}."""

    seq: int
    kind: str
    at: datetime
    key: int
    version: int | None
    moment: datetime
    topics: dict[str, list[str]] | None = None


def changes(session: Session, lines: Sequence[Any]) -> tuple[list[Change], dict[int, Told]]:
    """The changes that these lines tell, in their order, and the posts that they are about."""
    found = _Rows(session, [line for line in lines if line.kind in _TOLD])
    return list(found.changes()), found.posts


@dataclass(slots=True)
class _Rows:
    """The rows that some lines speak for, read a table at a time."""

    session: Session
    lines: list[Any]
    versions: dict[int, Any] = field(init=False)
    corrections: dict[int, Any] = field(init=False)
    said: set[tuple[int, datetime]] = field(init=False)  # by people: version and moment
    erasures: dict[int, Any] = field(init=False)
    posts: dict[int, Told] = field(init=False)
    names: dict[int, dict[int, str]] = field(init=False)  # post -> number of its version -> id that it had
    rounds: Mapping[int, list[Any]] = field(init=False)  # post -> its tags that ever held
    first: dict[int, datetime] = field(init=False)  # version -> when a model judged it first

    def __post_init__(self) -> None:
        numbers = defaultdict(set)
        for line in self.lines:
            numbers[line.kind].add(row_of(line))
        self.corrections, self.said = _corrections(self.session, numbers["correction"], numbers["tags"])
        judged = numbers["tags"] | {row.version_id for row in self.corrections.values()}
        self.versions = _by_id(self.session, _VERSIONS, _version, numbers["version"] | judged)
        self.erasures = _by_id(self.session, _ERASURES, _erasure, numbers["erasure"])
        keys = {row.post_id for row in (*self.versions.values(), *self.erasures.values())}
        self.posts = _posts(self.session, keys)
        self.names = _names(self.session, [key for key, post in self.posts.items() if post.others])
        self.rounds = _rounds(self.session, {self.versions[n].post_id for n in judged if n in self.versions})
        self.first = _first_rounds(self.session, numbers["tags"])

    def changes(self) -> Iterator[Change]:
        tellers = {
            "version": self._seen,
            "tags": self._judged,
            "correction": self._corrected,
            "erasure": self._gone,
        }
        for line in self.lines:
            change = tellers[line.kind](line)
            if change:
                yield change

    def _seen(self, line: Any) -> Change | None:
        row = self.versions.get(row_of(line))
        if row is None:
            return None
        kind = MERGED if self._is_move(row) else _OF_VERSION[row.change]
        return Change(line.seq, kind, line.at, row.post_id, row.number, row.seen_at)

    def _is_move(self, row: Any) -> bool:
        """The version with which a post got the id that it has: none before was seen under that."""
        known, own = self.names.get(row.post_id, {}), self.posts[row.post_id].id
        first = min((number for number, name in known.items() if name == own), default=1)
        return first > 1 and bool(row.number == first)

    def _judged(self, line: Any) -> Change | None:
        row, moment = self.versions.get(row_of(line)), _moment(line)
        if row is None or (row.id, moment) in self.said:
            return None  # a person's word has a line of its own
        topics = _differ([tag for tag in self.rounds[row.post_id] if tag.version_id == row.id], moment)
        if topics is None and self._ends_waiting(row, moment):
            topics = _NOTHING
        return Change(line.seq, RETAGGED, line.at, row.post_id, row.number, moment, topics) if topics else None

    def _ends_waiting(self, row: Any, moment: datetime) -> bool:
        """The post waited for tags until then, and its `tagging` is done since, whatever was found."""
        is_first = self.first.get(row.id, moment) >= moment
        return is_first and bool(row.number == self.posts[row.post_id].current)

    def _corrected(self, line: Any) -> Change | None:
        said = self.corrections.get(row_of(line))
        row = self.versions.get(said.version_id) if said else None
        if said is None or row is None:
            return None
        topics = _differ(self.rounds[row.post_id], said.at) or _NOTHING
        return Change(line.seq, CORRECTED, line.at, row.post_id, row.number, said.at, topics)

    def _gone(self, line: Any) -> Change | None:
        """A further capture of a post that was erased already takes nothing from it."""
        row = self.erasures.get(row_of(line))
        if row is None or row.post_id not in self.posts or not (row.said["versions"] or row.id == row.erasure_id):
            return None
        return Change(line.seq, ERASED, line.at, row.post_id, None, row.at)


def without_moment_before(session: Session, some: Sequence[Change]) -> set[int]:
    """The numbers of those before which something was known of the post that is not older by its time, as where a
    clock was set back: `as_of` cannot tell what was known in between."""
    if not some:
        return set()
    keys = sorted({change.key for change in some})
    counted = _version.c.post_id.in_(keys), _version.c.change != "late"
    seen = select(_version.c.post_id, _version.c.number, _version.c.seen_at.label("at")).where(*counted)
    judged = select(_version.c.post_id, _version.c.number, func.max(_tag.c.valid_from, type_=UtcTime).label("at"))
    judged = judged.join_from(_tag, _version, _version.c.id == _tag.c.version_id).where(*counted)
    known: dict[int, list[tuple[int, bool, datetime]]] = defaultdict(list)
    for is_tag, rows in ((False, seen), (True, judged.group_by(_version.c.post_id, _version.c.number))):
        for row in session.execute(rows):
            known[row.post_id].append((row.number, is_tag, row.at))
    return {c.seq for c in some if any(at >= c.moment and _precedes(c, n, tag) for n, tag, at in known[c.key])}


def _precedes(change: Change, number: int, is_tag: bool) -> bool:
    """Of a version, or of tags on one: a version comes before the tags on it."""
    own = change.version or 0
    return number < own or (number == own and not is_tag and change.topics is not None)


_NOTHING: dict[str, list[str]] = {"added": [], "unsure": [], "removed": []}
_VERSIONS = select(_version.c.id, _version.c.post_id, _version.c.number, _version.c.change, _version.c.seen_at)
_ERASURES = select(_erasure.c.id, _erasure.c.post_id, _erasure.c.at, _erasure.c.said, _post.c.erasure_id).join_from(
    _erasure, _post, _post.c.id == _erasure.c.post_id
)


def row_of(line: Any) -> int:
    """The number of the row that a line speaks for."""
    return int(line.subject.split("/")[1])


def _moment(line: Any) -> datetime:
    return ledger.moment_of(line.subject)


def _by_id(session: Session, statement: Any, of: Any, numbers: Collection[int]) -> dict[int, Any]:
    if not numbers:
        return {}
    return {row.id: row for row in session.execute(statement.where(of.c.id.in_(sorted(numbers))))}


def _corrections(
    session: Session, numbers: Collection[int], judged: Collection[int]
) -> tuple[dict[int, Any], set[tuple[int, datetime]]]:
    """Those with these numbers; and of these versions when people said something."""
    if not numbers and not judged:
        return {}, set()
    columns = _correction.c.id, _correction.c.version_id, _correction.c.at
    wanted = or_(_correction.c.id.in_(sorted(numbers)), _correction.c.version_id.in_(sorted(judged)))
    rows = session.execute(select(*columns).where(wanted)).all()
    return {row.id: row for row in rows if row.id in numbers}, {(row.version_id, row.at) for row in rows}


def _posts(session: Session, keys: Collection[int]) -> dict[int, Told]:
    if not keys:
        return {}
    others: dict[int, list[str]] = defaultdict(list)
    named = select(_alias.c.post_id, _alias.c.public_id).where(_alias.c.post_id.in_(sorted(keys)))
    for row in session.execute(named.order_by(_alias.c.public_id)):
        others[row.post_id].append(row.public_id)
    columns = _post.c.id, _post.c.platform, _post.c.platform_id, _post.c.current, _post.c.erasure_id
    rows = session.execute(select(*columns).where(_post.c.id.in_(sorted(keys)))).all()
    own = {row.id: ids.public_id(row.platform, row.platform_id) for row in rows}
    return {
        row.id: Told(
            own[row.id], [n for n in others[row.id] if n != own[row.id]], row.current, row.erasure_id is not None
        )
        for row in rows
    }


def _names(session: Session, keys: Collection[int]) -> dict[int, dict[int, str]]:
    """Of posts with several ids: under which one each version was seen."""
    if not keys:
        return {}
    name = _version.c.facts["id"].as_string().label("name")
    seen = select(_version.c.post_id, _version.c.number, name).where(_version.c.post_id.in_(sorted(keys)))
    found: dict[int, dict[int, str]] = defaultdict(dict)
    for row in session.execute(seen):
        found[row.post_id][row.number] = row.name
    return found


def _rounds(session: Session, keys: Collection[int]) -> Mapping[int, list[Any]]:
    """The tags of these posts that held at some time; `not` is the same as none."""
    found: dict[int, list[Any]] = defaultdict(list)
    if not keys:
        return found
    held = or_(_tag.c.valid_to.is_(None), _tag.c.valid_to > _tag.c.valid_from)
    statement = (
        select(
            _tag.c.post_id, _tag.c.version_id, _tag.c.decision, _tag.c.valid_from, _tag.c.valid_to, _topic.c.slug
        )
        .join_from(_tag, _topic, _topic.c.id == _tag.c.topic_id)
        .where(_tag.c.post_id.in_(sorted(keys)), _tag.c.decision != "not", held)
    )
    for row in session.execute(statement):
        found[row.post_id].append(row)
    return found


def _first_rounds(session: Session, version_ids: Collection[int]) -> dict[int, datetime]:
    if not version_ids:
        return {}
    by_model = _tag.c.version_id.in_(sorted(version_ids)), _tag.c.model_id.is_not(None)
    first = select(_tag.c.version_id, func.min(_tag.c.valid_from, type_=UtcTime)).where(*by_model)
    return {row[0]: row[1] for row in session.execute(first.group_by(_tag.c.version_id))}


def _differ(tags: Sequence[Any], moment: datetime) -> dict[str, list[str]] | None:
    """What the decisions in force from this moment on have that those before it had not; None where nothing."""
    begun = [tag for tag in tags if tag.valid_from <= moment]
    earlier = [tag for tag in begun if tag.valid_from < moment]
    before = {t.slug: t.decision for t in earlier if not (t.valid_to and t.valid_to < moment)}
    after = {t.slug: t.decision for t in begun if not (t.valid_to and t.valid_to <= moment)}
    if before == after:
        return None
    changed = {slug: decision for slug, decision in after.items() if before.get(slug) != decision}
    return {
        "added": sorted(slug for slug, decision in changed.items() if decision == "tagged"),
        "unsure": sorted(slug for slug, decision in changed.items() if decision == "unsure"),
        "removed": sorted(before.keys() - after.keys()),
    }
