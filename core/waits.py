"""How long a server asks to be left alone."""

from datetime import datetime
from email.utils import parsedate_to_datetime

from core import times

_LONGEST_WAIT = 86_400.0


def retry_after(value: str, now: datetime) -> float | None:
    """Seconds from a Retry-After header (a number or an HTTP date), at most a day."""
    value = value.strip()
    if value.isdecimal():
        return min(float(value), _LONGEST_WAIT)
    try:
        moment = times.utc(parsedate_to_datetime(value))
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return min(max(0.0, (moment - now).total_seconds()), _LONGEST_WAIT)
