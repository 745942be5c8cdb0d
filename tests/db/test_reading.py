"""Pages, counts, forms and versions: what readers get is stable, exact and complete."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, text

from core import cursor
from core.errors import BadRequest, CursorError, NotFound, QueryError
from core.post import Account, Media
from db import buckets, counts, deadline, posts
from db.posts import difference
from db.query import PostQuery
from tests.conftest import NOW
from tests.db.conftest import Score, every_post, post

EVERYTHING = PostQuery.build()


def walk(room, sort, q="", limit=7, between=lambda: None):
    found, after = [], None
    while True:
        with room.database.read() as session:
            page = posts.page(session, PostQuery.build(q), sort, limit, after)
        found += [p["id"] for p in page.items]
        after = page.next_cursor
        if after is None:
            return found
        between()


@pytest.mark.parametrize("q", ["", "meeting", "meeting lang:en", "-nothing"])
def test_walking_by_cursor_gives_each_post_once_in_both_directions(room, q):
    room.archive(*(post(n, lang="en", created_at=NOW - timedelta(hours=n // 3)) for n in range(30)))
    newest, oldest = walk(room, "newest", q), walk(room, "oldest", q)
    assert len(newest) == len(set(newest)) == 30
    assert newest == oldest[::-1]
    times = [room.get(i)["created_at"] for i in newest]
    assert times == sorted(times, reverse=True)
    with room.database.read() as session:
        sliced = [p["id"] for p in every_post(session, PostQuery.build(q), 7)]
    assert sliced == oldest


@pytest.mark.parametrize("size", [1, 5, 6])
def test_a_last_full_page_says_that_it_is_the_last(room, size):
    room.archive(*(post(n) for n in range(6)))
    assert len(walk(room, "newest", limit=size)) == 6


def test_walking_stays_right_while_posts_arrive(room):
    room.archive(*(post(n) for n in range(20, 40)))
    arriving = iter(range(100))

    def arrive():
        n = next(arriving)
        room.archive(post(100 + n), post(n))

    found = walk(room, "newest", between=arrive)
    first = [f"mastodon:m.example/{n}" for n in range(39, 19, -1)]
    assert found[:20] == first
    assert len(found) == len(set(found))


@pytest.mark.parametrize("after", ["x", cursor.encode("oldest", 1), cursor.encode("runs", 1), "", "\x00", "ü"])
def test_a_wrong_cursor_is_refused(room, after):
    with room.database.read() as session:
        if after:
            with pytest.raises(CursorError):
                posts.page(session, EVERYTHING, "newest", 10, after)
        else:
            assert posts.page(session, EVERYTHING, "newest", 10, after).items == []


@pytest.mark.parametrize("sort", ["relevance", "best", ""])
def test_an_unknown_order_is_refused(room, sort):
    with room.database.read() as session, pytest.raises(BadRequest) as told:
        posts.page(session, EVERYTHING, sort)
    assert told.value.extra["parameter"] == "sort"


def test_a_total_is_counted_once_as_long_as_nothing_changes(room, monkeypatch):
    room.archive(post(1), post(2), post(3))
    counted, briefly = [], deadline.briefly
    monkeypatch.setattr(deadline, "briefly", lambda *given: counted.append(1) or briefly(*given))

    def total(q):
        with room.database.read() as session:
            return posts.page(session, PostQuery.build(q), limit=1).total

    assert [total("meeting"), total("meeting"), total("meeting since:2020")] == [3, 3, 3]
    assert len(counted) == 2
    room.archive(post(4), replace(post(1), text="On reform"))
    assert [total("meeting"), total("meeting")] == [3, 3] and len(counted) == 3
    room.archive(post(5))
    assert total("meeting") == 4


def test_totals_are_exact_up_to_the_bound_and_then_say_so(room, monkeypatch):
    monkeypatch.setattr(posts, "COUNTED", 10)
    for until, total in ((10, 10), (11, {"at_least": 10})):
        room.archive(*(post(n) for n in range(until)))
        with room.database.read() as session:
            assert posts.page(session, PostQuery.build("meeting"), limit=2).total == total


def test_a_post_has_the_fields_of_the_interface(room):
    room.topics()
    media = (Media("image", "https://a.example/1", "a flag"),)
    room.archive(post(1, media=media, links=("https://a.example",), metrics={"likes": 3}, lang="en"))
    room.tag(
        Score("key_leader_engagement"),
        Score("reform", 0.4, decision="unsure"),
        Score("training", 0.1, decision="not"),
    )
    shown = room.get("mastodon:m.example/1")
    assert set(shown) == {
        "id", "platform", "platform_id", "url", "kind", "account", "text", "lang", "created_at",
        "created_at_precision", "synthetic", "first_seen_at", "changed_at", "deleted_at", "media", "links", "tags",
        "is_kle", "versions", "metrics", "sightings", "seen_until", "erasure",
    } | {"tagging", "edits", "repeats", "labels"}  # fmt: skip
    assert set(shown["account"]) == {"platform", "handle", "name", "actor"}
    assert set(shown["metrics"]) == {"likes", "reposts", "replies", "quotes", "views", "observed_at"}
    assert [set(s) for s in shown["sightings"]] == [{"source", "first_hand", "url", "seen_at"}]
    assert shown["tags"] == [
        {"topic": "key_leader_engagement", "probability": 0.9, "decision": "tagged", "model": "digest-of-model",
         "evidence": {"start": 0, "end": 4}, "by": "model", "correction": None},
        {"topic": "reform", "probability": 0.4, "decision": "unsure", "model": "digest-of-model",
         "evidence": {"start": 0, "end": 4}, "by": "model", "correction": None},
    ]  # fmt: skip
    assert (shown["is_kle"], shown["tagging"], shown["media"][0]["alt"]) == (True, "done", "a flag")


def test_a_post_without_account_or_counts_has_null_there(room):
    room.archive(post(1, account=None, url=None))
    shown = room.get("mastodon:m.example/1")
    assert (shown["account"], shown["metrics"], shown["url"], shown["tagging"]) == (None, None, None, "pending")


@pytest.mark.parametrize("public_id", ["mastodon:m.example/2", "x:1", "nothing", "", ":", "a\x00b:c", "x:\ud800"])
def test_an_unknown_id_is_not_found(room, public_id):
    room.archive(post(1))
    with room.database.read() as session:
        for ask in (posts.get, posts.resolve, posts.versions):
            with pytest.raises(NotFound):
                ask(session, public_id)


@given(st.text(alphabet="ab \n", max_size=30), st.text(alphabet="ab \n", max_size=30))
def test_a_difference_makes_both_texts(before, after):
    parts = difference(before, after)
    assert "".join(p["text"] for p in parts if p["op"] != "added") == before
    assert "".join(p["text"] for p in parts if p["op"] != "removed") == after
    assert all(p["text"] for p in parts)


def test_a_difference_shows_the_words_that_changed():
    assert difference("about 72,000 now", "about 138,000 now") == [
        {"op": "same", "text": "about"},
        {"op": "removed", "text": " 72,000"},
        {"op": "added", "text": " 138,000"},
        {"op": "same", "text": " now"},
    ]


def test_a_rewritten_megabyte_is_compared_in_no_time():
    old, new = ("x " + "word other " * 90_000 + end for end in ("one", "two"))
    assert [p["op"] for p in difference(old, new)] == ["same", "removed", "added"]
    assert len(difference(old, "y " + "third fourth " * 90_000)) == 2


# -- counts -------------------------------------------------------------------------------------------------

made = st.lists(
    st.tuples(st.integers(0, 400), st.sampled_from(["mastodon", "bluesky"]), st.sampled_from(["en", "ar", None]),
              st.sampled_from(["reform", "training", ""])),
    min_size=1, max_size=25,
)  # fmt: skip


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(made=made, q=st.sampled_from(["", "reform", "-training", "platform:bluesky", "lang:en"]))
def test_buckets_and_facets_sum_to_the_total(room, made, q):
    stamp = f"g{room.tick().timestamp():.0f}"
    room.archive(*(
        post(n, text or "other", platform=platform, platform_id=f"{stamp}/{n}", lang=lang, url=None,
             created_at=NOW - timedelta(days=day, minutes=n), account=Account(platform, stamp))
        for n, (day, platform, lang, text) in enumerate(made)
    ))  # fmt: skip
    query = PostQuery.build(f"{q} from:{stamp}")
    with room.database.read() as session:
        total = posts.page(session, query, limit=1).total
        for interval in ("day", "week", "month"):
            buckets = counts.timeline(session, query, interval)
            assert sum(b["count"] for b in buckets) == total
            assert len({b["start"] for b in buckets}) == len(buckets)
            assert total == 0 or (buckets[0]["count"] and buckets[-1]["count"])
        found = counts.facets(session, query)
    for field in ("platform", "kind", "account"):
        assert sum(v["count"] for v in found[field]) == total
    assert sum(v["count"] for v in found["lang"]) <= total


@pytest.mark.parametrize(
    ("interval", "starts"),
    [
        ("week", ["2026-01-26", "2026-02-02", "2026-02-09", "2026-02-16", "2026-02-23"]),
        ("month", ["2026-01-01", "2026-02-01", "2026-03-01"]),
    ],
)
def test_weeks_begin_on_monday_and_months_on_their_first(room, interval, starts):
    first = NOW.replace(month=1, day=31, hour=23, minute=59)
    room.archive(post(1, created_at=first), post(2, created_at=NOW.replace(month=3, day=1, hour=0)))
    with room.database.read() as session:
        buckets = counts.timeline(session, EVERYTHING, interval)
    assert [b["start"] for b in buckets] == [f"{s}T00:00:00Z" for s in starts]
    assert [b["count"] for b in buckets] == [1, *[0] * (len(starts) - 2), 1]


def test_topics_are_counted_per_bucket(room):
    room.topics()
    room.archive(post(1))
    room.tag(Score("reform"), Score("training", 0.4, decision="unsure"))
    with room.database.read() as session:
        (bucket,) = counts.timeline(session, EVERYTHING, "hour")
        found = counts.facets(session, EVERYTHING)
    assert bucket["topics"] == {"reform": 1}
    assert found["topic"] == [{"value": "reform", "count": 1}]


@pytest.mark.parametrize("interval", ["minute", "year", "", "Day"])
def test_an_unknown_interval_is_refused(room, interval):
    with room.database.read() as session, pytest.raises(BadRequest, match="hour, day, week, month"):
        counts.timeline(session, EVERYTHING, interval)


def test_too_fine_an_interval_is_refused_before_it_is_built(room, monkeypatch):
    monkeypatch.setattr(buckets, "MOST", 24)
    room.archive(post(1, created_at=NOW - timedelta(days=2)), post(2, created_at=NOW))
    with room.database.read() as session:
        assert len(counts.timeline(session, EVERYTHING, "day")) == 3
        with pytest.raises(BadRequest, match="more than 24 buckets"):
            counts.timeline(session, EVERYTHING, "hour")


def test_an_empty_archive_has_no_buckets(room):
    with room.database.read() as session:
        assert counts.timeline(session, EVERYTHING, "day") == []
        assert all(v == [] for v in counts.facets(session, EVERYTHING).values())


def liked(room, *counts):
    room.archive(*(post(n, metrics={"likes": c} if c is not None else {}) for n, c in enumerate(counts, 1)))


def ids(page):
    return [item["id"].rpartition("/")[2] for item in page.items]


def test_posts_are_ordered_by_a_count_page_by_page_and_uncounted_ones_left_out(room):
    liked(room, 5, None, 9, 5, 0, 7, 5)
    found, after = [], None
    with room.database.read() as session:
        while True:
            page = posts.page(session, PostQuery.build("meeting"), "likes", 2, after)
            assert page.total == 6
            found += ids(page)
            after = page.next_cursor
            if after is None:
                break
    assert found == ["3", "6", "7", "4", "1", "5"]


@pytest.mark.parametrize("place", [("likes", 1), ("newest", 1), ("views", 1, 1)])
def test_a_cursor_of_another_order_is_refused(room, place):
    with room.database.read() as session, pytest.raises(CursorError):
        posts.page(session, PostQuery.build(), "likes", 2, cursor.encode(*place))


def test_posts_are_found_by_the_least_count(room):
    liked(room, 5, None, 9, 0)
    assert room.ids("min_likes:5") == [f"mastodon:m.example/{n}" for n in (3, 1)]
    assert room.ids("meeting -min_likes:5") == ["mastodon:m.example/4"]
    assert room.ids("min_likes:0 min_views:1") == []
    with pytest.raises(QueryError, match="is no whole number"):
        room.ids("min_likes:many")


def test_links_and_media_that_came_or_went_are_told(room):
    picture = Media("image", "https://m.example/a.jpg", "A")
    room.archive(post(1, links=("https://a.example", "https://b.example")))
    room.archive(post(1, links=("https://b.example",), media=(picture,)))
    first, second = room.versions("mastodon:m.example/1")
    assert first["attached"] == [] and [part["op"] for part in second["diff"]] == ["same"]
    assert second["attached"] == [
        {"op": "removed", "what": "link", "url": "https://a.example"},
        {"op": "added", "what": "media", "url": "https://m.example/a.jpg"},
    ]


def test_what_cannot_be_counted_in_time_is_said_to_be_as_many_as_were_seen_and_tried_again(room, monkeypatch):
    room.archive(*(post(n, "Meeting") for n in range(4)))
    slow = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < 100000000000) SELECT x FROM n"
    query = PostQuery.build("meeting")
    with monkeypatch.context() as slowly, room.database.read() as session:
        slowly.setattr(posts, "COUNTING", 0.1)
        slowly.setattr(posts.Selection, "keys", lambda self: select(text(f"x FROM ({slow}) AS slow")))
        slowly.setattr(posts, "COUNTED", 10**12)
        page = posts.page(session, query, limit=2)
    assert len(page.items) == 2 and page.total == {"at_least": 3}
    with room.database.read() as session:
        assert posts.page(session, query, limit=2).total == 4
