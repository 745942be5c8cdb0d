"""The tables of a release: every field with its type, its meaning and what it may hold.

One description serves all: the types of Parquet, the columns of CSV, `datapackage.json`, the features of the
dataset card and the codebook are read off it.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from core.outcome import Ending
from core.post import KINDS, METRICS, PRECISIONS

Type = Literal["string", "integer", "number", "boolean", "datetime", "record"]
ID = "the post's id, platform:platform_id, the same in every archive"


@dataclass(frozen=True, slots=True)
class Field:
    """One field. `many`: a list of it; a record has `fields`. `required`: never null. `values` are all it may hold;
    `low` and `high` the least and the greatest number."""

    name: str
    meaning: str
    type: Type = "string"
    many: bool = False
    fields: tuple["Field", ...] = ()
    required: bool = False
    values: tuple[str, ...] = ()
    low: float | None = None
    high: float | None = None

    @property
    def nested(self) -> bool:
        """A record that is not in a list: CSV has a column for each of its fields."""
        return self.type == "record" and not self.many


@dataclass(frozen=True, slots=True)
class Table:
    """`key` are the fields that tell its rows apart, `about` what a row is."""

    name: str
    about: str
    fields: tuple[Field, ...]
    key: tuple[str, ...]

    def leaves(self) -> Iterator[tuple[tuple[str, ...], Field]]:
        """The columns of CSV: (path into the row, field)."""
        for field in self.fields:
            yield from _leaves((), field)

    def columns(self) -> dict[str, tuple[tuple[str, ...], Field]]:
        """The same by their names in CSV: nested ones joined by `_`."""
        return {"_".join(path): (path, field) for path, field in self.leaves()}


def _leaves(before: tuple[str, ...], field: Field) -> Iterator[tuple[tuple[str, ...], Field]]:
    path = (*before, field.name)
    if not field.nested:
        yield path, field
        return
    for inner in field.fields:
        yield from _leaves(path, inner)


def _text(name: str, meaning: str, *values: str, required: bool = False) -> Field:
    return Field(name, meaning, required=required, values=values)


def _time(name: str, meaning: str, required: bool = False) -> Field:
    return Field(name, meaning, "datetime", required=required)


def _flag(name: str, meaning: str) -> Field:
    return Field(name, meaning, "boolean", required=True)


def _count(name: str, meaning: str, low: int = 0, required: bool = False) -> Field:
    return Field(name, meaning, "integer", required=required, low=low)


def _probability(name: str, meaning: str, required: bool = True) -> Field:
    return Field(name, meaning, "number", required=required, low=0, high=1)


def _record(name: str, meaning: str, *fields: Field, many: bool = False, required: bool = False) -> Field:
    return Field(name, meaning, "record", many, fields, required or many)


_LINKS = Field("links", "addresses in the post", many=True, required=True)
_MEDIA = _record(
    "media", "pictures and films that it shows",
    _text("type", "image, video, audio or the platform's own word", required=True),
    _text("url", "where it is", required=True),
    _text("alt", "what its author says that it shows; null where withheld"),
    many=True,
)  # fmt: skip
_EVIDENCE = _record(
    "evidence", "the sentence that speaks most for the topic; null where the text is withheld or nothing speaks",
    _count("start", "where it begins, in code points of the text"),
    _count("end", "where it ends"),
)  # fmt: skip
_CORRECTION = _record(
    "correction", "where a person said so: who, why and when; null for a model's word",
    _text("name", "name of the key or session that a person corrected with; null in public releases"),
    _count("key", "its number; null in public releases"),
    _text("note", "why, in the person's words; null in public releases"),
    _time("at", "when a person said so"),
    _count("version", "number of the version that the person read", 1),
    Field("text_changed", "true: the correction was made on another text than the one shown", "boolean"),
)  # fmt: skip
_DECISION = ("tagged", "unsure", "not")
_TAG = (
    _text("topic", "slug of the topic", required=True),
    _probability("probability", "calibrated probability that the topic holds; a person's word is 1 or 0"),
    _text("decision", "tagged, unsure, or not (only where a person said so)", *_DECISION, required=True),
    _text("model", "SHA-256 of the model that judged; null for a person's correction"),
    _EVIDENCE,
    _text(
        "by", "model or person: a person's correction wins until it is withdrawn", "model", "person", required=True
    ),
    _CORRECTION,
)
_NUMBERS = tuple(_count(name, f"{name}; null where the platform publishes none") for name in METRICS)
_PLACE = (
    _text("source", "the source through which it was seen; null for one that is no more"),
    _flag("first_hand", "true: from the platform itself; false: quoted by another page"),
    _text("url", "where it was seen: the page that quotes it, or its own"),
    _time("seen_at", "when it was first seen there", required=True),
)
_WORDS = (
    "empty where the platform's terms withhold it",
    "SHA-256 of its text (UTF-8), also where the text is withheld or was erased",
)


def posts(topics: Sequence[str]) -> Table:
    """One row a post, with a column for each of these topics."""
    return Table("posts", "one post, as its version of then shows it", (
        _text("id", ID, required=True),
        _text("platform", "where it was published: x, mastodon, bluesky, feed, article or another source's name",
              required=True),
        _text("platform_id", "its id there: a text, also where it is all digits, more of them than a number holds",
              required=True),
        _text("url", "its public address; null where its author's handle is a pseudonym"),
        _text("kind", "what it is", *KINDS, required=True),
        _record(
            "account", "who published it; null where that is not known",
            _text("platform", "platform of the account"),
            _text("handle", "its handle; feeds and pages: their host name; ~ and 32 hex digits: a pseudonym"),
            _text("name", "its display name, as it is today"),
            _text("actor", "the organisation or office that the operator assigned the account to"),
        ),
        _text("text", f"its text; {_WORDS[0]}"),
        _text("text_sha256", _WORDS[1], required=True),
        _text("lang", "language as the source says or as detected: en, ar, ckb (Central Kurdish), kmr (Northern"
              " Kurdish)"),
        _time("created_at", "time of publication; how exact says created_at_precision", required=True),
        _text("created_at_precision", "second, day (only the date is known) or seen (no date: the time first seen)",
              *PRECISIONS, required=True),
        _flag("synthetic", "true: written as sample data, nobody published it"),
        _time("first_seen_at", "when this archive saw it first", required=True),
        _time("changed_at", "when this archive last saw a change of it", required=True),
        _time("deleted_at", "when this archive saw that it was gone"),
        _time("seen_until", "of a deleted post: when this archive last saw it before; null if it never did"),
        _MEDIA,
        _LINKS,
        _record("tags", "decisions in force that are tagged or unsure, or a person's; one row each in tags", *_TAG,
                many=True),
        *_topics(topics),
        _text("tagging", "done, or pending where the classifier had not read it yet", "done", "pending",
              required=True),
        _flag("is_kle", "true: tagged key_leader_engagement"),
        _count("versions", "how many versions this archive saw; one row each in versions", 1, required=True),
        _count("edits", "how many of them the author's edits made", required=True),
        _text("repeats", "id of the post that a repost or quote names"),
        _record("metrics", "counts when last observed; null where none were; every observation is in metrics",
                *_NUMBERS, _time("observed_at", "when these were observed")),
        Field("labels", "the author's labels on the post or account, and what it asks of readers", many=True,
              required=True),
        _record("sightings", "where it was seen; one row each in sightings", *_PLACE, many=True),
        _record(
            "rights", "what may leave",
            _text("policy", "what its platform's terms let leave the archive", "full", "quotation", "link", "ids",
                  required=True),
            _flag("text_withheld", "true: the text stays with the operator; look it up by id or url"),
            required=True,
        ),
    ), ("id",))  # fmt: skip


def _topics(slugs: Sequence[str]) -> tuple[Field, ...]:
    """Of a taxonomy without topics there is no such field: no format knows a record of nothing."""
    said = "every topic with the decision in force; null where nobody judged it yet"
    return (_record("topics", said, *map(_topic, slugs), required=True),) if slugs else ()


def _topic(slug: str) -> Field:
    return _record(
        slug, f"the decision in force on the topic {slug} (codebook.md)",
        _probability("probability", "calibrated probability that it holds; a person's word is 1 or 0",
                     required=False),
        _text("decision", "tagged: at or above the topic's threshold; unsure: close below it; not: neither",
              *_DECISION),
    )  # fmt: skip


TAGS = Table("tags", "one decision on a version and a topic: of every model that judged, and of people", (
    _text("id", ID, required=True),
    _count("version", "number of the version that was judged", 1, required=True),
    *_TAG,
    _time("valid_from", "when the decision was made", required=True),
    _time("valid_to", "when a later one replaced it; null: it held"),
), ())  # fmt: skip

VERSIONS = Table("versions", "one version that was seen", (
    _text("id", ID, required=True),
    _count("number", "1 for the first that was seen", 1, required=True),
    _text("change", "first, edit, fuller (a source that shows more), delete, restore, or late (another archive saw"
          " it)", "first", "edit", "fuller", "delete", "restore", "late", required=True),
    _text("text", f"its text; {_WORDS[0]}, or where it was erased"),
    _LINKS,
    _MEDIA,
    _time("seen_at", "when it was seen", required=True),
    _text("source", "the source through which it was seen"),
    _flag("first_hand", "true: from the platform itself; false: quoted by another page"),
    _text("digest", "SHA-256 over all of it, as it stands in the archive's ledger", required=True),
    _text("text_sha256", _WORDS[1], required=True),
    _flag("erased", "true: what it said was erased; a post of which only such versions are left has no row in"
          " posts, and is found here where the query's filters find it: its words cannot"),
    _time("erased_at", "when the post was last erased, where it still is"),
    _text("erased_cause", "why", "request", "deleted", "retention"),
    _record("capture", "the answer in which it was seen; null where it came from a file",
            _text("sha256", "SHA-256 of its bytes"), _time("fetched_at", "when it was fetched")),
    _record("merged", "of what another archive saw before kle merge took it over; null for what was seen here",
            _text("archive", "id of that archive"), _count("number", "its number there", 1),
            _text("change", "what it was there"), _time("seen_at", "when it was seen there"),
            _text("digest", "its digest there")),
), ("id", "number"))  # fmt: skip

COUNTS = Table("metrics", "one observation of a post's counts", (
    _text("id", ID, required=True),
    _time("observed_at", "when they were observed", required=True),
    *_NUMBERS,
), ("id", "observed_at"))  # fmt: skip

SIGHTINGS = Table("sightings", "that a post was seen through a source, at an address",
                  (_text("id", ID, required=True), *_PLACE), ())  # fmt: skip

RUNS = Table("runs", "one look of the collector at one source: whether anybody was looking", (
    _text("source", "the source", required=True),
    _text("kind", "what kind of source it is", required=True),
    _time("started_at", "when the look began", required=True),
    _time("finished_at", "when it ended; null: it had not"),
    _text("outcome", "how it ended; null: it had not, or its process died", *Ending.__args__),  # type: ignore[attr-defined]
    *(_count(name, meaning) for name, meaning in (
        ("posts", "posts that it showed"), ("posts_new", "of them new to the archive"),
        ("posts_changed", "of them changed"), ("problems", "items that could not be read"),
    )),
), ())  # fmt: skip


def every(topics: Sequence[str]) -> dict[str, Table]:
    """All tables of a release, by name, in the order in which they are told of."""
    tables = (posts(topics), TAGS, VERSIONS, COUNTS, SIGHTINGS, RUNS)
    return {table.name: table for table in tables}


def only(table: Table, paths: Mapping[tuple[str, ...], None]) -> Table:
    """The table with these fields alone: whole ones by a path of one name, parts of a record by longer ones."""
    return replace(table, fields=tuple(_kept(table.fields, paths, ())))


def _kept(
    fields: Sequence[Field], paths: Mapping[tuple[str, ...], None], before: tuple[str, ...]
) -> Iterator[Field]:
    for field in fields:
        path = (*before, field.name)
        if path in paths:
            yield field
        elif field.nested and any(chosen[: len(path)] == path for chosen in paths):
            yield replace(field, fields=tuple(_kept(field.fields, paths, path)))
