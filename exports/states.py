"""Rows of a release's posts -> what two releases are compared by, in the terms of both."""

import hashlib
from array import array
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

import orjson

from core.errors import BadRequest
from db.comparing import Erased, Side, State
from exports.batch import Row
from exports.opened import Broken, Opened
from exports.tables import Field

PERSON = "person"
# told apart by name, or only what follows from it
_NAMED = {"id", "text", "text_sha256", "tags", "topics", "is_kle", "tagging"}
_WORDS = 70  # characters of a text by which a person knows it again
_UNFIT = (KeyError, TypeError, AttributeError, ValueError)  # what a row that is no row of its table leads to


class States:
    """`topics` and `rest` (fields) are what both have; `who` are the judges of tags, each known by its place;
    `tagged` counts, on each side, the posts of a topic."""

    def __init__(self, a: Opened, b: Opened) -> None:
        self.topics = [slug for slug in _topics(a) if slug in _topics(b)]
        self.rest = _common_fields(a, b)
        self.tagged: dict[Side, Counter[str]] = {"a": Counter(), "b": Counter()}
        self._who: dict[str | None, int] = {None: 0}

    @property
    def who(self) -> list[str | None]:
        """Digests of models, PERSON, and None for what a release does not tell."""
        return list(self._who)

    def posts(self, release: Opened, side: Side) -> Iterator[list[State]]:
        for rows in release.rows("posts"):
            try:
                yield [self._state(side, row) for row in rows]
            except _UNFIT as error:
                raise Broken(f"{release.path}: its posts lack fields of posts: {error!r}") from None

    def erased(self, release: Opened) -> Iterator[list[Erased]]:
        for rows in release.rows("versions"):
            try:
                yield [_erased(row) for row in rows if row.get("erased")]
            except _UNFIT as error:
                raise Broken(f"{release.path}: its versions lack fields of versions: {error!r}") from None

    def _state(self, side: Side, row: Row) -> State:
        topics = self._decisions(row)
        self.tagged[side].update(slug for slug, (decision, _) in topics.items() if decision == "tagged")
        text, withheld = row.get("text"), (row.get("rights") or {}).get("text_withheld")
        handle = (row.get("account") or {}).get("handle")
        digest = row.get("text_sha256") or _sha256(text)
        words = " ".join(text[:200].split())[:_WORDS] if text else None
        said = (row["id"] or "", row.get("created_at"), handle, words, digest, row.get("deleted_at"))
        if not all(value is None or isinstance(value, str) for value in said):
            raise TypeError("a text is expected")
        public_id, at, handle, words, digest, deleted = said
        marks = _marks(row[name] for name in self.rest)
        coded = orjson.dumps({"decided": topics, "waiting": self._waiting(row)})
        return State(public_id, at, handle, words, digest, withheld and 1, deleted, coded, marks)

    def _decisions(self, row: Row) -> dict[str, tuple[str, int]]:
        """Topic -> tagged or unsure, and who says so: by the order of the topics."""
        tags = {tag["topic"]: tag for tag in row.get("tags") or ()}
        found = {}
        for slug in self.topics:
            tag = tags.get(slug, {})
            decision = (row.get("topics", {}).get(slug) or tag).get("decision")
            if decision in ("tagged", "unsure"):
                who = PERSON if tag.get("by") == PERSON else tag.get("model")
                found[slug] = (decision, self._who.setdefault(who, len(self._who)))
        return found

    def _waiting(self, row: Row) -> list[str]:
        """Topics that nobody has judged yet, as far as its column tells them from those that do not hold."""
        told = row.get("topics") or {}
        return [slug for slug in self.topics if slug in told and (told[slug] or {}).get("decision") is None]


def decided(state: State) -> dict[str, tuple[str, int]]:
    found: dict[str, tuple[str, int]] = orjson.loads(state.topics)["decided"]
    return found


def waiting(state: State) -> list[str]:
    """Topics on which nobody has decided yet."""
    found: list[str] = orjson.loads(state.topics)["waiting"]
    return found


def _topics(release: Opened) -> list[str]:
    """Those whose decisions its posts tell."""
    if "posts" not in release.tables:
        raise BadRequest(f"{release.path} has no table posts: there is nothing to compare")
    fields = {f.name: f for f in release.tables["posts"].fields}
    if "id" not in fields:
        raise BadRequest(f"{release.path}: its posts have no column id, by which posts are known")
    if "topics" in fields:
        return [f.name for f in fields["topics"].fields if any(part.name == "decision" for part in f.fields)]
    return list(release.manifest["topics"]) if "tags" in fields else []


def _common_fields(one: Opened, other: Opened) -> list[str]:
    """What is compared whole: fields that both have, with the same parts."""
    there: Sequence[Field] = other.tables["posts"].fields
    return [f.name for f in one.tables["posts"].fields if f in there and f.name not in _NAMED]


def _marks(values: Iterator[Any]) -> bytes:
    """Eight bytes for each, by which this process tells them apart."""
    return array("q", [hash(_dumped(v) if v.__class__ in (dict, list) else v) for v in values]).tobytes()


def each(marks: bytes) -> "array[int]":
    """The marks, one by one."""
    return array("q", marks)


def _dumped(value: Any) -> bytes:
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)


def _sha256(text: str | None) -> str | None:
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest() if text is not None else None


def _erased(row: Row) -> Erased:
    return Erased(str(row["id"]), row.get("erased_at"), row.get("erased_cause"))
