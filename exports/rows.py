"""Posts as they were -> rows of the tables, as the audience may have them, with count of what was withheld.

Everything passes through `core.terms`, older versions and evidence too: what was known then, by the terms of today.
Of a post whose text was erased the versions go in with their digests, so that the release can be held against an
older one; its row in posts does not.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence

from core import terms
from core.terms import Audience, Ruling
from db.whole import Whole
from exports import tables
from exports.batch import Row
from exports.pseudonyms import Pseudonyms
from exports.tables import Field, Table

SHOWN = ("id", "text", "lang", "url", "text_sha256")  # to who labels a post: not what a model says of it
Shape = Callable[[Row], Row]


class Rows:
    """What goes into one release. `chosen` are its tables, with the columns that were asked for; with `sheet` the
    fields are kept that people label by."""

    def __init__(
        self,
        chosen: Mapping[str, Table],
        topics: Sequence[str],
        audience: Audience,
        pseudonyms: Pseudonyms | None = None,
        *,
        sheet: bool = False,
    ) -> None:
        self.models: set[str] = set()
        self.sheet: list[Row] = []
        self._sheet = sheet
        self._chosen = chosen
        self._none = dict.fromkeys(topics)
        self._audience = audience
        self._pseudonyms = pseudonyms
        self._shapes = {name: _shape(table, tables.every(topics)[name]) for name, table in chosen.items()}
        self._withheld: Counter[tuple[str, Ruling]] = Counter()
        self._counted: dict[str, Counter[str]] = {name: Counter() for name in ("languages", "platforms", "topics")}
        self._numbers: Counter[str] = Counter()
        self._span: tuple[str, str] | None = None

    def of(self, posts: Sequence[Whole]) -> dict[str, list[Row]]:
        """The rows of these posts, by table."""
        found: dict[str, list[Row]] = {name: [] for name in self._chosen if name != "runs"}
        for post in posts:
            ruled = terms.ruling_today(post.was, post.today, self._audience)
            made = self._of(post, ruled)
            for name, rows in made.items():
                if name in found:
                    shape = self._shapes[name]
                    found[name] += map(shape, rows) if shape else rows
        return found

    def runs(self, rows: Sequence[Row]) -> list[Row]:
        """Looks at sources need no ruling: why one failed is not in them."""
        shape = self._shapes["runs"]
        return list(map(shape, rows)) if shape else list(rows)

    def _of(self, post: Whole, ruled: Ruling) -> dict[str, list[Row]]:
        was = ruled.post(post.was)
        if self._pseudonyms:
            was = self._pseudonyms.apply(was)
        long = ruled.tags(post.tags)
        self.models.update(tag["model"] for tag in long if tag["model"])
        made = {
            "tags": long,
            "versions": [ruled.said(version) for version in post.versions] if ruled.withheld else post.versions,
            "metrics": [] if ruled.bare else post.metrics,
            "sightings": [{"id": was["id"], **seen} for seen in was["sightings"]],
        }
        if was.pop("erasure"):
            self._numbers["erased"] += 1
            return made
        self._count(was, ruled)
        row = {**was, "text_sha256": post.text_sha256}
        if self._none:
            row["topics"] = {**self._none, **post.topics}
        self.sheet += [{name: row[name] for name in SHOWN}] if self._sheet else []
        return {**made, "posts": [row]}

    def _count(self, post: Row, ruled: Ruling) -> None:
        self._numbers["synthetic"] += post["synthetic"]
        self._counted["languages"][post["lang"] or "unknown"] += 1
        self._counted["platforms"][post["platform"]] += 1
        self._counted["topics"].update(tag["topic"] for tag in post["tags"] if tag["decision"] == "tagged")
        at = post["created_at"]
        self._span = (min(at, self._span[0]), max(at, self._span[1])) if self._span else (at, at)
        if ruled.withheld:
            self._withheld[post["platform"], ruled] += 1

    def counts(self) -> Row:
        first, last = self._span or (None, None)
        return {
            **{name: self._numbers[name] for name in ("synthetic", "erased")},
            **{name: dict(sorted(counted.items())) for name, counted in self._counted.items()},
            "first": first,
            "last": last,
        }

    def withheld(self) -> list[Row]:
        """By platform and by what ruled: its terms, or a wish of the author."""
        entries = [
            {
                "platform": platform,
                "policy": ruled.policy.share,
                "posts": count,
                "fields": list(ruled.fields),
                "why": ruled.policy.note,
            }
            for (platform, ruled), count in self._withheld.items()
        ]
        return sorted(entries, key=lambda entry: (entry["platform"], entry["policy"], entry["why"]))


def _shape(table: Table, whole: Table) -> Shape | None:
    """Takes a row down to the table's columns; None where it has them all."""
    return None if table.fields == whole.fields else _only(table.fields)


def _only(fields: Sequence[Field]) -> Shape:
    parts: list[tuple[str, Shape | None]] = [(f.name, _only(f.fields) if f.nested else None) for f in fields]

    def shape(row: Row) -> Row:
        return {name: inner(row[name]) if inner and row[name] else row[name] for name, inner in parts}

    return shape
