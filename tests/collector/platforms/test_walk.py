"""Paging back to what is known: nothing twice in a quiet round, nothing lost by a kill or a bound."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from collector.intake import merged
from collector.platforms._walk import Answer, walk
from core.page import Page
from core.times import EARLIEST

PAGE = 3


class Feed:
    """Items 1, 2, 3 ... newest first, three a page; the cursor is the last item of the page before."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.asked = 0

    def __call__(self, cursor: str | None) -> Answer:
        self.asked += 1
        top = int(cursor) - 1 if cursor else self.size
        items = list(range(top, max(0, top - PAGE), -1))
        keys = tuple(f"{i:05d}" for i in items)
        page = Page("", ",".join(keys).encode(), EARLIEST)
        return Answer(page, keys, str(items[-1]) if items and items[-1] > 1 else None)


def look(feed: Feed, state: dict[str, Any], most: int = 10, pages: int = 99) -> tuple[list[int], dict[str, Any]]:
    seen: list[int] = []
    for page in walk(feed, state, "w", most):
        seen += [int(key) for key in page.body.decode().split(",") if key]
        state = merged(state, page.state)
        pages -= 1
        if not pages:
            break
    return seen, state


def test_the_first_look_reaches_back_as_far_as_it_may_and_no_later_one_goes_on() -> None:
    feed = Feed(100)
    seen, state = look(feed, {}, most=4)
    assert seen == list(range(100, 88, -1))
    again, state = look(feed, state, most=4)
    assert again == [100, 99, 98]
    assert feed.asked == 5


def test_a_quiet_account_costs_one_request() -> None:
    feed = Feed(5)
    _, state = look(feed, {})
    feed.asked = 0
    look(feed, state)
    assert feed.asked == 1


def test_more_than_one_round_can_take_is_taken_by_the_next_ones() -> None:
    feed = Feed(3)
    _, state = look(feed, {})
    feed.size = 30
    seen: set[int] = set()
    for _ in range(6):
        found, state = look(feed, state, most=3)
        seen |= set(found)
    assert set(range(4, 31)) <= seen
    assert state["w"]["gaps"] == []


def test_a_page_that_nobody_can_read_ends_the_walk_and_moves_nothing() -> None:
    pages = list(walk(lambda cursor: Answer(Page("", b"<html>", EARLIEST), sound=False), {}, "w", 5))
    assert [page.state for page in pages] == [{}]


def test_a_cursor_that_leads_to_itself_ends_the_walk() -> None:
    feed = Feed(9)
    pages = list(walk(lambda cursor: Answer(feed(None).page, ("00009",), "7"), {}, "w", 50))
    assert len(pages) == 2


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 12), st.integers(1, 4), st.integers(1, 4)), min_size=1, max_size=12))
def test_whatever_grows_and_whenever_it_is_killed_no_item_is_lost(rounds: list[tuple[int, int, int]]) -> None:
    feed = Feed(2)
    first, state = look(feed, {})
    seen = set(first)
    for new, most, killed_after in rounds:
        feed.size += new
        found, state = look(feed, state, most, killed_after)
        seen |= set(found)
    while True:
        found, state = look(feed, state, 50)
        seen |= set(found)
        if not state["w"]["gaps"]:
            break
    assert seen == set(range(1, feed.size + 1))
