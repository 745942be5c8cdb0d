"""Counts the weeks that drift is seen by, each in a transaction of its own."""

from core import times
from db import drift
from db.database import Database


def count_weeks(database: Database) -> int:
    """Count again what was tagged in since the last time; how many weeks. Nothing is written where nothing was."""
    with database.read() as session:
        due = drift.due(session, times.now())
    for start in due.weeks:
        with database.read() as session:
            rows = drift.count(session, start)
        with database.write() as session:
            drift.keep(session, start, rows)
    if due.weeks:
        with database.write() as session:
            drift.note(session, due.last_tag, times.now())
    return len(due.weeks)
