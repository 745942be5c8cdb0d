"""From a page to the archive, in short transactions; what collecting and importing share."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import islice
from typing import Any

from collector.kinds import Kind
from collector.purse import Purse
from core import times
from core.errors import CollectError, ParseError
from core.outcome import Outcome
from core.page import Page
from core.post import Problem, SeenPost
from db import archive, captures, follows, hold, rechecks, sources, work
from db.database import Database
from db.models import Source
from db.seen import Counts

_Items = list[SeenPost | Problem]


@dataclass(slots=True)
class Intake:
    """One run's way into the archive; `outcome` counts, `state` grows with each page that is archived whole.

    `follow`: queue the pages that new posts name. `live` work is tagged before bulk work. `worker` holds the
    source; "" where nobody needs to: an import, whose `file` is named by what is put aside.
    """

    database: Database
    source: Source
    run_id: int
    follow: bool = False
    live: bool = True
    clock: Callable[[], datetime] = times.now
    outcome: Outcome = field(default_factory=lambda: Outcome("not_modified"))
    state: dict[str, Any] = field(default_factory=dict)
    unchanged: int = 0
    forgotten: int = 0
    first_problem: str | None = None
    purse: Purse | None = None
    worker: str = ""
    file: str = ""

    def take(self, page: Page, kind: Kind, asked: Sequence[int] = ()) -> None:
        """Parse and archive a page with its capture; `asked` are the row keys of the posts that it was asked for.

        Raises ParseError; what came before it stays. Raises CollectError, and archives nothing more, where another
        process has taken the source over: what was read long ago is older than what that one brings.
        """
        self._heed(page, kind)
        items = kind.parse(page)
        capture_id: int | None = None
        error: ParseError | None = None
        last = False
        while not last:
            chunk, error = _some(items)
            last = error is not None or len(chunk) < archive.MOST
            kept = merged(self.state, page.state) if last and not error else None
            capture_id = self._store(page, chunk, capture_id, kept, asked if last and not error else ())
        if error:
            raise error

    def _heed(self, page: Page, kind: Kind) -> None:
        """How long the page stays as it is: its own word, else that of its server."""
        hint = kind.hint(page)
        seconds = hint.total_seconds() if hint else max_age(page.headers.get("cache-control", ""))
        self.outcome.hint = max(self.outcome.hint, seconds)

    def _store(
        self,
        page: Page,
        items: _Items,
        capture_id: int | None,
        state: dict[str, Any] | None,
        asked: Sequence[int],
    ) -> int:
        posts = [self._marked(item) for item in items if isinstance(item, SeenPost)]
        problems = [item for item in items if isinstance(item, Problem)]
        with self.database.write() as session:
            now = self.clock()  # once it is our turn: nobody who came before us may have written a later time
            if self.worker and not work.still_mine(session, Source, [self._id], self.worker):
                raise CollectError(hold.TAKEN_OVER)
            number = capture_id or captures.store(session, self.run_id, page)
            counts = archive.archive(
                session, self.source, self.run_id, posts, number, now, live=self.live, file=self.file
            )
            sources.quarantine(session, self.run_id, problems, now, self.file)
            if self.purse and capture_id is None:
                self.purse.settle(session, page.reads)
            if self.follow:
                follows.queue(session, self._id, counts.new_follows)
            if state is not None:
                sources.keep_state(session, self._id, state)
            rechecks.done(session, asked, now)
        self._count(counts, posts, problems)
        self.state = self.state if state is None else state
        return number

    @property
    def _id(self) -> int:
        assert self.source.id is not None
        return self.source.id

    def _marked(self, post: SeenPost) -> SeenPost:
        """A synthetic source invents what it says itself, not what it quotes."""
        return replace(post, synthetic=True) if self.source.synthetic and post.first_hand else post

    def _count(self, counts: Counts, posts: list[SeenPost], problems: list[Problem]) -> None:
        self.outcome.posts += len(posts) - counts.quarantined
        self.outcome.posts_new += counts.new
        self.outcome.posts_changed += counts.changed
        self.outcome.problems += len(problems) + counts.quarantined
        self.unchanged += counts.unchanged
        self.forgotten += counts.forgotten
        if problems and not self.first_problem:
            self.first_problem = problems[0].error


def _some(items: Iterator[SeenPost | Problem]) -> tuple[_Items, ParseError | None]:
    """The next slice; where the payload breaks, what could be read before that, and the error."""
    chunk: _Items = []
    try:
        for item in islice(items, archive.MOST):
            chunk.append(item)
    except ParseError as error:
        return chunk, error
    return chunk, None


def max_age(cache_control: str) -> float:
    """Seconds; 0 where the server says none."""
    found = re.search(r"(?:^|[\s,])max-age\s*=\s*\"?(\d{1,9})", cache_control.lower())
    return float(found[1]) if found else 0.0


def merged(state: dict[str, Any], page_state: dict[str, Any]) -> dict[str, Any]:
    """What is known with what a page adds; tables (the digests of many files) grow, single values are replaced."""
    grown = {
        k: {**state[k], **v}
        for k, v in page_state.items()
        if isinstance(v, dict) and isinstance(state.get(k), dict)
    }
    return {**state, **page_state, **grown}
