"""A purse: whatever happens between asking and archiving, a day never costs more than its budget."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collector.fetch import Fetcher
from collector.purse import Purse
from core.errors import FetchError, OverBudget, Refused
from db.database import Database
from tests.collector.server import Site
from tests.db.conftest import make_source

NOON = datetime(2026, 9, 1, 12, tzinfo=UTC)
PRICES = {"post": 0.005, "user": 0.01, "media": 0.005}


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Database:
    made = Database(f"sqlite:///{tmp_path_factory.mktemp('purse') / 'kle.sqlite'}")
    made.migrate()
    return made


class Owner:
    """One source with its money; `now` is its clock."""

    made = 0

    def __init__(self, database: Database, budget: float) -> None:
        Owner.made += 1
        self.now, self.database = NOON, database
        with database.write() as session:
            source, _ = make_source(session, f"s{Owner.made}", NOON)
            self.id = source.id or 0
        self.budget = budget
        self.purse = self.again()

    def again(self) -> Purse:
        """As another process finds it."""
        return Purse(self.database, self.id, self.budget, PRICES, lambda: self.now)

    def settle(self, **reads: list[str]) -> None:
        with self.database.write() as session:
            self.purse.settle(session, reads)


@pytest.fixture
def owner(shared: Database) -> Owner:
    return Owner(shared, 1.0)


def test_a_purse_says_what_is_left_today(owner: Owner) -> None:
    owner.purse.reserve({"post": 100, "user": 1})
    assert owner.purse.left() == 490_000
    owner.settle(post=[f"{owner.id}-1"])
    assert owner.purse.left() == 995_000
    owner.now += timedelta(days=1)
    assert owner.purse.left() == 1_000_000


def test_what_a_killed_process_held_back_stays_spent(owner: Owner) -> None:
    owner.purse.reserve({"post": 100})
    assert owner.again().left() == 500_000


def test_a_settlement_that_is_rolled_back_leaves_the_reservation(owner: Owner) -> None:
    owner.purse.reserve({"post": 100})
    with pytest.raises(ZeroDivisionError), owner.database.write() as session:
        owner.purse.settle(session, {"post": ["1"]})
        raise ZeroDivisionError
    assert owner.again().left() == 500_000


def test_what_nobody_knows_the_price_of_stays_spent_and_what_was_refused_is_not(owner: Owner) -> None:
    owner.purse.reserve({"post": 100})
    owner.purse.keep()
    owner.settle()
    assert owner.purse.left() == 500_000
    owner.purse.reserve({"post": 100})
    owner.purse.release()
    assert owner.purse.left() == 500_000


@pytest.mark.parametrize(
    ("out", "answered", "left"), [(True, True, 1_000_000), (True, False, 500_000), (False, False, 1_000_000)]
)
def test_a_question_that_failed_costs_only_where_it_left_and_nobody_answered(
    owner: Owner, out: bool, answered: bool, left: int
) -> None:
    owner.purse.reserve({"post": 100})
    if out:
        owner.purse.went_out()
    owner.purse.failed(answered=answered)
    assert owner.purse.left() == left


def test_nothing_is_asked_for_as_the_day_ends(owner: Owner) -> None:
    owner.now = NOON.replace(hour=23, minute=59)
    with pytest.raises(OverBudget, match="about to end") as told:
        owner.purse.reserve({"post": 1})
    assert told.value.retry_after == 60


def test_a_fetcher_without_a_purse_says_who_spends_money(fetcher: Fetcher) -> None:
    with pytest.raises(Refused, match="costs money"):
        fetcher.purse.reserve({"post": 1})
    assert (fetcher.purse.left(), fetcher.purse.cost({"post": 1})) == (0, 0)


def test_a_paying_fetcher_shares_the_client_and_tries_once(owner: Owner, fetcher: Fetcher, site: Site) -> None:
    paying = fetcher.paying(owner.purse)
    with pytest.raises(FetchError, match="500"):
        paying.get(site.url + "/status/500")
    assert len(site.asked) == 1
    assert fetcher.purse is not paying.purse is owner.purse


ITEMS = st.lists(st.integers(1, 60).map(str), max_size=30)
STEP = st.tuples(st.integers(0, 60), ITEMS, st.sampled_from(["settle", "settle", "release", "keep", "kill", "day"]))


@settings(max_examples=40, deadline=None)
@given(budget=st.sampled_from([0.0, 0.004, 0.1, 0.5]), steps=st.lists(STEP, max_size=25))
def test_no_day_costs_more_than_its_budget(shared: Database, budget: float, steps: list[Any]) -> None:
    owner = Owner(shared, budget)
    true: set[tuple[str, str]] = set()  # what the server charged for: each item once a day
    for count, items, ending in steps:
        given_out = [f"{owner.id}-{item}" for item in items[:count]]
        try:
            owner.purse.reserve({"post": count})
        except OverBudget:
            continue
        if ending != "release":
            true |= {(owner.now.date().isoformat(), item) for item in given_out}
        if ending == "settle":
            owner.settle(post=given_out)
        elif ending == "release":
            owner.purse.release()
        elif ending == "keep":
            owner.purse.keep()
        else:
            owner.purse = owner.again()
        if ending == "day":
            owner.now += timedelta(days=1)
        day = owner.now.date().isoformat()
        cost = sum(day == when for when, _ in true) * 5_000
        assert cost <= round(budget * 1_000_000) - owner.purse.left() <= round(budget * 1_000_000)
