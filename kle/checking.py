"""`kle sources check`: does a source answer, and what is in it? Nothing is archived."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from collector import kinds
from collector.fetch import Fetcher
from core import times
from core.errors import KleError, NotFound
from core.post import Problem, SeenPost
from core.settings import Settings, SourceConfig


@dataclass(slots=True)
class Finding:
    source: str
    posts: int = 0
    problems: int = 0
    newest: datetime | None = None
    error: str | None = None

    def as_json(self) -> dict[str, Any]:
        newest = times.text(self.newest) if self.newest else None
        return {
            "source": self.source,
            "ok": self.error is None,
            "posts": self.posts,
            "problems": self.problems,
            "newest": newest,
            "error": self.error,
        }


def choose(settings: Settings, names: Sequence[str], everything: bool = False) -> list[SourceConfig]:
    """The named sources; without names the enabled ones, or with `everything` all of kle.toml."""
    known = {source.name: source for source in settings.sources}
    missing = [name for name in names if name not in known]
    if missing:
        there = ", ".join(known) or "none yet: `kle init` writes a kle.toml with some"
        raise NotFound(f"there is no source {missing[0]!r} in {settings.config}; there are {there}")
    if names:
        return [known[name] for name in names]
    return [source for source in known.values() if everything or source.enabled]


def look(source: SourceConfig, settings: Settings) -> Finding:
    """Fetch as the collector would the first time, and read what comes."""
    finding = Finding(source.name)
    try:
        kind = kinds.kind(source.kind)
        target = kinds.target(source.name, source.kind, source.options)
        with Fetcher.from_settings(settings) as fetcher:
            for page in kind.fetch(target, fetcher, {}):
                for item in kind.parse(page):
                    _count(finding, item)
    except KleError as error:
        finding.error = error.message
    return finding


def _count(finding: Finding, item: SeenPost | Problem) -> None:
    if not isinstance(item, SeenPost):
        finding.problems += 1
        return
    finding.posts += 1
    if item.created_at and (finding.newest is None or item.created_at > finding.newest):
        finding.newest = item.created_at
