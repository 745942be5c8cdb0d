"""One thread that works behind: what pyarrow does needs no interpreter, so the next rows are read meanwhile.

It is the same for all files: beside the one that reads rows a second core has one to work on, and each further
thread would keep memory of its own (40 MB at 200,000 posts as Parquet).
"""

import os
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from functools import cache

from exports.batch import Batch

_WAITING = 2  # chunks of a file at most, so that memory stays flat


class Behind:
    """Chunks in their order. What went wrong with one is raised by a later call, before the next one is taken."""

    def __init__(self, pool: ThreadPoolExecutor, work: Callable[[Batch], None]) -> None:
        self._pool, self._work = pool, work
        self._waiting: deque[Future[None]] = deque()

    def take(self, chunk: Batch) -> None:
        self.wait(_WAITING - 1)
        self._waiting.append(self._pool.submit(self._work, chunk))

    def wait(self, left: int = 0) -> None:
        """Until no more than `left` chunks wait."""
        while len(self._waiting) > left:
            self._waiting.popleft().result()

    def leave(self) -> None:
        """Nothing works on the file any more; what had not begun is not done."""
        for future in self._waiting:
            future.cancel()
        wait(self._waiting)


@contextmanager
def behind(work: Callable[[Batch], None]) -> Iterator[Behind]:
    """All is done when it ends."""
    made = Behind(_thread(), work)
    try:
        yield made
        made.wait()
    finally:
        made.leave()


@cache
def _thread() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(1, "release")


os.register_at_fork(after_in_child=_thread.cache_clear)  # a child has no threads but its own
