"""What the tables of a release tell of each post, put together in one pass: all of them are in the order of posts.

versions lead: they tell of erased posts too, which have no row in posts and bring nothing.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from operator import itemgetter
from typing import Any

from collector.releases import rows
from collector.releases.opened import Release
from collector.releases.rows import Row
from core.errors import ParseError

_TABLES = ("posts", "versions", "metrics")
_ORDER = "the tables of this release are not in one order: import its file of posts alone"


@dataclass(slots=True)
class Joined:
    """`erased` counts the posts of which only erased versions are left."""

    release: Release
    erased: int = 0
    tables: Sequence[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.tables = [name for name in _TABLES if self.release.table(name)]

    @property
    def size(self) -> int:
        """Bytes of the files that are read."""
        return sum((self.release.table(name) or {})["bytes"] for name in self.tables)

    @property
    def remark(self) -> str:
        """What is to be said once all was read; "" for nothing."""
        if not self.has_history:
            return "this release has no table of versions: posts came in as they are shown, without what was before"
        left = f"of {self.erased} posts only erased versions are left there: they brought nothing"
        return left if self.erased else ""

    @property
    def has_history(self) -> bool:
        return bool(self.release.archive) and "versions" in self.tables

    def check(self) -> None:
        """Raises Refused where a file is not the one that the manifest names."""
        for name in self.tables:
            self.release.check(name)

    def records(self) -> Iterator[Row]:
        """{"archive", "audience", "post", "versions", "metrics"} for each post. Raises Refused, ParseError."""
        about = {"archive": self.release.archive, "audience": self.release.manifest.get("audience")}
        return ({**about, **record} for record in self._records())

    def _records(self) -> Iterator[Row]:
        if not self.has_history:
            yield from ({"post": row, "versions": [], "metrics": []} for row in rows.of(self.release, "posts"))
            return
        posts, counts = _Groups(self.release, "posts"), _Groups(self.release, "metrics")
        for name, versions in groupby(rows.of(self.release, "versions"), key=itemgetter("id")):
            history, observed = _without_id(versions), counts.of(name)
            if found := posts.of(name):
                yield {"post": found[0], "versions": history, "metrics": _without_id(observed)}
            else:
                self.erased += 1
        if posts.waiting:
            raise ParseError(_ORDER)


class _Groups:
    """The rows of one table by post, which are asked for in their order; those of others wait."""

    def __init__(self, release: Release, table: str) -> None:
        there = rows.of(release, table) if release.table(table) else iter(())
        self._groups = groupby(there, key=itemgetter("id"))
        self._next()

    def _next(self) -> None:
        self.waiting = next(((name, list(some)) for name, some in self._groups), None)

    def of(self, name: str) -> list[Row]:
        if self.waiting is None or self.waiting[0] != name:
            return []
        found = self.waiting[1]
        self._next()
        return found


def _without_id(some: Any) -> list[Row]:
    return [{name: value for name, value in row.items() if name != "id"} for row in some]
