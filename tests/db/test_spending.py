"""Money: a day's budget holds whatever is asked for at once, and an item is paid for once a day."""

import threading
from datetime import timedelta
from typing import Any

import pytest

from core.errors import OverBudget
from db import spending
from db.database import Database
from db.models import Charge
from tests.conftest import NOW

TODAY, TOMORROW = "2026-09-01", "2026-09-02"
PRICES = {"post": 0.005, "user": 0.01, "media": 0.005}
DOLLAR = 1_000_000


def reserve(room: Any, source: int, amount: int, budget: int = DOLLAR, day: str = TODAY) -> int:
    with room.database.write() as session:
        return spending.reserve(session, source, day, amount, budget, NOW)


def settle(room: Any, number: int, source: int, day: str = TODAY, **reads: list[str]) -> None:
    with room.database.write() as session:
        spending.settle(session, number, source, day, reads, PRICES, NOW)


def spent(room: Any, source: int, day: str = TODAY) -> int:
    with room.database.read() as session:
        return spending.spent(session, source, day)


@pytest.fixture
def one(room: Any) -> int:
    return room.source("one")[0].id


@pytest.fixture
def two(room: Any) -> int:
    return room.source("two")[0].id


def test_what_is_held_back_counts_until_it_is_settled(room: Any, one: int) -> None:
    number = reserve(room, one, 900_000)
    assert spent(room, one) == 900_000
    settle(room, number, one, post=["1", "2"], user=["7"], media=["3_1"])
    assert spent(room, one) == 25_000
    assert sorted(row.item for row in room.rows(Charge)) == ["media:3_1", "post:1", "post:2", "user:7"]


def test_more_than_the_day_holds_is_refused_until_midnight(room: Any, one: int) -> None:
    reserve(room, one, 600_000)
    with pytest.raises(OverBudget, match=r"may cost \$0.500; of today's \$1.00 .* \$0.400 are left") as told:
        reserve(room, one, 500_000)
    assert told.value.retry_after == 12 * 3600
    assert spent(room, one) == 600_000
    assert reserve(room, one, 400_000)


def test_each_source_and_each_day_has_its_own_budget(room: Any, one: int, two: int) -> None:
    reserve(room, one, DOLLAR)
    assert reserve(room, two, DOLLAR)
    assert reserve(room, one, DOLLAR, day=TOMORROW)


def test_an_item_is_paid_for_once_a_day_whoever_reads_it(room: Any, one: int, two: int) -> None:
    settle(room, reserve(room, one, 10_000), one, post=["1", "2"])
    settle(room, reserve(room, one, 10_000), one, post=["2", "3"])
    settle(room, reserve(room, two, 10_000), two, post=["3", "4"])
    assert (spent(room, one), spent(room, two)) == (15_000, 5_000)
    settle(room, reserve(room, one, 10_000, day=TOMORROW), one, TOMORROW, post=["1"])
    assert spent(room, one, TOMORROW) == 5_000


def test_what_the_server_did_not_give_is_free_again(room: Any, one: int) -> None:
    number = reserve(room, one, DOLLAR)
    with room.database.write() as session:
        spending.release(session, number)
    assert spent(room, one) == 0


def test_no_release_takes_back_what_was_read(room: Any, one: int) -> None:
    settle(room, reserve(room, one, 5_000), one, post=["1"])
    (row,) = room.rows(Charge)
    with room.database.write() as session:
        spending.release(session, row.id)
    assert spent(room, one) == 5_000


def test_processes_that_ask_at_once_do_not_overspend_together(room: Any, one: int) -> None:
    given: list[int] = []
    start = threading.Barrier(6)

    def ask() -> None:
        mine = Database(room.database.url.render_as_string(hide_password=False))
        try:
            start.wait()
            for _ in range(4):
                with mine.write() as session:
                    given.append(spending.reserve(session, one, TODAY, 300_000, DOLLAR, NOW))
        except OverBudget:
            pass
        finally:
            mine.close()

    threads = [threading.Thread(target=ask) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(given) == 3
    assert spent(room, one) == 900_000


@pytest.mark.parametrize("seconds", [0, 1, 3599])
def test_a_day_is_a_utc_day(seconds: int) -> None:
    midnight = NOW.replace(hour=0)
    assert spending.day_of(midnight + timedelta(seconds=seconds)) == TODAY
    assert spending.day_of(midnight - timedelta(seconds=seconds + 1)) == "2026-08-31"
