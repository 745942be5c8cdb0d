"""What was served at a moment is served again for that moment, whatever happened since."""

from datetime import timedelta

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from core.errors import NotFound
from core.post import Account, View
from db import posts, whole
from tests.conftest import NOW
from tests.db.conftest import Score, post

TOPICS = ("key_leader_engagement", "training", "reform")
TEXTS = ("A meeting", "A meeting of leaders on reform", "Another text", "")
decisions = st.dictionaries(st.sampled_from(TOPICS), st.sampled_from(("tagged", "unsure", "not")), min_size=1)
shown = st.builds(
    dict,
    text=st.sampled_from(TEXTS),
    deleted=st.booleans(),
    view=st.sampled_from((View.FULL, View.QUOTE)),
    lang=st.sampled_from(("en", "ar", None)),
    likes=st.sampled_from((None, 1, 2)),
    replies=st.sampled_from((None, 5)),
    labels=st.sampled_from(((), ("sensitive",))),
    source=st.sampled_from(("one", "two")),
    known_author=st.booleans(),
)
steps = st.lists(
    st.one_of(
        st.tuples(st.just("look"), shown),
        st.tuples(st.just("tag"), st.tuples(st.sampled_from(("old", "new")), decisions)),
        st.tuples(st.just("adopt"), st.sampled_from(("old", "new"))),
    ),
    max_size=12,
)


def look(room, number, text, deleted, view, lang, likes, replies, labels, source, known_author):
    counts = {name: value for name, value in (("likes", likes), ("replies", replies)) if value is not None}
    room.archive(
        post(
            number, text, deleted=deleted, view=view, lang=lang, metrics=counts, labels=labels,
            account=Account("mastodon", "office@m.example", "Office") if known_author else None,
            embedded_in="https://news.example/1" if view is View.QUOTE else None,
        ),
        source=source,
    )  # fmt: skip


def take(room, number, step):
    name, given_ = step
    if name == "look":
        look(room, number, **given_)
    elif name == "adopt":
        room.adopt(given_)
    else:
        model, found = given_
        room.tag(*(Score(topic, decision=decision) for topic, decision in found.items()), model=model)


def at(room, public_id, moment):
    with room.database.read() as session:
        return posts.get(session, public_id, moment)


def replays(room, first, taken):
    number = int(room.now.timestamp())  # a post of its own for each example
    public_id = post(number).id
    before = room.tick()
    served = {}
    for step in [("look", first), *taken]:
        take(room, number, step)
        served[room.tick()] = room.get(public_id)
    for moment, said in served.items():
        assert at(room, public_id, moment) == said
        assert_whole(room, public_id, moment)
    assert at(room, public_id, room.now + timedelta(days=1)) == room.get(public_id)
    with pytest.raises(NotFound, match="not known yet"):
        at(room, public_id, before)


def assert_whole(room, public_id, moment):
    """All that a release has of a post is what pages tell of it, at that moment."""
    with room.database.read() as session:
        history = posts.versions(session, public_id, moment)
        (told,) = whole.read(session, [posts.key_of(session, public_id)], moment)
    mine, pages = {"id": public_id}, ("tags", "diff", "attached")
    shown = [{k: v for k, v in version.items() if k not in pages} for version in history]
    kept = [{k: v for k, v in row.items() if not k.startswith("erased_")} for row in told.versions]
    assert kept == [mine | version for version in shown]
    assert told.tags == [mine | {"version": v["number"]} | tag for v in history for tag in v["tags"]]
    decided = {tag["topic"]: tag["decision"] for tag in reversed(told.was["tags"])}
    assert {slug: said["decision"] for slug, said in told.topics.items() if slug in decided} == decided
    assert all(said["decision"] == "not" for slug, said in told.topics.items() if slug not in decided)
    observed = [row["observed_at"] for row in told.metrics]
    assert (
        observed == sorted(observed) and (told.was["metrics"] or {}).get("observed_at") == (observed or [None])[-1]
    )


@pytest.fixture
def with_topics(room):
    room.topics()
    return room


def some(examples):
    quiet = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
    return settings(max_examples=examples, deadline=None, suppress_health_check=quiet)


def seen(view=View.FULL, **more):
    usual = {"text": "A meeting", "deleted": False, "view": view, "lang": "en", "likes": None, "replies": None,
             "labels": (), "source": "one", "known_author": False}  # fmt: skip
    return {**usual, **more}


# gone when it was first seen, then its author gets known, then it is back
GONE = [("look", seen(deleted=True)), ("look", seen(View.QUOTE, known_author=True)), ("look", seen())]


@example(first=seen(deleted=True), taken=GONE)
@some(15)
@given(first=shown, taken=steps)
def test_every_moment_is_served_as_it_was(with_topics, first, taken):
    replays(with_topics, first, taken)


@pytest.mark.torture
@some(1000)
@given(first=shown, taken=steps)
def test_every_moment_of_a_thousand_histories_is_served_as_it_was(with_topics, first, taken):
    replays(with_topics, first, taken)


def test_tags_of_then_name_their_model(with_topics):
    room = with_topics
    room.archive(post(1))
    untagged = room.tick()
    room.tag(Score("reform"), model="old")
    old = room.tick()
    room.adopt("new")
    room.tag(Score("training", decision="unsure"), Score("reform", decision="not"), model="new")
    said = [at(room, post(1).id, moment) for moment in (untagged, old, room.tick())]
    assert [[(t["topic"], t["decision"], t["model"]) for t in s["tags"]] for s in said] == [
        [], [("reform", "tagged", "old")], [("training", "unsure", "new")]
    ]  # fmt: skip
    assert [s["tagging"] for s in said] == ["pending", "done", "done"]
    assert room.get(post(1).id) == said[-1]
    closed = room.versions(post(1).id)[0]["tags"]
    assert [(t["model"], t["valid_to"] is None) for t in closed] == [("old", False), ("new", True)]


def test_the_text_and_its_deletion_of_then(with_topics):
    room = with_topics
    room.archive(post(1, "first"))
    first = room.tick()
    room.archive(post(1, "second"))
    second = room.tick()
    room.archive(post(1, "", deleted=True))
    said = [at(room, post(1).id, moment) for moment in (first, second, room.tick())]
    assert [(s["text"], s["versions"], s["edits"]) for s in said] == [
        ("first", 1, 0), ("second", 2, 1), ("second", 3, 1)
    ]  # fmt: skip
    assert [s["deleted_at"] is not None for s in said] == [False, False, True]


def test_a_quotation_that_got_its_id_is_served_as_it_was_under_the_id_of_today(with_topics):
    room = with_topics
    text = "Leaders and advisors met on the reform of partner forces today, in the north."
    office = Account("x", "@office", "Office")
    quoted = post(text=text, platform="x", platform_id="~aa", account=office, view=View.QUOTE, precision="day",
                  created_at=NOW.replace(hour=0), embedded_in="https://news.example/1")  # fmt: skip
    room.archive(quoted)
    before = room.get(quoted.id)
    moment = room.tick()
    room.archive(
        post(text=text, platform="x", platform_id="77", account=office, created_at=NOW, url="https://x.com/7")
    )
    now = room.get("x:77")
    then = at(room, quoted.id, moment)
    assert (now["created_at_precision"], now["versions"]) == ("second", 2)
    assert {**then, "id": quoted.id, "platform_id": "~aa"} == before and then["id"] == "x:77"
