"""Columns in memory say what the rows say: loaded or followed, by several views, processes and threads."""

from collections import Counter
from dataclasses import dataclass, replace
from datetime import timedelta
from threading import Thread

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from core import times
from core.text import words
from db import archive, columns, counts, matches, memory, moved, posts, search
from db.database import Database
from db.erasing.erase import Why, erase
from db.models import Moved, Post
from db.query import PostQuery
from db.upsert import table
from tests.db.conftest import Room, Score, every_post, post
from tests.db.test_as_of_lists import History, events, fresh

FACETS = ("topic", "account", "actor", "platform", "lang", "kind")


def has_word(word):
    return lambda p: word in words(p["text"] or "")


def tagged(topic):
    return lambda p: any(t["topic"] == topic and t["decision"] == "tagged" for t in p["tags"])


def since(moment):
    return lambda p: times.parse(p["created_at"]) >= times.parse(moment)


ATOMS = {
    "meeting": has_word("meeting"),
    "reform": has_word("reform"),
    "topic:reform": tagged("reform"),
    "topic:training": tagged("training"),
    "is:kle": tagged("key_leader_engagement"),
    "from:office@m.example": lambda p: p["account"] is not None and p["account"]["handle"] == "office@m.example",
    "from:nobody": lambda p: False,
    "platform:x": lambda p: p["platform"] == "x",
    "lang:en": lambda p: p["lang"] == "en",
    "kind:post": lambda p: p["kind"] == "post",
    "is:edited": lambda p: p["edits"] > 0,
    "is:erased": lambda p: p["erasure"] is not None,
    "since:2026-08-29T12:00:01Z": since("2026-08-29T12:00:01Z"),
    "until:2026-08-29T12:00:01Z": lambda p: not since("2026-08-29T12:00:01Z")(p),
    "topic:reform>0.5": lambda p: any(t["topic"] == "reform" and t["probability"] > 0.5 for t in p["tags"]),
}  # fmt: skip


@dataclass(frozen=True)
class Asked:
    """A query as it is written, which posts it means, and whether it asks for what was erased."""

    text: str
    means: object
    erased: bool = False
    opposite: "Asked | None" = None  # of which it is the plain negation

    def holds(self, item):
        return self.means(item) and (self.erased or item["erasure"] is None)


def atom(name):
    return Asked(name, ATOMS[name], name == "is:erased")


def none_of(one):
    """Twice not is what it was, also in asking for what was erased."""
    if one.opposite:
        return replace(one.opposite, text=f"-({one.text})")
    return Asked(f"-({one.text})", lambda p: not one.means(p), opposite=one)


def all_of(one, other):
    return Asked(f"{one.text} {other.text}", lambda p: one.means(p) and other.means(p), one.erased or other.erased)


def any_of(one, other):
    text = f"({one.text} OR {other.text})"
    return Asked(text, lambda p: one.means(p) or other.means(p), one.erased or other.erased)


asked = st.recursive(
    st.sampled_from(sorted(ATOMS)).map(atom),
    lambda inner: st.one_of(inner.map(none_of), st.builds(all_of, inner, inner), st.builds(any_of, inner, inner)),
    max_leaves=5,
)
EVERYTHING = Asked("", lambda p: True)


def rows(session):
    """Every post in the API's form, tombstones too."""
    query = replace(PostQuery.build(""), tombstones=True)
    return every_post(session, query, 3)


def paged(session, query):
    found, cursor = [], None
    while True:
        page = posts.page(session, query, limit=3, after=cursor)
        found += [item["id"] for item in page.items]
        cursor = page.next_cursor
        if cursor is None:
            return found


def facet_values(item):
    account = item["account"] or {}
    slugs = [t["topic"] for t in item["tags"] if t["decision"] == "tagged"]
    single = {"account": account.get("handle"), "actor": account.get("actor")}
    single |= {name: item[name] for name in ("platform", "lang", "kind")}
    return {"topic": slugs, **{name: [value] if value else [] for name, value in single.items()}}


def agree(session, asked):
    """Counts, pages and a plain filter of all rows."""
    query = PostQuery.build(asked.text)
    mine = [item for item in rows(session) if asked.holds(item)]
    assert sorted(paged(session, query)) == sorted(item["id"] for item in mine), asked.text
    assert posts.page(session, query, limit=1).total == len(mine), asked.text
    facets = counts.facets(session, query)
    for name in FACETS:
        plain = Counter(value for item in mine for value in facet_values(item)[name])
        assert {f["value"]: f["count"] for f in facets[name]} == plain, (asked.text, name)
    for interval, width in (("hour", 13), ("day", 10), ("month", 7)):
        items = counts.timeline(session, query, interval)
        filled = {i["start"][:width]: (i["count"], i["topics"]) for i in items if i["count"]}
        plain_topics = {start: Counter() for start in {item["created_at"][:width] for item in mine}}
        for item in mine:
            plain_topics[item["created_at"][:width]].update(facet_values(item)["topic"])
        totals = Counter(item["created_at"][:width] for item in mine)
        assert filled == {start: (n, plain_topics[start]) for start, n in totals.items()}, (asked.text, interval)
        assert sum(i["count"] for i in items) == counts.total(session, query) == len(mine)


def some(examples):
    quiet = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large]
    return settings(max_examples=examples, deadline=None, suppress_health_check=quiet)


def forget(room, number):
    """Erase one of the posts that are there."""
    with room.database.write() as session:
        keys = list(session.execute(select(table(Post).c.id).order_by(table(Post).c.id)).scalars())
        if keys:
            erase(session, keys[number % len(keys)], Why("request", "asked", "operator"), room.tick())


def happen(room, history, event):
    name, what = event
    if name == "erase":
        forget(room, what)
    elif name == "rebuild":
        with room.database.write() as session:
            search.rebuild(session)
    else:
        history.take(event)


happening = st.lists(
    st.one_of(
        events.map(lambda some: some[0]), events.map(lambda some: some[-1]),
        st.tuples(st.just("erase"), st.integers(0, 9)), st.just(("rebuild", None)),
    ),
    min_size=1, max_size=10,
)  # fmt: skip


def follows(room, author, happened, questions):
    """After each event by a memory that follows, after some by one that follows from afar, at last by a new one."""
    fresh(room)
    history = History(room, int(room.tick(timedelta(hours=1)).timestamp()), author)
    afar = Database(room.database.url)
    try:
        for step, event in enumerate(happened):
            happen(room, history, event)
            for database in (room.database, *([afar] if step % 3 == 1 else [])):
                with database.read() as session:
                    for question in (EVERYTHING, *questions):
                        agree(session, question)
        anew = Database(room.database.url)
        for database in (afar, anew):
            with database.read() as session:
                for question in (EVERYTHING, *questions):
                    agree(session, question)
        anew.close()
    finally:
        afar.close()


@some(8)
@given(happened=happening, questions=st.lists(asked, min_size=2, max_size=4))
def test_counts_are_those_of_a_plain_filter_whatever_happens(room, author, happened, questions):
    follows(room, author, happened, questions)


@pytest.mark.torture
@some(300)
@given(happened=happening, questions=st.lists(asked, min_size=2, max_size=4))
def test_counts_are_those_of_a_plain_filter_in_hundreds_of_histories(room, author, happened, questions):
    follows(room, author, happened, questions)


@pytest.mark.parametrize("question", sorted(ATOMS))
def test_each_filter_alone_and_its_opposite(room, author, question):
    history = History(room, int(room.now.timestamp()), author)
    for number, said in enumerate(("A meeting", "On reform", "A meeting on reform")):
        room.archive(post(history.start + number, said))
    room.tag(Score("reform"), Score("training", 0.4, decision="unsure"))
    forget(room, 1)
    with room.database.read() as session:
        for one in (atom(question), none_of(atom(question)), all_of(atom("meeting"), atom(question))):
            agree(session, one)


def totals(session):
    return counts.total(session, PostQuery.build("")), counts.total(session, PostQuery.build("meeting"))


def test_a_view_from_before_counts_as_it_was(room: Room) -> None:
    room.archive(post(1), post(2))
    with room.database.read() as before:
        moved.low(before)  # its view begins
        room.archive(post(3), replace(post(2), text="Other words"))
        with room.database.read() as now:
            assert totals(now) == (3, 2)
        assert totals(before) == (2, 2)
        with room.database.read() as now:
            assert totals(now) == (3, 2)


def test_a_view_from_long_before_reads_everything_anew(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "_REMEMBERED", 2)
    room.archive(post(1))
    with room.database.read() as before:
        moved.low(before)
        for number in range(2, 9):
            room.archive(post(number))
            with room.database.read() as now:
                assert totals(now) == (number, number)
        assert totals(before) == (1, 1)
        with room.database.read() as now:
            assert totals(now) == (8, 8)


def test_what_another_transaction_of_before_commits_later_is_counted(room: Room) -> None:
    if room.database.dialect == "sqlite":
        pytest.skip("one writer at a time")
    room.archive(post(1))
    with room.database.write() as slow:
        moved.note(slow, [])  # it has its number now
        keys = list(slow.execute(select(table(Post).c.id)).scalars())
        search.remove(slow, keys)
        search.refresh(slow, keys)
        room.archive(post(2), source="two")
        with room.database.read() as session:
            assert totals(session) == (2, 2)
        erase(slow, keys[0], Why("request", "asked", "operator"), room.tick())
        with room.database.read() as session:
            assert totals(session) == (2, 2)
    with room.database.read() as session:
        assert totals(session) == (1, 1)


def test_who_comes_after_the_notes_are_gone_reads_everything_anew(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(moved, "KEPT", 4)
    monkeypatch.setattr(moved, "_EVERY", 2)
    for number in range(1, 20):
        room.archive(post(number))
        if number == 1:
            with room.database.read() as session:
                assert totals(session) == (1, 1)
    with room.database.read() as session:
        assert session.execute(select(func.count()).select_from(table(Moved))).scalar_one() <= 8
        assert totals(session) == (19, 19)


def test_a_unit_of_work_that_is_undone_leaves_no_trace(room: Room) -> None:
    room.archive(post(1))
    with room.database.read() as session:
        assert totals(session) == (1, 1)
    origin, run = room.source("one")
    with pytest.raises(RuntimeError), room.database.write() as session:
        archive.archive(session, origin, run, [post(2)], None, room.tick())
        assert totals(session) == (2, 2)
        raise RuntimeError
    room.archive(post(3), post(4))
    with room.database.read() as session:
        assert totals(session) == (3, 3)


def test_every_view_counts_what_it_sees_while_others_write(room: Room) -> None:
    room.archive(*(post(n) for n in range(1, 30)))
    wrong = []

    def read():
        for _ in range(40):
            with room.database.read() as session:
                held = session.execute(select(func.count()).select_from(table(Post))).scalar_one()
                found = totals(session)
                wrong.extend([] if found == (held, held) else [(found, held)])

    readers = [Thread(target=read) for _ in range(3)]
    for reader in readers:
        reader.start()
    for number in range(30, 60):
        room.archive(post(number), replace(post(1), text=f"A meeting {number}"))
    for reader in readers:
        reader.join()
    assert not wrong


def test_many_changes_are_folded_into_the_large_block(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "_SMALL", 5)
    for start in range(1, 40, 3):
        room.archive(*(post(n) for n in range(start, start + 3)), replace(post(1), text=f"A meeting {start}"))
        with room.database.read() as session:
            agree(session, EVERYTHING)
            state = memory.of(session)
            assert len(state.recent) <= 5 and len(state) == start + 2


def test_posts_of_one_second_and_of_far_away_times_are_found(room: Room) -> None:
    crowd = [post(n, created_at=post(1).created_at) for n in range(1, 40)]
    room.archive(*crowd, post(99, created_at=post(1).created_at - timedelta(days=9000)))
    with room.database.read() as session:
        assert totals(session) == (40, 40)
        state = memory.of(session)
        absent = state.base.key + 1
        at, there = columns.Index(state.base.key).places(absent)
        assert [k in state.base.key for k in absent] == there.tolist() and at.max() < 40


def test_a_question_is_asked_once_as_long_as_nothing_changes(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    room.archive(post(1), post(2))
    asked = []
    fetch = matches._keys
    monkeypatch.setattr(matches, "_keys", lambda *given: asked.append(1) or fetch(*given))
    query = PostQuery.build("meeting")
    for _ in range(2):
        with room.database.read() as session:
            counts.facets(session, query)
            assert sum(i["count"] for i in counts.timeline(session, query, "day")) == 2
    assert len(asked) == 1
    room.archive(post(3))
    with room.database.read() as session:
        assert sum(i["count"] for i in counts.timeline(session, query, "day")) == 3
    assert len(asked) == 2
