"""When a source is due next: pure."""

from datetime import datetime, timedelta

from core.outcome import GOOD, PAUSED, Outcome

_LONGEST_BACKOFF = timedelta(days=1)
_HINTED = 1.5  # times the cadence at most: below the two looks whose absence is a gap in the coverage
_SPREAD = 0.1  # of the span, so that sources with one cadence do not all ask at once


def next_due(every: timedelta, failures: int, outcome: Outcome, now: datetime, jitter: float = 0.5) -> datetime:
    """After a good run or a pause its cadence; after failures in a row (this one counted) twice as long each, to
    a day.

    A server that says how long its answer stays as it is may stretch the cadence by half. `jitter` is a random
    number from 0 to 1 and moves the time by a tenth of the span at most; a time that the server named is never
    undercut.
    """
    hinted = max(every, min(timedelta(seconds=outcome.hint), every * _HINTED))
    span = hinted if outcome.ending in GOOD + PAUSED else _backoff(every, failures)
    moved = span * (1 - _SPREAD + 2 * _SPREAD * jitter)
    asked = timedelta(seconds=outcome.retry_after or 0)
    return now + (moved if moved >= asked else asked + span * _SPREAD * jitter)


def _backoff(every: timedelta, failures: int) -> timedelta:
    doubled = every * (1 << min(max(failures - 1, 0), 20))
    return max(every, min(doubled, _LONGEST_BACKOFF))
