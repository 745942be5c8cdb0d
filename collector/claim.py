"""Holding a source while it is collected: a small thread renews the claim, whatever the network does."""

import logging
import threading
from collections.abc import Callable
from datetime import datetime
from types import TracebackType
from typing import Self

from sqlalchemy.exc import SQLAlchemyError

from core import times
from core.errors import CollectError
from db import sources
from db.database import Database

log = logging.getLogger(__name__)
RENEWED_EVERY = 10.0  # seconds; a claim lasts 30


class Claim:
    """As long as it is entered, the source stays claimed by `worker`."""

    def __init__(self, database: Database, source_id: int, worker: str, every: float = RENEWED_EVERY,
                 clock: Callable[[], datetime] = times.now) -> None:  # fmt: skip
        self._database = database
        self._source_id = source_id
        self._worker = worker
        self._every = every
        self._clock = clock
        self.lost = False
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._renew, name=f"claim-{source_id}", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        self._done.set()
        self._thread.join()

    def check(self) -> None:
        """Raises CollectError where another process has taken the source over."""
        if self.lost:
            raise CollectError("another process took this source over; this round stops here")

    def _renew(self) -> None:
        while not self._done.wait(self._every):
            try:
                with self._database.write() as session:
                    held = sources.renew(session, self._source_id, self._worker, self._clock())
            except SQLAlchemyError as error:  # busy for now; the next try may still come in time
                log.warning("claim of source %s could not be renewed: %s", self._source_id, error)
                continue
            if not held:
                self.lost = True
                return
