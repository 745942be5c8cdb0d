"""When a post is asked for again."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core import rechecks, terms
from tests.conftest import NOW

FOLLOWED = [name for name, policy in terms.policies().items() if policy.follow]


@pytest.mark.parametrize(
    ("age", "following"),
    [("1m", "1h"), ("1h", "6h"), ("5h", "6h"), ("6h", "1d"), ("2d", "3d"), ("4d", "7d"), ("8d", None)],
)
def test_counts_are_refreshed_at_their_ages(age: str, following: str | None) -> None:
    spans = {"m": "minutes", "h": "hours", "d": "days"}
    old, then = (timedelta(**{spans[a[-1]]: int(a[:-1])}) if a else None for a in (age, following))
    assert old is not None
    expected = NOW - old + then if then else NOW + timedelta(days=7)
    assert rechecks.next_at("mastodon", NOW - old, NOW) == expected


@given(st.sampled_from(FOLLOWED), st.integers(-10, 20 * 365 * 24 * 60))
def test_nobody_waits_longer_than_the_terms_say(platform: str, minutes: int) -> None:
    following = rechecks.next_at(platform, NOW - timedelta(minutes=minutes), NOW)
    follow = terms.policies()[platform].follow
    assert following and follow
    assert NOW < following <= NOW + follow


def test_x_is_followed_within_a_day_and_feeds_not_at_all() -> None:
    assert rechecks.next_at("x", NOW - timedelta(days=100), NOW) == NOW + timedelta(hours=20)
    assert rechecks.next_at("feed", NOW, NOW) is None
    assert rechecks.next_at("telegram", NOW, NOW) is None
