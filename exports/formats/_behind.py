"""One thread that works behind: what pyarrow does needs no interpreter, so the next rows are read meanwhile."""

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager

from exports.batch import Batch

_WAITING = 2  # chunks at most, so that memory stays flat


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


@contextmanager
def behind(work: Callable[[Batch], None]) -> Iterator[Behind]:
    """All is done when it ends."""
    with ThreadPoolExecutor(1) as pool:
        made = Behind(pool, work)
        yield made
        made.wait()
