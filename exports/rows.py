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
_OF_POSTS = ("posts", "tags", "versions", "metrics", "sightings")
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
        self._languages: Counter[str] = Counter()
        self._platforms: Counter[str] = Counter()
        self._topics: Counter[str] = Counter()
        self._synthetic, self._erased = 0, 0
        self._span: list[str] = []

    def of(self, posts: Sequence[Whole]) -> dict[str, list[Row]]:
        """The rows of these posts, by table."""
        made: dict[str, list[Row]] = {name: [] for name in _OF_POSTS}
        for post in posts:
            self._add(post, terms.ruling_today(post.was, post.today, self._audience), made)
        self._count(made["posts"], made["tags"])
        return {name: self._shaped(name, made[name]) for name in _OF_POSTS if name in self._chosen}

    def runs(self, rows: Sequence[Row]) -> list[Row]:
        """Looks at sources need no ruling: why one failed is not in them."""
        return self._shaped("runs", rows)

    def _shaped(self, name: str, rows: Sequence[Row]) -> list[Row]:
        shape = self._shapes[name]
        return list(map(shape, rows)) if shape else list(rows)

    def _add(self, post: Whole, ruled: Ruling, made: Mapping[str, list[Row]]) -> None:
        row = ruled.post(post.was)
        if self._pseudonyms:
            row = self._pseudonyms.apply(row)
        made["tags"] += ruled.tags(post.tags)
        history = map(ruled.said, post.versions) if ruled.withheld else post.versions
        hidden = self._pseudonyms.versions(post.was["account"], history) if self._pseudonyms else history
        made["versions"] += hidden
        made["metrics"] += () if ruled.bare else post.metrics
        made["sightings"] += [{"id": row["id"], **seen} for seen in row["sightings"]]
        if row.pop("erasure"):
            self._erased += 1
            return
        row["text_sha256"] = post.text_sha256
        if self._none:
            row["topics"] = {**self._none, **post.topics}
        if ruled.withheld:
            self._withheld[row["platform"], ruled] += 1
        if self._sheet:
            self.sheet.append({name: row[name] for name in SHOWN})
        made["posts"].append(row)

    def _count(self, posts: Sequence[Row], tags: Sequence[Row]) -> None:
        """A slice at a time: one by one it would take as long as to make the rows."""
        self.models |= {tag["model"] for tag in tags} - {None}
        self._synthetic += sum([post["synthetic"] for post in posts])
        self._languages.update([post["lang"] or "unknown" for post in posts])
        self._platforms.update([post["platform"] for post in posts])
        held = [{tag["topic"] for tag in post["tags"] if tag["decision"] == "tagged"} for post in posts]
        self._topics.update([topic for topics in held for topic in topics])
        at = [post["created_at"] for post in posts if post["created_at_precision"] != "seen"]  # else nobody knows
        self._span = [min([*self._span, *at]), max([*self._span, *at])] if at else self._span

    def counts(self) -> Row:
        first, last = self._span or (None, None)
        return {
            "synthetic": self._synthetic,
            "erased": self._erased,
            "languages": dict(sorted(self._languages.items())),
            "platforms": dict(sorted(self._platforms.items())),
            "topics": dict(sorted(self._topics.items())),
            "first": first,
            "last": last,
        }

    def withheld(self) -> list[Row]:
        """By platform and by what ruled: its terms, or a wish of the author. Looks at sources hold nothing of
        posts, and so nothing is withheld of them."""
        if set(self._chosen) == {"runs"} and not self._sheet:
            return []
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
