"""Forgetting as the worker and the commands do it: small transactions, and on where it stood after a kill."""

import time
from collections.abc import Callable
from pathlib import Path

import structlog

from core import times
from db import alert_retention
from db.database import Database
from db.erasing import due, purge, retention
from db.erasing.due import Rule
from kle import exporting

SLICE = 5  # posts of one transaction: up to 30 ms each, and others want to write
MESSAGES = 50  # of one transaction
PAUSE = 0.01  # seconds between two, for others who want to write
log = structlog.get_logger("kle.forgetting")
Going = Callable[[], bool]


def always() -> bool:
    return True


def erase_due(database: Database, going: Going = always) -> int:
    """Erase what the platforms' terms, and sources with `erase_deleted`, want erased; how many posts."""
    return sum(_erase(database, rule, going) for rule in due.by_terms(times.now()))


def erase_kept(database: Database, going: Going = always, *, only_due: bool = True) -> int:
    """Erase what sources have kept long enough, by what was announced a day ago or, without `only_due`, all."""
    with database.read() as session:
        rules = [one.rule for one in retention.kept(session, times.now(), only_due=only_due)]
    return sum(_erase(database, rule, going) for rule in rules)


def retain_daily(database: Database, going: Going = always) -> None:
    """Once a day what sources have kept long enough; a run that was cut off is not noted, and comes again."""
    now = times.now()
    with database.read() as session:
        if not retention.is_day_over(session, now):
            return
    erase_kept(database, going)
    if going():
        with database.write() as session:
            retention.note_run(session, now)


def cut_messages(database: Database, going: Going = always) -> int:
    """Leave of the posts in messages that were sent long ago their ids only; how many messages."""
    done = 0
    while going():
        with database.read() as session:
            if not alert_retention.is_due(session, times.now()):
                break
        with database.write() as session:
            done += alert_retention.cut_some(session, times.now(), MESSAGES)
        time.sleep(PAUSE)
    if done:
        log.info("messages name their posts only now", messages=done, kept_days=alert_retention.KEPT.days)
    return done


def _erase(database: Database, rule: Rule, going: Going) -> int:
    """A slice a transaction; the usual minute finds nothing and writes nothing."""
    done = 0
    while going():
        with database.read() as session:
            if not due.keys(session, rule, 1):
                break
        with database.write() as session:
            done += len(due.erase_some(session, rule, SLICE, times.now()))
        time.sleep(PAUSE)
    if done:
        log.info("erased", posts=done, cause=rule.why.cause, reason=rule.why.reason)
    return done


def announce(database: Database) -> None:
    """Tell what will go by a `keep` that is new or shorter, a day before it goes."""
    now = times.now()
    with database.read() as session:
        found = retention.unannounced(session, now)
        counted = {one.source: due.count(session, one.rule) for one in found}
    if not found:
        return
    for name, (posts, oldest) in counted.items():
        seen = times.text(oldest) if oldest else None
        log.warning("posts will be erased in a day by the source's keep", source=name, posts=posts, oldest=seen)
    with database.write() as session:
        retention.announce(session, found, now)


def purge_traces(database: Database, data_dir: Path, going: Going = always, *, whole: bool = False) -> bool:
    """Take the last traces of what was erased, files of exports among them; True once none is left."""
    exporting.clear(data_dir, database)
    return purge.purge(database, times.now, going=going, whole=whole)
