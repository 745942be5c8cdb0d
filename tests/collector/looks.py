"""Whole rounds of a source "s" into an archive, as the worker does them."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlmodel import select

from collector.collect import collect
from collector.fetch import Fetcher
from core import settings
from core.outcome import Outcome
from db import directory, posts, sources
from db.database import Database
from db.models import Source
from db.query import PostQuery

NOW = datetime(2026, 9, 1, 12, tzinfo=UTC)
_WORKER = "here:1:a"
_KEPT = ("text", "kind", "lang", "versions", "edits", "links", "media", "repeats", "url")


class Looker:
    """Configures the source, and looks at it; `now` is the clock."""

    def __init__(self, database: Database, folder: Path, fetcher: Fetcher) -> None:
        self.database = database
        self.fetcher = fetcher
        self.now = NOW
        self._folder = folder

    def __call__(self, **options: Any) -> Outcome:
        tables = {"source": [{"name": "s", **options}]}
        configured = settings.load().model_copy(update={"tables": tables, "config": self._folder / "kle.toml"})
        with self.database.write() as session:
            directory.sync(session, configured, [], self.now)
            source = sources.claim_named(session, "s", _WORKER, self.now)
        return collect(self.database, source, self.fetcher, _WORKER, lambda: self.now, lambda: 0.5)

    def later(self, **options: Any) -> Outcome:
        """Look again when nothing that a killed round held is held any more."""
        self.now += timedelta(minutes=1)
        return self(**options)

    def state(self) -> dict[str, Any]:
        """What the next round starts from."""
        with self.database.read() as session:
            return dict(session.exec(select(Source).where(Source.name == "s")).one().state)

    def forget(self) -> None:
        """Start the next round as the first one did."""
        with self.database.write() as session:
            sources.keep_state(session, session.exec(select(Source.id).where(Source.name == "s")).one() or 0, {})

    def archived(self) -> dict[str, dict[str, Any]]:
        with self.database.read() as session:
            return {
                post["id"]: post for post in posts.page(session, PostQuery.build(), sort="oldest", limit=200).items
            }

    def essence(self) -> dict[str, dict[str, Any]]:
        """What is archived without what the time of looking decides."""
        return {name: _essence(post) for name, post in self.archived().items()}


def _essence(post: dict[str, Any]) -> dict[str, Any]:
    exact = post["created_at_precision"] != "seen"
    told = {"created_at": post["created_at"] if exact else None, "deleted": bool(post["deleted_at"])}
    return {**{name: post[name] for name in _KEPT}, **told}
