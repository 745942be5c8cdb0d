"""The form in which posts travel: what is written is read again; what is wrong is told by name."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given

from core import post as posts
from core.errors import ParseError
from core.post import SeenPost, View
from tests.strategies import seen_posts

GOOD = {"platform": "mastodon", "platform_id": "m.example/1", "text": "A meeting"}


@given(seen_posts())
def test_a_post_written_and_read_again_is_the_same(post: SeenPost):
    assert posts.from_json(posts.to_json(post)) == replace(
        post, embedded_in=None if post.first_hand else post.embedded_in
    )


@given(seen_posts())
def test_the_written_form_has_the_names_of_the_interface(post: SeenPost):
    form = posts.to_json(post)
    assert set(form) == {
        "id", "platform", "platform_id", "url", "kind", "account", "text", "lang", "created_at",
        "created_at_precision", "synthetic", "links", "media", "metrics", "repeats", "labels", "sightings",
    }  # fmt: skip
    assert form["id"] == f"{post.platform}:{post.platform_id}"


def test_the_least_record_is_a_first_hand_post():
    read = posts.from_json(GOOD)
    assert (read.kind, read.view, read.first_hand, read.created_at) == ("post", View.FULL, True, None)
    assert read.id == "mastodon:m.example/1"


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"platform": None}, "platform is missing"),
        ({"platform": 7}, "platform must be a string, not int"),
        ({"platform": "Mastodon"}, "platform 'Mastodon' must be lower-case letters"),
        ({"platform": "a" * 33}, "must be lower-case letters"),
        ({"platform_id": ""}, "platform_id is missing"),
        ({"platform_id": " \n"}, "platform_id is missing"),
        ({"platform_id": "\x00"}, "platform_id is missing"),
        ({"platform_id": ["1"]}, "platform_id must be a string, not list"),
        ({"kind": "tweet"}, "kind 'tweet' is not one of post, repost, reply"),
        ({"text": 5}, "text must be a string, not int"),
        ({"url": {}}, "url must be a string, not dict"),
        ({"lang": True}, "lang must be a string, not bool"),
        ({"account": "@a"}, "account must be an object with handle and name"),
        ({"account": {"name": "A"}}, "handle is missing"),
        ({"account": {"handle": 1}}, "handle must be a string, not int"),
        ({"created_at": "yesterday"}, "created_at 'yesterday' is not an RFC 3339 time such as"),
        ({"created_at": 1755527400}, "created_at must be a string, not int"),
        ({"created_at": "0001-01-01T00:00:00+23:00"}, "is not an RFC 3339 time"),
        ({"created_at_precision": "hour"}, "created_at_precision 'hour' is not one of second, day, seen"),
        ({"links": "https://a.example"}, "links must be a list of str"),
        ({"links": [1]}, "links must be a list of str"),
        ({"media": ["a.jpg"]}, "media must be a list of dict"),
        ({"media": [{"type": "image"}]}, "url is missing"),
        ({"metrics": [1]}, "metrics must be an object of counts"),
        ({"metrics": {"likes": "7"}}, "metrics.likes must be a whole number from 0 or null"),
        ({"metrics": {"views": True}}, "metrics.views must be a whole number"),
        ({"metrics": {"views": 1.5}}, "metrics.views must be a whole number"),
        ({"metrics": {"replies": -1}}, "metrics.replies must be a whole number"),
        ({"metrics": {"likes": 1 << 63}}, "metrics.likes must be a whole number"),
        ({"sightings": 5}, "sightings must be a list of dict"),
        ({"sightings": ["oir-news"]}, "sightings must be a list of dict"),
        ({"repeats": 1}, "repeats must be a string, not int"),
    ],
)
def test_a_bad_record_says_which_field_and_what_it_takes(wrong, message):
    with pytest.raises(ParseError) as told:
        posts.from_json({**GOOD, **wrong})
    assert message in told.value.message


def test_a_plain_date_is_known_to_the_day():
    read = posts.from_json({**GOOD, "created_at": "2025-08-18"})
    assert (read.created_at, read.precision) == (datetime(2025, 8, 18, tzinfo=UTC), "day")


def test_times_come_in_any_zone_and_leave_in_utc():
    read = posts.from_json({**GOOD, "created_at": "2025-08-18T17:30:00+03:00"})
    assert posts.to_json(read)["created_at"] == "2025-08-18T14:30:00Z"


@pytest.mark.parametrize(
    ("sightings", "view"),
    [
        ([{"first_hand": False, "url": "https://n.example/1"}], View.QUOTE),
        ([{"first_hand": False}, {"first_hand": True}], View.FULL),
        ([{}], View.FULL),
        ([], View.FULL),
        (None, View.FULL),
    ],
)
def test_seen_second_hand_alone_is_second_hand(sightings, view):
    assert posts.from_json({**GOOD, "sightings": sightings}).view is view


def test_what_no_database_stores_is_left_out():
    read = posts.from_json({**GOOD, "text": "a\x00b\ud800c"})
    assert read.text == "abc"


def test_a_deletion_travels():
    assert posts.from_json({**GOOD, "deleted_at": "2025-08-19T00:00:00Z"}).deleted
    assert not posts.from_json({**GOOD, "deleted_at": None}).deleted


def test_a_post_whose_text_was_withheld_is_no_edit():
    with pytest.raises(ParseError, match="withheld"):
        posts.from_json({**GOOD, "text": None, "rights": {"policy": "ids", "text_withheld": True}})
