"""Reads what has tags but no vector of this encoder: archives of before, posts that a merge brought.

A pass goes from the newest post to the oldest, a stretch of them at a time. Where it stands is in no row: a pass
that was interrupted begins again at the newest and finds nothing to do until it is where it was.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import structlog

from classifier.embed import Vectors
from classifier.reading import Reader
from db import vectors
from db.database import Database
from db.slices import chunks

STRETCH = 2000  # posts that are looked at in one go: some milliseconds where none lacks a vector
BATCH = 32  # texts that are read before what is known is stored
_log = structlog.get_logger()


@dataclass(slots=True)
class Pass:
    """One pass over the archive; `below` is the key that it has come to."""

    database: Database
    reader: Reader
    below: int | None = None
    done: bool = False
    _waiting: Sequence[tuple[int, str]] = ()

    def step(self) -> int:
        """Read one batch, or look through one stretch that lacks nothing; how many vectors were stored."""
        if not self._waiting and not self.done:
            with self.database.read() as session:
                self._waiting, self.below = vectors.missing(session, self.reader.digest, self.below, STRETCH)
            self.done = self.below is None and not self._waiting
        batch, self._waiting = self._waiting[:BATCH], self._waiting[BATCH:]
        if not batch:
            return 0
        read = dict(zip([number for number, _ in batch], self._read([text for _, text in batch]), strict=True))
        self.done = self.below is None and not self._waiting
        with self.database.write() as session:
            return vectors.put(session, self.reader.digest, read)

    def _read(self, texts: Sequence[str]) -> Vectors:
        """A text that cannot be read counts as one that says nothing, or every pass would meet it again."""
        try:
            return self.reader.vectors(texts)
        except Exception as error:
            if len(texts) == 1:
                _log.error("text not read", error=str(error))
                return np.zeros((1, self.reader.encoder.width), np.float32)
            return np.concatenate([self._read(part) for part in chunks(texts, 1)])
