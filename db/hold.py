"""Holding claimed work while it is done: a small thread renews the claim, whatever network or model do.

A process may sleep longer than a claim lasts (a closed lid, SIGSTOP): then nothing is done before the claim has
been asked for once more.
"""

import logging
import threading
from collections.abc import Callable, Sequence
from datetime import datetime
from types import TracebackType
from typing import Self

from sqlalchemy.exc import SQLAlchemyError

from core import times
from core.errors import CollectError, NoRoom
from db import work
from db.database import Database
from db.models import Claimable

log = logging.getLogger(__name__)
TAKEN_OVER = "another process took this work over; this round stops here"
RENEWED_EVERY = 10.0  # seconds; a claim lasts 30


class Hold:
    """As long as it is entered, these rows stay claimed by `worker`."""

    def __init__(
        self,
        database: Database,
        model: type[Claimable],
        keys: Sequence[int],
        worker: str,
        every: float = RENEWED_EVERY,
        clock: Callable[[], datetime] = times.now,
    ) -> None:
        self._database = database
        self._model, self._keys, self._worker = model, keys, worker
        self._every = every
        self._clock = clock
        self._since = clock()
        self._taken = False
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._renew, name=f"hold {model.__name__} {keys[:1]}", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        self._done.set()
        self._thread.join()

    @property
    def lost(self) -> bool:
        """Whether another process has taken all of it over, or nobody can tell that it has not."""
        if not self._taken and not self._sure():
            self._renew_once()
        return self._taken or not self._sure()

    def _sure(self) -> bool:
        """The claim was renewed a short while ago, by a clock that was not set back since."""
        return self._since <= self._clock() < self._since + work.HOLD

    def check(self) -> None:
        """Raises CollectError where the work is lost."""
        if self.lost:
            raise CollectError("another process has, or may have, taken this work over; this round stops here")

    def _renew(self) -> None:
        while not self._done.wait(self._every) and not self._taken:
            self._renew_once()

    def _renew_once(self) -> None:
        now = self._clock()
        try:
            with self._database.write() as session:
                held = work.renew(session, self._model, self._keys, self._worker, now)
        except (SQLAlchemyError, NoRoom) as error:  # busy for now; the next try may still come in time
            log.warning("the claim of %s could not be renewed: %s", self._thread.name, error)
            return
        if held:
            self._since = now
        else:
            self._taken = True
