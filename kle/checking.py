"""`kle sources check`: does a source answer, what is in it, and what will the next run do? Nothing is archived."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlmodel import Session

from collector import kinds
from collector.fetch import Fetcher
from collector.target import Options
from core import times
from core.errors import KleError, NotFound
from core.post import Problem, SeenPost
from core.secrecy import masked
from core.settings import Settings
from core.tables import SourceConfig
from db import rechecks, sources, volume
from db.database import Database

_SHOWN = 3
_MOST_RECHECKS = 10_000
_VALIDATORS = ("etag", "last_modified")


@dataclass(slots=True)
class Finding:
    """`asked` are the requests with their answers; `newest_posts` the last of `posts`, for the eye; `lacks` is what
    is to be written before the source may be asked; `plan` what the next run will do, in sentences; `cost` what it
    costs in US dollars, for kinds that cost money."""

    source: SourceConfig
    asked: list[tuple[str, int]] = field(default_factory=list)
    pages: int = 0
    size: int = 0
    posts: int = 0
    kinds: Counter[str] = field(default_factory=Counter)
    problems: int = 0
    reasons: Counter[str] = field(default_factory=Counter)
    newest: datetime | None = None
    oldest: datetime | None = None
    newest_posts: list[SeenPost] = field(default_factory=list)
    follows: set[str] = field(default_factory=set)
    conditional: bool = False
    lacks: list[str] = field(default_factory=list)
    plan: list[str] = field(default_factory=list)
    cost: Any = None
    error: str | None = None

    @property
    def answers_with_posts(self) -> bool:
        return self.error is None and self.posts > 0

    def as_json(self) -> dict[str, Any]:
        return {
            "source": self.source.name,
            "ok": self.error is None,
            "posts": self.posts,
            "problems": self.problems,
            "newest": times.text(self.newest) if self.newest else None,
            "error": self.error,
            "asked": [{"url": url, "status": status} for url, status in self.asked],
            "bytes": self.size,
            "kinds": dict(self.kinds),
            "reasons": dict(self.reasons),
            "lacks": self.lacks,
            "plan": self.plan,
            "cost": self.cost.as_json() if self.cost else None,
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


def look(source: SourceConfig, settings: Settings, database: Database) -> Finding:
    """Fetch as the collector would the first time, and read what comes. What costs money is priced, not asked."""
    finding = Finding(source)
    try:
        kind = kinds.kind(source.kind)
        target = kinds.target(source.name, source.kind, source.options)
        finding.lacks = target.missing
        if finding.lacks and source.enabled:
            finding.error = f"it is enabled and cannot be asked: it lacks {'; '.join(finding.lacks)}"
        if kind.estimate is None and not finding.lacks:
            _ask(finding, kind, target, settings)
        with database.read() as session:
            _foresee(finding, kind, target, settings, session)
    except KleError as error:
        finding.error = error.message
    return finding


def _ask(finding: Finding, kind: kinds.Kind, target: Options, settings: Settings) -> None:
    def heard(url: str, status: int) -> None:
        finding.asked.append((masked(url), status))

    with Fetcher.from_settings(settings, heard) as fetcher:
        for page in kind.fetch(target, fetcher, {}):
            finding.pages += 1
            finding.size += len(page.body)
            finding.conditional |= any(page.state.get(name) for name in _VALIDATORS)
            for item in kind.parse(page):
                _count(finding, item)


def _count(finding: Finding, item: SeenPost | Problem) -> None:
    if not isinstance(item, SeenPost):
        finding.problems += 1
        finding.reasons[item.error] += 1
        return
    finding.posts += 1
    finding.kinds[item.kind] += 1
    if item.follow:
        finding.follows.add(item.follow)
    if item.created_at:
        finding.newest = max(finding.newest or item.created_at, item.created_at)
        finding.oldest = min(finding.oldest or item.created_at, item.created_at)
    dated = [*finding.newest_posts, item]
    finding.newest_posts = sorted(dated, key=_when, reverse=True)[:_SHOWN]


def _when(post: SeenPost) -> datetime:
    return post.created_at or times.EARLIEST


def _foresee(finding: Finding, kind: kinds.Kind, target: Options, settings: Settings, session: Session) -> None:
    """What the next run will do, by the configuration, the archive and what was just seen."""
    source, now = finding.source, times.now()
    row = sources.find(session, source.name)
    known, a_day = volume.published(session, row.id, now) if row and row.id else (0, None)
    if kind.estimate:
        finding.cost = kind.estimate(target, known, a_day, settings.x_prices, source.every)
    finding.plan = [_turn(source, row.next_due_at if row else None, now)]
    if finding.lacks:
        finding.plan = [_refusal(source)]
        return
    if finding.conditional:
        finding.plan.append("asks only for what has changed (the server names a state of its pages)")
    if source.options.get("follow_articles") is True:
        finding.plan.append(f"reads the pages of new entries as articles: {len(finding.follows)} are named now")
    if kind.recheck and row and row.id:
        due = len(rechecks.due(session, row.id, now, _MOST_RECHECKS))
        finding.plan.append(f"asks again for up to {kind.most_rechecks} of its posts a round: {due} are due now")


def _refusal(source: SourceConfig) -> str:
    if source.enabled:
        return "it will refuse, and ask nothing, until what it lacks is written"
    return "none: the source is switched off (enabled = false); once on, it refuses until what it lacks is written"


def _turn(source: SourceConfig, due: datetime | None, now: datetime) -> str:
    every = f"every {times.every(source.every)}"
    if not source.enabled:
        return f"none: the source is switched off (enabled = false); its cadence is {every}"
    if due is None or due <= now:
        return f"as soon as the collector runs, then {every}"
    return f"at {times.text(due.replace(microsecond=0))}, then {every}"
