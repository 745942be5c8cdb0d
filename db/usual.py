"""Is a share of posts what it usually is? A week's count against the weeks before it, by a beta-binomial bound.

Weeks differ more than chance alone would make them: an event fills one with one topic. So their own spread is
measured (how much more they scatter than coins would) and taken from its cautious side, the more so the fewer weeks
there are. That spread and how well the share itself is known make the beta distribution of a week's share, and the
bound is exact for any number of posts, where a normal one would be wrong for rare topics and small weeks.

How often it marks a week by mere chance was simulated with 8, 13 and 26 earlier weeks of 20 to 200 posts, shares of
2 to 40 %, and weeks that scatter as coins do or with two and three times their variance: 1 of 1,000 weeks on
average, 9 at worst (a topic of 2 % in small weeks of three times the variance); tests/db/test_usual.py holds it to
that. With 13 earlier weeks of 100 posts that scatter as coins do, it sees 10 % become 30 % in 3 of 4 weeks.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate
from math import exp, lgamma, log
from typing import Literal

LEAST_WEEKS = 8  # with posts before the last one, below which nobody can say what is usual
LEAST_PAST = 100  # posts in them
LEAST_POSTS = 20  # in the last week
_TAIL = 0.001  # of chance at each end
_CAUTION = -1.2816  # the spread is larger than it is taken for in 1 of 10 cases
_WIDEST = 0.9  # correlation of posts within a week
Week = tuple[int, int]  # how many of how many posts


@dataclass(frozen=True, slots=True)
class Share:
    """`least` and `most` bound what is usual for as many posts; null where too little is known to tell."""

    share: float | None
    least: float | None
    most: float | None
    alarm: Literal["low", "high"] | None


@lru_cache(10_000)
def judged(last: Week, past: tuple[Week, ...]) -> Share:
    """`past` are the weeks before the last, those without posts left out."""
    count, posts = last
    share = round(count / posts, 4) if posts else None
    told = posts >= LEAST_POSTS and len(past) >= LEAST_WEEKS and sum(n for _, n in past) >= LEAST_PAST
    if not told:
        return Share(share, None, None, None)
    least, most = _bounds(posts, *_beta(past))
    alarm: Literal["low", "high"] | None = "low" if count < least else "high" if count > most else None
    return Share(share, round(least / posts, 4), round(most / posts, 4), alarm)


def _beta(past: Sequence[Week]) -> tuple[float, float]:
    """The parameters of a week's share: around the mean of all, as wide as weeks scatter and as it is unsure."""
    hits, posts = sum(k for k, _ in past), sum(n for _, n in past)
    mean = (hits + 0.5) / (posts + 1)
    freedom = len(past) - 1
    scatter = sum((k - n * mean) ** 2 / (n * mean * (1 - mean)) for k, n in past)
    beyond_chance = scatter / _low_chi_square(freedom) - 1
    within = min(max(beyond_chance, 0.0) * freedom / max(posts - len(past), 1), _WIDEST)
    weight = 1 / (within / (1 - within) + 1 / (posts + 1))
    return mean * weight, (1 - mean) * weight


def _low_chi_square(freedom: int) -> float:
    """The value that a sum of so many squares exceeds in 9 of 10 cases (Wilson and Hilferty's approximation)."""
    spread = 2 / (9 * freedom)
    return float(freedom * (1 - spread + _CAUTION * spread**0.5) ** 3)


def _bounds(posts: int, a: float, b: float) -> tuple[int, int]:
    """The counts beyond which on either side less than the tail of chance lies."""
    least = next((k for k, below in enumerate(accumulate(_chances(posts, a, b))) if below >= _TAIL), 0)
    over = next((k for k, above in enumerate(accumulate(_chances(posts, b, a))) if above >= _TAIL), 0)
    return least, posts - over


def _chances(posts: int, a: float, b: float) -> Iterator[float]:
    """The beta-binomial probability of each count from 0 on, each from the one before."""
    chance = lgamma(posts + b) - lgamma(b) + lgamma(a + b) - lgamma(posts + a + b)  # its logarithm: it gets tiny
    for k in range(posts + 1):
        yield exp(chance)
        if k < posts:
            chance += log((posts - k) / (k + 1) * (a + k) / (b + posts - k - 1))
