"""A source's money for one UTC day: what a request may cost at most is held back before it is sent.

Kinds whose module says PRICED = True get one as `fetcher.purse`. For each request: `reserve` the worst case; then
one of `settle` (with the page that came, in its transaction), `failed` (none came), `release` (it holds nothing) or
`keep` (nobody knows what it holds: the reservation stands).
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime

from sqlmodel import Session

from core import times
from core.errors import OverBudget, Refused
from db import spending
from db.database import Database

_PARTS = 4  # of a day's budget: an answer that is lost takes one with it
_LAST_SECONDS = 90  # of a day: what is asked for then may be charged to the next one


class Purse:
    """`prices` in US dollars by word, as in Page.reads."""

    def __init__(
        self,
        database: Database,
        source_id: int,
        budget_usd: float,
        prices: Mapping[str, float],
        clock: Callable[[], datetime] = times.now,
    ) -> None:
        self._database = database
        self._source_id = source_id
        self._budget = spending.micros(budget_usd)
        self._prices = prices
        self._clock = clock
        self._held: tuple[int, str] | None = None
        self._out = False

    def cost(self, reads: Mapping[str, int]) -> int:
        """Of so many items, in millionths of a dollar."""
        return sum(spending.micros(self._prices[word]) * count for word, count in reads.items())

    def left(self) -> int:
        """What today's budget still holds."""
        with self._database.read() as session:
            return max(0, self._budget - spending.spent(session, self._source_id, spending.day_of(self._clock())))

    def part(self) -> int:
        """What one request should hold back at most, so that a lost answer does not end the day."""
        return self._budget // _PARTS

    def reserve(self, worst: Mapping[str, int]) -> None:
        """Raises OverBudget where `worst` might cost more than the day still holds."""
        now = self._clock()
        if (rest := times.until_next_day(now)) <= _LAST_SECONDS:
            raise OverBudget(
                "the UTC day is about to end, and with it its budget; it goes on after midnight UTC",
                retry_after=rest,
            )
        day = spending.day_of(now)
        with self._database.write() as session:
            number = spending.reserve(session, self._source_id, day, self.cost(worst), self._budget, now)
        self._held, self._out = (number, day), False

    def settle(self, session: Session, reads: Mapping[str, Iterable[str]]) -> None:
        """Charge for what a page brought, in the transaction that archives it."""
        if self._held:
            number, day = self._held
            self._held = None
            spending.settle(session, number, self._source_id, day, reads, self._prices, self._clock())

    def until_tomorrow(self) -> float:
        """Seconds until the next UTC day, when there is money again."""
        return times.until_next_day(self._clock())

    def went_out(self) -> None:
        """The request has left, as far as anybody can tell: from here on the server may charge."""
        self._out = True

    def failed(self, *, answered: bool) -> None:
        """No page came. A server that says no charges nothing; one that was asked and said nothing may."""
        if self._out and not answered:
            self.keep()
        else:
            self.release()

    def release(self) -> None:
        if self._held:
            with self._database.write() as session:
                spending.release(session, self._held[0])
        self._held = None

    def keep(self) -> None:
        self._held = None


class NoPurse(Purse):
    """What a fetcher has that nobody gave money to."""

    def __init__(self) -> None:
        self._clock = times.now
        self._held, self._out = None, False

    def cost(self, reads: Mapping[str, int]) -> int:
        return 0

    def left(self) -> int:
        return 0

    def part(self) -> int:
        return 0

    def reserve(self, worst: Mapping[str, int]) -> None:
        raise Refused(
            "reading this source costs money, which is only spent by a round of collecting (`kle collect NAME`), "
            "where its budget is kept"
        )
