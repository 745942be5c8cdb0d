"""Totals of pages, kept for as long as the index says what it said: who turns the page is not counted for anew."""

from collections.abc import Callable, Hashable
from threading import Lock

from sqlmodel import Session

from db import moved

TOTALS = "totals"  # under which a session that reads has its process's `Totals`
_MOST = 512


class Totals:
    """Of the view that was read last, for all of a process's threads."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._view: Hashable = None
        self._counted: dict[Hashable, int] = {}

    def of(self, session: Session, asked: Hashable, count: Callable[[], int]) -> int:
        """What `count` says, or said when the same was asked of a view like this one."""
        view = moved.view(session)
        with self._lock:
            if self._view == view and asked in self._counted:
                return self._counted[asked]
        total = count()
        with self._lock:
            if self._view != view:
                self._view, self._counted = view, {}
            self._counted[asked] = total
            if len(self._counted) > _MOST:
                self._counted.pop(next(iter(self._counted)))
        return total


def once(session: Session, asked: Hashable | None, count: Callable[[], int]) -> int:
    """As `Totals.of`; anew where the session writes, or where the index alone does not tell (`asked` is None)."""
    totals: Totals | None = session.info.get(TOTALS)
    return count() if totals is None or asked is None else totals.of(session, asked, count)
