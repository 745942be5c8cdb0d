"""The change feed: whoever applies it has what a search finds, whatever happened and whenever it was read."""

import random
from dataclasses import replace
from datetime import timedelta

import pytest

from core.errors import BadRequest, CursorError
from core.post import View
from db import happened, ledger, mirror, posts
from db.erasing.erase import Why, erase
from db.mirror import Place
from db.query import PostQuery
from tests.conftest import NOW
from tests.db.conftest import OFFICE, Room, Score, post, snowflake
from tests.db.mirror import LONG, Happening, Mirror, settled

QUERIES = ("", "reform", "topic:reform", "-topic:training", "is:deleted", "is:erased", "is:unsure", "is:kle",
           "topic:training OR meeting", "platform:x", "is:edited reform", "has:link -payroll")  # fmt: skip
ONE, TWO = "mastodon:m.example/1", "mastodon:m.example/2"


def anything(room: Room, seed: int) -> None:
    dice = random.Random(seed)
    happening = Happening(room, dice)
    eager = [Mirror(room, PostQuery.build(q)) for q in QUERIES]
    for _ in range(60):
        happening.step()
        settled(room)
        for reader in dice.sample(eager, 4):
            reader.step(dice.choice((1, 3, 200)))
    late = [Mirror(room, PostQuery.build(q)) for q in QUERIES]
    for reader in eager + late:
        reader.catch_up()
        assert reader.posts == reader.wanted(), reader.query.q
        assert [seq for seq, _, _ in reader.seen] == sorted({seq for seq, _, _ in reader.seen}), (
            "each once, in order"
        )
    room.assert_sound()


@pytest.mark.parametrize("seed", (3, 4, 5))
def test_a_mirror_that_applies_all_changes_has_what_a_search_finds(room: Room, seed: int) -> None:
    anything(room, seed)


@pytest.mark.torture
@pytest.mark.parametrize("seed", range(100, 160))
def test_mirrors_of_many_histories_have_what_a_search_finds(room: Room, seed: int) -> None:
    anything(room, seed)


def told(room: Room, q: str = "", **more) -> list[tuple[str, str, bool]]:
    """(change, id, whether it matches now) of all that happened."""
    settled(room)
    with room.database.read() as session:
        page = mirror.page(session, PostQuery.build(q), Place(), 200, **more)
    return [(i["change"], i["id"], bool(p)) for i, p in zip(page.items, page.posts, strict=True)]


def test_each_kind_of_change_has_its_name(room):
    room.topics()
    room.archive(post(1, "A", view=View.PAGE))
    room.archive(post(1, "A and more", view=View.FULL))
    room.archive(post(1, "B"))
    room.archive(post(1, "B", deleted=True))
    room.archive(post(1, "B"))
    room.tag(Score("reform"))
    kinds = [kind for kind, _, _ in told(room)]
    assert kinds == ["new", "fuller", "edited", "deleted", "restored", "retagged"]


def test_a_round_of_tags_that_changed_no_decision_is_no_change(room):
    room.topics()
    room.archive(post(1))
    room.tag(Score("reform", 0.9), Score("training", 0.1, decision="not"))
    room.adopt("second")
    room.tag(Score("reform", 0.7), Score("training", 0.2, decision="not"), model="second")
    assert [kind for kind, _, _ in told(room)] == ["new", "retagged"]
    room.adopt("third")
    room.tag(Score("reform", 0.1, decision="not"), Score("training", 0.4, decision="unsure"), model="third")
    settled(room)
    with room.database.read() as session:
        last = mirror.page(session, PostQuery(), Place(), 9).items[-1]
    assert last["topics"] == {"added": [], "unsure": ["training"], "removed": ["reform"]}


def test_the_first_round_is_told_though_nothing_was_found(room):
    room.topics()
    room.archive(post(1), post(2))
    reader = Mirror(room, PostQuery())
    settled(room)
    reader.catch_up()
    assert {shown["tagging"] for shown in reader.posts.values()} == {"pending"}
    nothing = [Score(t, 0.1, decision="not") for t in ("reform", "training")]
    for model in ("first", "second"):
        room.adopt(model)
        room.tag(*nothing, model=model)
    settled(room)
    reader.catch_up()
    assert [kind for _, kind, _ in reader.seen] == ["new", "new", "retagged", "retagged"], "of two rounds the first"
    assert reader.posts == reader.wanted()
    assert {shown["tagging"] for shown in reader.posts.values()} == {"done"}


def test_a_model_without_topics_is_heard_as_well(room):
    room.archive(post(1))
    room.tag()
    assert told(room) == [("new", ONE, True), ("retagged", ONE, True)]


def test_a_round_that_found_nothing_is_not_looked_back_at(room, monkeypatch):
    monkeypatch.setattr(mirror, "_MOST_BACK", 0)
    room.topics()
    room.archive(post(1))
    room.tag(Score("reform", 0.1, decision="not"))
    assert told(room, "is:unsure") == []


def test_a_post_that_no_longer_matches_is_told_to_who_had_it(room):
    room.archive(post(1, "reform"), post(2, "training"))
    room.archive(post(1, "payroll"), post(2, "courses"))
    assert told(room, "reform") == [("edited", ONE, False)]
    assert told(room, "training") == [("edited", TWO, False)]
    assert told(room, "meeting") == []


def test_a_retag_tells_only_those_who_ask_for_its_topics(room):
    room.topics()
    room.archive(post(1))
    room.tag(Score("reform"))
    room.adopt("second")
    room.tag(Score("reform", 0.1, decision="not"), model="second")
    assert told(room, "topic:reform") == [("retagged", ONE, True), ("retagged", ONE, False)][1:]
    assert told(room, "topic:training") == []
    assert told(room, "payroll") == []


def test_an_erasure_is_told_whatever_was_searched(room):
    room.archive(post(1, "reform"))
    with room.database.write() as session:
        erase(session, posts.key_of(session, ONE), Why("request", "asked", "operator"), room.tick())
    for q in ("", "reform", "payroll", "platform:x"):
        assert told(room, q) == [("erased", ONE, False)]
    assert told(room, "is:erased") == [("new", ONE, True), ("erased", ONE, True)]


def test_a_post_that_gets_its_id_leads_from_the_one_it_had(room):
    made = NOW - timedelta(days=3)
    status = post(text=LONG, platform="x", platform_id=snowflake(made), account=OFFICE, created_at=made, url=None)
    quoted = replace(status, platform_id="~0123456789abcdef", view=View.QUOTE, precision="day",
                     created_at=made.replace(hour=0), embedded_in="https://n.example/a")  # fmt: skip
    reader = Mirror(room, PostQuery())
    room.archive(quoted, source="two")
    settled(room)
    reader.catch_up()
    assert list(reader.posts) == ["x:~0123456789abcdef"]
    room.archive(status)
    settled(room)
    reader.catch_up()
    assert list(reader.posts) == [status.id] and reader.seen[-1][1] == "merged"


def test_only_chosen_kinds_are_told_and_the_cursor_passes_the_others(room):
    room.archive(*(post(n) for n in range(5)))
    room.archive(post(2, "Another"))
    assert told(room, kinds=frozenset({"edited"})) == [("edited", TWO, True)]


def test_a_page_reads_no_more_than_it_may_and_its_cursor_goes_on(room, monkeypatch):
    monkeypatch.setattr(mirror, "MOST_LINES", 20)
    monkeypatch.setattr(mirror, "_SLICE", 10)
    room.archive(*(post(n) for n in range(50)))
    room.archive(post(99, "found at last"))
    reader = Mirror(room, PostQuery.build("found"))
    settled(room)
    assert [reader.step() for _ in range(3)] == [False, False, True]
    assert len(reader.posts) == 1


def test_what_happened_at_one_moment_is_looked_back_at_in_one(room, monkeypatch):
    monkeypatch.setattr(mirror, "_MOST_BACK", 1)
    room.archive(*(post(n, "reform" if n % 2 else "training") for n in range(6)))
    room.archive(*(post(n, "payroll") for n in range(6)))
    left = sorted(told(room, "reform"))
    assert left == [("edited", f"mastodon:m.example/{n}", False) for n in (1, 3, 5)]


def test_a_page_looks_back_only_so_often(room, monkeypatch):
    monkeypatch.setattr(mirror, "_MOST_BACK", 2)
    room.archive(*(post(n, "reform") for n in range(5)))
    for number in range(5):
        room.archive(post(number, "payroll"))
    settled(room)
    reader = Mirror(room, PostQuery.build("reform"))
    steps = 1
    while not reader.step():
        steps += 1
    assert (steps, len(reader.seen)) == (3, 5)


def test_a_cursor_of_another_archive_is_refused(room):
    room.archive(post(1))
    settled(room)
    with room.database.read() as session:
        end = mirror.end(session)
        assert mirror.place(session, end.cursor) == mirror.place(session, "now") == end
        for wrong in (Place(end.seq, end.check + 1), Place(end.seq + 5, end.check)):
            with pytest.raises(CursorError, match="begin again"):
                mirror.place(session, wrong.cursor)
        with pytest.raises(BadRequest, match="one of them"):
            mirror.place(session, end.cursor, NOW)


@pytest.mark.parametrize("count", [0, 1, 7])
def test_a_moment_leads_to_its_first_line(room, count):
    starts = []
    for number in range(count):
        room.archive(post(number))
        starts.append(room.now)
    settled(room)
    with room.database.read() as session:
        for number, moment in enumerate(starts):
            assert mirror.place(session, None, moment).seq == number
            assert mirror.place(session, None, moment + timedelta(microseconds=1)).seq == number + 1
        assert mirror.place(session, None, NOW - timedelta(days=1)).seq == 0
        assert mirror.end(session).seq == count == ledger.head(session)[0]


def test_every_kind_of_version_is_told(room):
    assert set(happened.KINDS) > {"late"} and len(set(happened.KINDS)) == len(happened.KINDS)
