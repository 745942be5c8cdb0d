"""What could not be had now: whether it is worth another try, and when."""

from datetime import timedelta

from core.errors import KleError, Refused

TRIES = 5
_WAITS = (timedelta(minutes=10), timedelta(hours=1), timedelta(hours=6), timedelta(days=1))


def message(error: Exception) -> str:
    return error.message if isinstance(error, KleError) else f"{type(error).__name__}: {error}"


def named(failed: Exception) -> float | None:
    """The seconds that whoever refused us asked to wait: then nobody was asked, and it was no try."""
    return failed.retry_after if isinstance(failed, KleError) else None


def wait(failed: Exception, attempts: int) -> timedelta | None:
    """In ten minutes, an hour, six, a day; None where it is given up.

    What is gone, or is something else, may be there a while later: sites publish entries before pages, and
    challenges come and go.
    """
    seconds = named(failed)
    if isinstance(failed, Refused) or (seconds is None and attempts >= TRIES):
        return None
    return timedelta(seconds=seconds) if seconds is not None else _WAITS[min(attempts, len(_WAITS)) - 1]
