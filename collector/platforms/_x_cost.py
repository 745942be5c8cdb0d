"""What a source of kind x will cost, told before anything is asked: pure arithmetic on prices."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Any

from collector.platforms._x_ask import MOST, WHOLE
from core.settings import X_PRICES

_USUAL = {"post": 1.3, "media": 1.0}  # one post with what it refers to and shows, as institutions write
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Estimate:
    """US dollars. `budget` is the most that any day costs, whatever the rest says; 0: nothing is asked.

    `first_round`: the first look, if every page that max_pages allows is full of usual posts; `first_round_most`:
    if each of them also shows, quotes and edits as much as X lets it. `new_a_day`: posts to come (None: nobody
    knows how many). `rechecks_a_day`: each known post once, since a deletion is to be followed within 24 hours.
    `sum_a_day` is of the two, as far as they are known; `days_of_first_round`: how many budgets the first look
    takes.
    """

    first_round: float
    first_round_most: float
    new_a_day: float | None
    rechecks_a_day: float
    sum_a_day: float
    budget: float
    days_of_first_round: float | None

    @property
    def within_budget(self) -> bool:
        return self.sum_a_day <= self.budget

    def as_json(self) -> dict[str, Any]:
        return {**asdict(self), "within_budget": self.within_budget}


def estimate(
    target: Any, known_posts: int, posts_a_day: float | None, prices: Mapping[str, float], every: timedelta
) -> Estimate:
    """For a Target of kind x, on or off, complete or not. `every` is the source's cadence.

    A round that finds nothing new costs nothing but the account itself, once a day however often it is read.
    """
    price = {**X_PRICES, **prices}
    one = _of(_USUAL, price)
    posts = MOST * target.max_pages
    account = price["user"] * min(1.0, _DAY / every)
    first = price["user"] + posts * one
    new = None if posts_a_day is None else posts_a_day * one + account
    rechecks = known_posts * price["post"]
    budget = target.daily_budget_usd
    return Estimate(
        first_round=_cents(first),
        first_round_most=_cents(price["user"] + posts * _of(WHOLE.each, price)),
        new_a_day=None if new is None else _cents(new),
        rechecks_a_day=_cents(rechecks),
        sum_a_day=_cents((new or 0.0) + rechecks),
        budget=budget,
        days_of_first_round=_cents(first / budget) if budget else None,
    )


def _of(reads: Mapping[str, float], price: Mapping[str, float]) -> float:
    return sum(price[word] * count for word, count in reads.items())


def _cents(dollars: float) -> float:
    return round(dollars, 4)
