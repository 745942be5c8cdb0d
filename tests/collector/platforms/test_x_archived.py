"""Whole rounds of X into an archive, on each database: edits are versions, no day costs more than its budget."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlmodel import col, select

from collector import kinds
from collector.collect import collect
from collector.fetch import Fetcher
from collector.intake import Intake
from collector.purse import Purse
from core import settings as core_settings
from core.outcome import Outcome
from core.post import Asked
from core.settings import X_PRICES
from db import directory, posts, sources, spending
from db.database import Database
from db.models import Capture, Charge, Post, Run, Source, Version
from db.query import PostQuery
from tests.collector.platforms.api import Api
from tests.collector.platforms.x_server import NOT_FOUND, START, X, made, number

NOON = datetime(2026, 9, 1, 12, tzinfo=UTC)
TOKEN = "token-of-nobody"
WORKER = "here:1:a"
PICTURE = {"attachments": {"media_keys": ["3_1"]}}
Look = Callable[..., Outcome]


@pytest.fixture
def server(api: Api) -> X:
    return X(api)


@pytest.fixture
def clock() -> list[datetime]:
    return [NOON]


@pytest.fixture
def look(database: Database, fetcher: Fetcher, api: Api, server: X, clock: list[datetime], tmp_path: Path) -> Look:
    def once(budget: float = 5.0, name: str = "office") -> Outcome:
        row = {"name": name, "kind": "x", "account": "@office_example", "token": TOKEN, "accept_terms": True,
               "daily_budget_usd": budget, "base_url": api.url}  # fmt: skip
        configured = core_settings.load().model_copy(
            update={"tables": {"source": [row]}, "config": tmp_path / "kle.toml"}
        )
        with database.write() as session:
            directory.sync(session, configured, [], clock[0])
            source = sources.claim_named(session, name, WORKER, clock[0])
        return collect(database, source, fetcher, WORKER, lambda: clock[0], lambda: 0.5)

    return once


def rows(database: Database, model: Any) -> list[Any]:
    with database.read() as session:
        return list(session.exec(select(model).order_by(col(model.id))).all())


def paid(database: Database, day: str = "2026-09-01") -> int:
    return sum(row.micros for row in rows(database, Charge) if row.day == day)


def archived(database: Database) -> dict[str, dict[str, Any]]:
    with database.read() as session:
        return {post["id"]: post for post in posts.page(session, PostQuery.build(), sort="oldest").items}


def test_an_edit_is_a_version_of_the_post_that_was_seen_first(look: Look, database: Database, server: X) -> None:
    server.shows(made(1, "Before"))
    assert look().posts_new == 1
    server.shows(made(9, "After", edit_history_tweet_ids=[number(1), number(9)]))
    server.others = {number(1): made(1, "Before")}
    del server.posts[number(1)]
    outcome = look()
    assert (outcome.posts_new, outcome.posts_changed) == (0, 1)
    assert [(v.number, v.change, v.text) for v in rows(database, Version)] == [
        (1, "first", "Before"), (2, "edit", "After"),
    ]  # fmt: skip
    assert list(archived(database)) == [f"x:{number(1)}"]
    with database.read() as session:
        assert posts.get(session, f"x:{number(9)}")["id"] == f"x:{number(1)}"


def test_a_picture_that_was_not_paid_for_is_no_edit_when_it_comes(
    look: Look, database: Database, server: X, clock: list[datetime]
) -> None:
    server.shows(made(1, **PICTURE))
    look(0.1)
    clock[0] += timedelta(days=1)
    look(5.0)
    assert [(v.change, len(v.media)) for v in rows(database, Version)] == [("first", 0), ("fuller", 1)]
    clock[0] += timedelta(days=1)
    look(0.1)
    assert len(rows(database, Version)) == 2


def test_what_is_read_is_paid_for_once_a_day(
    look: Look, database: Database, server: X, clock: list[datetime]
) -> None:
    server.shows(made(1, **PICTURE), made(2))
    look()
    assert paid(database) == 25_000  # two posts, a picture, the account
    look()
    look(name="another")
    assert paid(database) == 25_000
    clock[0] += timedelta(days=1)
    look(name="third")
    assert paid(database, "2026-09-02") == 25_000


def test_a_day_that_is_spent_ends_over_budget_and_goes_on_after_midnight(
    look: Look, database: Database, server: X, clock: list[datetime]
) -> None:
    server.shows(*(made(n) for n in range(60)))
    outcome = look(0.2)
    assert (outcome.ending, outcome.posts) == ("over_budget", 38)
    assert outcome.error and "daily_budget_usd" in outcome.error
    (source,) = rows(database, Source)
    assert source.failures == 0
    midnight = datetime(2026, 9, 2, tzinfo=UTC)
    assert midnight < source.next_due_at < midnight + timedelta(minutes=2)
    assert paid(database) <= 200_000
    clock[0] = source.next_due_at
    assert look(0.2).posts == 22
    assert len(rows(database, Post)) == 60
    assert [run.outcome for run in rows(database, Run)] == ["over_budget", "ok"]


def test_a_failure_before_is_still_counted_after_a_day_that_was_spent(
    look: Look, database: Database, server: X
) -> None:
    server.refuse("/2/users/by/username/office_example", {"title": "No"}, 500)
    assert look().ending == "failed"
    server.refuses.clear()
    assert look(0.001).ending == "over_budget"
    (source,) = rows(database, Source)
    assert source.failures == 1


def test_what_was_held_back_when_the_process_died_stays_spent(
    look: Look, database: Database, server: X, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.shows(made(1))
    look(0.2)
    server.shows(made(2))
    monkeypatch.setattr(Intake, "_store", _died)
    with pytest.raises(KeyboardInterrupt):
        look(0.2)
    monkeypatch.undo()
    held = [row.micros for row in rows(database, Charge) if row.item.startswith("~")]
    assert len(held) == 1 and 25_000 <= held[0] <= 50_000
    assert [c for c in rows(database, Capture) if number(2) in c.url] == []
    with database.write() as session:
        sources.release_dead_claims(session, "here", lambda _: False, NOON)
    assert look(0.2).posts_new == 1
    assert [row.micros for row in rows(database, Charge) if row.item.startswith("~")] == held


def _died(*_: Any) -> int:
    raise KeyboardInterrupt


def test_the_token_is_in_no_row_but_the_sources_options(look: Look, database: Database, server: X) -> None:
    server.shows(made(1))
    look()
    for model in (Capture, Run, Version, Charge):
        assert TOKEN not in str(rows(database, model))
    (source,) = rows(database, Source)
    assert TOKEN not in str(source.state)


def test_a_recheck_counts_again_and_follows_a_deletion(
    look: Look, database: Database, fetcher: Fetcher, server: X, clock: list[datetime]
) -> None:
    server.shows(made(1, public_metrics={"like_count": 1}), made(2))
    look()
    server.posts[number(1)]["public_metrics"] = {"like_count": 8}
    del server.posts[number(2)]
    clock[0] += timedelta(days=1)
    (source,) = rows(database, Source)
    kind, known = kinds.kind("x"), [Asked(number(1), "post"), Asked(number(2), "post")]
    purse = Purse(database, source.id, 5.0, X_PRICES, lambda: clock[0])
    with database.write() as session:
        run = sources.start_run(session, source.id, clock[0])
    intake = Intake(database, source, run, clock=lambda: clock[0], state=dict(source.state), purse=purse)
    target = kinds.target("office", "x", source.options)
    for page in kind.recheck(target, fetcher.paying(purse), intake.state, known):  # type: ignore[attr-defined]
        intake.take(page, kind)
    found = archived(database)
    assert found[f"x:{number(1)}"]["metrics"]["likes"] == 8
    assert found[f"x:{number(2)}"]["deleted_at"] and found[f"x:{number(2)}"]["text"] == "Post 2"
    assert paid(database, "2026-09-02") == 5_000


def test_an_edited_post_is_gone_only_when_its_newest_state_is(
    look: Look, database: Database, server: X, clock: list[datetime]
) -> None:
    clock[0] = START + timedelta(hours=1)
    server.shows(made(9, "After", edit_history_tweet_ids=[number(1), number(9)]))
    look()
    for there in (True, False):
        clock[0] += timedelta(days=2)
        if not there:
            del server.posts[number(9)]
        server.since()
        assert look().error is None
        assert [a["ids"] for a in server.since() if "ids" in a] == [number(9)]
        (post,) = archived(database).values()
        assert (post["id"], post["deleted_at"] is None) == (f"x:{number(1)}", there)
    clock[0] += timedelta(days=2)
    look()
    assert [a for a in server.since() if "ids" in a] == []


def test_errors_about_what_posts_refer_to_fail_no_round(look: Look, server: X) -> None:
    beside = {"resource_id": number(2), "resource_type": "tweet", "parameter": "referenced_tweets.id",
              "title": "Not Found Error", "type": NOT_FOUND}  # fmt: skip
    server.refuse("/2/users/77/tweets", {"meta": {"result_count": 0}, "errors": [beside]})
    outcome = look()
    assert (outcome.ending, outcome.problems, outcome.error) == ("empty", 0, None)


# -- whatever comes -----------------------------------------------------------------------------------------


REFERRED = [made(n) for n in range(1000, 1003)]
POST = st.fixed_dictionaries(
    {},
    optional={
        "referenced_tweets": st.lists(
            st.sampled_from([{"type": "quoted", "id": p["id"]} for p in REFERRED]), max_size=2
        ),
        "attachments": st.lists(st.integers(0, 30).map(lambda n: f"3_{n}"), max_size=4, unique=True).map(
            lambda keys: {"media_keys": keys}
        ),
    },
)
EVENTS = st.lists(
    st.one_of(
        st.tuples(st.just("posts"), st.lists(POST, max_size=30)),
        st.tuples(st.just("refuse"), st.sampled_from([429, 500])),
        st.tuples(st.just("die"), st.just(0)),
        st.tuples(st.just("day"), st.just(0)),
    ),
    max_size=8,
)


@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(budget=st.sampled_from([0.03, 0.2, 1.0, 3.0]), events=EVENTS)
def test_whatever_comes_no_day_is_charged_more_than_its_budget(
    look: Look, database: Database, server: X, clock: list[datetime], budget: float, events: list[Any]
) -> None:
    """The fixtures are shared by the examples: the archive and the clock go on, and each begins on a new day."""
    clock[0] = (clock[0] + timedelta(days=1)).replace(hour=12)
    server.others = {p["id"]: p for p in REFERRED}
    server.charged.clear()
    minute = len(server.posts)
    for what, detail in [*events, ("posts", [])]:
        if what == "posts":
            server.shows(*(made(minute + n, **more) for n, more in enumerate(detail)))
            minute += len(detail)
        server.refuses = {"/2/users/77/tweets": _refusal(detail)} if what == "refuse" else {}
        if what == "day":
            clock[0] += timedelta(days=1)
            server.charged.clear()
        with pytest.MonkeyPatch.context() as patch:
            if what == "die":
                patch.setattr(Intake, "_store", _died)
            _try(look, budget)
        with database.write() as session:
            sources.release_dead_claims(session, "here", lambda _: False, clock[0])
            source = sources.by_name(session, "office")
            ledger = spending.spent(session, source.id or 0, spending.day_of(clock[0]))
        true = sum(spending.micros(X_PRICES[word]) for word, _ in server.charged)
        assert true <= ledger <= spending.micros(budget)


def _refusal(status: int) -> Any:
    from tests.collector.platforms.api import Said

    return Said({"title": "No"}, status)


def _try(look: Look, budget: float) -> None:
    try:
        look(budget)
    except KeyboardInterrupt:
        return
