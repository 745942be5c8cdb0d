"""One round of one source, told as one story: fetch page by page, archive each, follow, ask again, fetch pictures,
say when next.

Each page is archived with its capture, and with what the next fetch needs to know, before the next is asked
for; a killed process loses nothing and repeats at most one page. The network is never asked inside a
transaction.
"""

import logging
import random
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any

from collector import kinds, later, media, schedule
from collector.fetch import Fetcher
from collector.intake import Intake
from collector.purse import Purse
from core import times
from core.errors import KleError, OverBudget, ParseError, RateLimited
from core.outcome import GOOD, PAUSED, Ending, Outcome
from core.post import Problem
from core.secrecy import masked
from db import follows, rechecks, sources, work
from db.database import Database
from db.hold import Hold
from db.models import Follow, Source

log = logging.getLogger(__name__)
Clock = Callable[[], datetime]
_FOLLOWS_A_ROUND = 50


def collect(
    database: Database,
    source: Source,
    fetcher: Fetcher,
    worker: str,
    clock: Clock = times.now,
    jitter: Callable[[], float] = random.random,
) -> Outcome:
    """Look once at `source`, which `worker` has claimed; every ending is an outcome, and lets go of it."""
    assert source.id is not None
    with database.write() as session:
        run_id = sources.start_run(session, source.id, clock())
    intake = Intake(
        database,
        source,
        run_id,
        _follows(source),
        source.kind != "file",
        clock,
        state=dict(source.state),
        worker=worker,
    )
    with Hold(database, Source, [source.id], worker, clock=clock) as hold:
        try:
            _look(intake, fetcher, hold)
        except Exception as error:  # whatever a stranger's bytes set off: it is told, and the source comes again
            _told(intake.outcome, error, source)
        outcome = _ended(intake)
        _follow_all(intake, fetcher, hold, worker)
        _ask_again(intake, fetcher, hold)
        media.fetch_all(intake, fetcher, hold, worker)
    failures = 0 if outcome.ending in GOOD else source.failures + int(outcome.ending not in PAUSED)
    now = clock()
    due = schedule.next_due(sources.every(source), failures, outcome, now, jitter())
    with database.write() as session:
        sources.finish_run(session, source.id, run_id, worker, outcome, intake.state, due, now)
    log.info("source %s: %s, %d posts, %d new", source.name, outcome.ending, outcome.posts, outcome.posts_new)
    return outcome


def _look(intake: Intake, fetcher: Fetcher, hold: Hold) -> None:
    """Every page that changed. One that cannot be read does not keep the others out; its error comes last."""
    source = intake.source
    kind = kinds.kind(source.kind)
    target = kinds.target(source.name, source.kind, source.options)
    fetcher = _paying(intake, kind, target, fetcher)
    unreadable: ParseError | None = None
    for page in kind.fetch(target, fetcher, intake.state):
        hold.check()
        intake.outcome.ending = "ok"
        try:
            intake.take(page, kind)
        except ParseError as error:
            unreadable = unreadable or error
    if unreadable:
        raise unreadable


def _paying(intake: Intake, kind: kinds.Kind, target: Any, fetcher: Fetcher) -> Fetcher:
    """With the day's money, where this kind of source costs some."""
    if not kind.priced:
        return fetcher
    intake.purse = Purse(
        intake.database, intake.source.id or 0, target.daily_budget_usd, fetcher.prices, intake.clock
    )
    return fetcher.paying(intake.purse)


def _follows(source: Source) -> bool:
    return source.options.get("follow_articles") is True


def _follow_all(intake: Intake, fetcher: Fetcher, hold: Hold, worker: str) -> None:
    """Read the pages that entries named, newest first, as far as this round goes; the rest waits for the next."""
    if not _follows(intake.source) or intake.outcome.ending == "rate_limited":
        return
    before = intake.outcome.posts
    for _ in range(_FOLLOWS_A_ROUND):
        if hold.lost:
            return
        with intake.database.write() as session:
            follow = follows.claim(session, intake.source.id or 0, worker, intake.clock())
        if follow is None or not _follow_one(intake, fetcher, follow):
            break
    if intake.outcome.posts > before and intake.outcome.ending in GOOD:
        intake.outcome.ending = "ok"


def _follow_one(intake: Intake, fetcher: Fetcher, follow: Follow) -> bool:
    """One page as kind article, to be tried again later where that can help; False where the round should stop."""
    try:
        if page := fetcher.get(follow.url, as_robot=True):
            intake.take(replace(page, state={}), kinds.kind("article"))
    except Exception as failed:  # as in collect(): one page must not end the round
        _unread(intake, follow, failed)
        return not isinstance(failed, RateLimited)
    with intake.database.write() as session:
        follows.finish(session, follow, intake.clock())
    return True


def _unread(intake: Intake, follow: Follow, failed: Exception) -> None:
    """To be tried again, or given up, which the run, /sources and coverage tell."""
    said, now = later.message(failed), intake.clock()
    log.warning("page %s of source %s: %s", masked(follow.url), intake.source.name, said)
    wait = later.wait(failed, follow.attempts)
    with intake.database.write() as session:
        if wait is None:
            follows.finish(session, follow, now, said)
            sources.quarantine(session, intake.run_id, [Problem(f"{said} (given up)", masked(follow.url))], now)
            intake.outcome.problems += 1
        else:
            work.postpone(session, follow, said, now + wait, asked=later.named(failed) is None)
    ending = "given up" if wait is None else "to be tried again"
    intake.outcome.error = (
        intake.outcome.error or f"a page that an entry names could not be read ({ending}): {said}"
    )


def _ask_again(intake: Intake, fetcher: Fetcher, hold: Hold) -> None:
    """Posts whose counts or whose being there are due, by their ids; what cannot be asked for stays due."""
    kind = kinds.kind(intake.source.kind)
    if kind.recheck is None or intake.outcome.ending in PAUSED or hold.lost:
        return
    with intake.database.read() as session:
        asked = rechecks.due(session, intake.source.id or 0, intake.clock(), kind.most_rechecks)
    if not asked:
        return
    target = kinds.target(intake.source.name, intake.source.kind, intake.source.options)
    fetcher = _paying(intake, kind, target, fetcher)
    try:
        for page in kind.recheck(target, fetcher, intake.state, list(asked.values())):
            hold.check()
            intake.take(page, kind, [key for key, post in asked.items() if post.platform_id in page.about])
    except Exception as error:  # how the look itself ended stays as it was
        trouble = f"{len(asked)} posts were due to be asked for again: {later.message(error)}"
        log.warning("source %s: %s", intake.source.name, trouble)
        intake.outcome.error = intake.outcome.error or trouble
        return
    with intake.database.write() as session:
        rechecks.done(session, list(asked), intake.clock())


def _told(outcome: Outcome, error: Exception, source: Source) -> None:
    """Write into the outcome what went wrong."""
    outcome.ending = _ending(error)
    outcome.error = later.message(error)
    outcome.retry_after = error.retry_after if isinstance(error, KleError) else None
    log.warning("source %s: %s", source.name, outcome.error, exc_info=not isinstance(error, KleError))


def _ending(error: Exception) -> Ending:
    if isinstance(error, RateLimited):
        return "rate_limited"
    return "over_budget" if isinstance(error, OverBudget) else "failed"


def _ended(intake: Intake) -> Outcome:
    """Name the ending of a round that nothing stopped."""
    outcome = intake.outcome
    if outcome.ending not in GOOD:
        return outcome
    if outcome.posts:
        outcome.ending = "ok"
    elif outcome.problems:
        outcome.ending = "failed"
        outcome.error = f"none of {outcome.problems} items could be read; the first: {intake.first_problem}"
    elif outcome.ending == "ok":
        outcome.ending = "empty"
    return outcome
