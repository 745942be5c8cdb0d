"""Posts -> rows of the tables, as the audience may have them, with count of what was withheld."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from sqlmodel import Session

from core import terms
from core.terms import Audience
from db import posts
from db.query import PostQuery
from exports import tables

Row = dict[str, Any]
Write = Mapping[str, Callable[[Row], None]]


class Rows:
    """What goes into one release. Everything passes through `terms`, older versions and evidence too; as of a
    moment what was known then, by the terms of today.

    Of a post whose text was erased the versions go in with their digests, so that the release can be held against
    an older one; its row in posts does not.
    """

    def __init__(self, audience: Audience) -> None:
        self.counts: Counter[str] = Counter()
        self._audience = audience
        self._withheld: Counter[tuple[str, str]] = Counter()
        self._models: set[str] = set()
        self._synthetic = 0
        self._erased = 0

    def write(self, session: Session, query: PostQuery, write: Write) -> Iterator[int]:
        """Write every match, oldest first; yields after each slice how many posts it had."""
        for found in posts.slices(session, replace(query, tombstones=True)):
            for post, today in found:
                self._post(post, today, write)
                for version in posts.versions(session, post["id"], query.as_of):
                    self._version(today, version, write)
            yield len(found)

    def summary(self) -> Row:
        return {
            "counts": {name: self.counts[name] for name in tables.ALL}
            | {"synthetic": self._synthetic, "erased": self._erased},
            "models": sorted(self._models),
            "withheld": [
                {"policy": policy, "platform": platform, "posts": count, "why": _why(platform)}
                for (platform, policy), count in sorted(self._withheld.items())
            ],
        }

    def _post(self, post: Row, today: Row, write: Write) -> None:
        if post["erasure"]:
            self._erased += 1
            return
        fit = terms.apply_today(post, today, self._audience)
        if fit["rights"]["text_withheld"]:
            self._withheld[post["platform"], fit["rights"]["policy"]] += 1
        self._synthetic += post["synthetic"]
        self._put("posts", fit, write)

    def _version(self, post: Row, version: Row, write: Write) -> None:
        said = {"text": version["text"], "media": version["media"], "tags": version["tags"]}
        erasure = post["erasure"] if version["erased"] else None
        why = {"erased_at": erasure and erasure["at"], "erased_cause": erasure and erasure["cause"]}
        fit = terms.apply({**post, **said}, self._audience)
        shown = {name: fit[name] for name in said}
        self._put("versions", {**version, **shown, **why, "id": post["id"]}, write)
        for tag in fit["tags"]:
            self._models |= {tag["model"]} - {None}
            self._put("tags", {**tag, "id": post["id"], "version": version["number"]}, write)

    def _put(self, table: str, row: Row, write: Write) -> None:
        write[table](tables.shaped(row, tables.ALL[table]))
        self.counts[table] += 1


def _why(platform: str) -> str:
    table = terms.policies()
    return table.get(platform, table["other"]).note
