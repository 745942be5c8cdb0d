"""The words of searches as vectors. A process that tags lends its encoder, another loads one at the first search.

Searches come from several threads and again and again: one loads, and the last vectors are kept.
"""

from collections.abc import Callable
from functools import lru_cache
from threading import Lock

from classifier.embed import Vectors
from classifier.reading import Reader

_KEPT = 256  # searches: less than half a megabyte


class Words:
    """`load` gives the encoder that the archive is read with; it may take a second."""

    def __init__(self, load: Callable[[], Reader]) -> None:
        self._load, self._lock = load, Lock()
        self._reader: Reader | None = None
        self._read = lru_cache(_KEPT)(self._vector)

    @property
    def digest(self) -> str:
        return self._loaded().digest

    def __call__(self, said: str) -> Vectors:
        return self._read(said)

    def _vector(self, said: str) -> Vectors:
        found: Vectors = self._loaded().vectors([said])[0]
        return found

    def _loaded(self) -> Reader:
        with self._lock:
            if self._reader is None:
                self._reader = self._load()
            return self._reader
