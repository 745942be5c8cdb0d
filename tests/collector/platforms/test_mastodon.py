"""Mastodon: pages by Link header, one request in a quiet round, deletions by 404, servers that want a login."""

import json
from typing import Any

import pytest

from collector.fetch import Fetcher
from collector.platforms import mastodon
from core import times
from core.errors import FetchError, Gone, ParseError, Refused, SettingsError
from core.page import Page
from core.post import Asked, Problem, SeenPost
from tests.collector.platforms.api import Api
from tests.collector.platforms.rounds import Source, ids

LIST = "/api/v1/accounts/109/statuses?limit=40"


def status(number: int, **more: Any) -> dict[str, Any]:
    account = {"id": "109", "acct": "office", "url": "https://social.example/@office", "display_name": "Office"}
    return {
        "id": str(number), "uri": f"https://social.example/users/office/statuses/{number}", "visibility": "public",
        "url": f"https://social.example/@office/{number}", "account": account, "content": f"<p>Post {number}</p>",
        "created_at": "2026-05-04T07:19:24.000Z", **more,
    }  # fmt: skip


def shows(api: Api, *numbers: int, path: str = LIST, older: int | None = None) -> None:
    """The Link header names a server of its own; only its cursor counts."""
    link = f'<https://social.example/api/v1/x?limit=40&max_id={older}>; rel="next", <https://a.example>; rel="prev"'
    api.say(path, [status(n) for n in numbers], Link=link if older else '<https://a.example>; rel="prev"')


@pytest.fixture
def source(api: Api, fetcher: Fetcher) -> Source:
    api.say("/api/v1/accounts/lookup?acct=office", {"id": "109", "acct": "office", "username": "office"})
    return Source("mastodon", fetcher, account="@office@social.example", base_url=api.url)


def read(body: bytes, **more: Any) -> list[SeenPost | Problem]:
    return list(mastodon.parse(Page("https://social.example/", body, times.EARLIEST, **more)))


def test_pages_follow_the_link_header_at_the_server_that_was_asked(api: Api, source: Source) -> None:
    shows(api, 30, 20, older=20)
    shows(api, 10, path=LIST + "&max_id=20")
    assert ids(source.look()) == ["social.example/30", "social.example/20", "social.example/10"]
    assert api.asked == ["/api/v1/accounts/lookup?acct=office", LIST, LIST + "&max_id=20"]


def test_a_quiet_account_costs_one_request_that_is_answered_with_nothing_new(api: Api, source: Source) -> None:
    shows(api, 30, 20)
    source.look()
    api.since()
    assert source.everything() == []
    assert api.asked == [LIST]


def test_new_statuses_are_read_back_to_the_known_ones_only(api: Api, source: Source) -> None:
    shows(api, 30, 20, older=20)
    shows(api, 10, path=LIST + "&max_id=20")
    source.look()
    api.since()
    shows(api, 50, 40, older=40)
    shows(api, 30, 20, path=LIST + "&max_id=40", older=20)
    assert ids(source.look()) == [f"social.example/{n}" for n in (50, 40, 30, 20)]
    assert api.asked == [LIST, LIST + "&max_id=40"]


def test_a_round_that_was_killed_goes_on_where_it_stood(api: Api, source: Source) -> None:
    shows(api, 30, older=30)
    shows(api, 20, path=LIST + "&max_id=30", older=20)
    shows(api, 10, path=LIST + "&max_id=20")
    assert ids(source.look(pages=2)) == ["social.example/30", "social.example/20"]
    api.since()
    assert ids(source.look()) == ["social.example/10"]
    assert api.asked == [LIST, LIST + "&max_id=20"]


def test_a_status_that_vanished_and_answers_404_is_deleted(api: Api, source: Source) -> None:
    shows(api, 30, 20, 10)
    source.look()
    shows(api, 30, 10)
    pages = list(source.kind.fetch(source.target, source.fetcher, source.state))
    assert [(p.status, p.about, p.body) for p in pages if p.about] == [
        (404, ("social.example/20",), b'{"error": "Record not found"}')
    ], "the capture holds what the server said"
    (deleted,) = [post for post in source.look() if post.deleted]
    assert (deleted.id, deleted.first_hand) == ("mastodon:social.example/20", True)
    api.since()
    shows(api, 30, 10, 5)
    assert not [post for post in source.look() if post.deleted]
    assert api.asked == [LIST]


def test_a_status_that_only_moved_out_of_the_page_is_not_deleted(api: Api, source: Source) -> None:
    shows(api, 30, 20, older=20)
    shows(api, 10, path=LIST + "&max_id=20")
    source.look()
    shows(api, 40, 30, older=30)
    assert not [post for post in source.look() if post.deleted]
    assert not [path for path in api.asked if "/statuses/20" in path]


def test_a_vanished_status_that_still_stands_is_read_and_one_behind_an_error_asked_for_again(
    api: Api, source: Source
) -> None:
    shows(api, 30, 20, 10)
    source.look()
    shows(api, 30)
    api.say("/api/v1/statuses/20", status(20))
    api.say("/api/v1/statuses/10", {"error": "down"}, status=500)
    with pytest.raises(FetchError):
        source.look()
    api.say("/api/v1/statuses/10", {"error": "gone"}, status=410)
    (gone,) = source.look()
    assert (gone.id, gone.deleted) == ("mastodon:social.example/10", True)


def edit(text: str, hour: int) -> dict[str, Any]:
    return {"content": f"<p>{text}</p>", "spoiler_text": "", "created_at": f"2026-05-04T0{hour}:00:00.000Z",
            "media_attachments": [], "emojis": [], "poll": {"options": [{"title": "Yes"}]}}  # fmt: skip


def test_the_versions_of_an_edited_status_come_once_and_before_the_newest(api: Api, source: Source) -> None:
    history = "/api/v1/statuses/30/history"
    api.say(LIST, [status(30, content="<p>Two</p>", edited_at="2026-05-04T08:00:00.000Z")])
    api.say(history, [edit("One", 7), edit("Two", 8)])
    assert [post.text for post in source.look()] == ["One\nYes", "Two\nYes", "Two"]
    api.since()
    source.look()
    assert api.asked == [LIST]
    api.say(LIST, [status(30, content="<p>Four</p>", edited_at="2026-05-04T09:30:00.000Z")])
    api.say(history, [edit("One", 7), edit("Two", 8), edit("Three", 9), 7])
    posts = source.look()
    assert [post.text for post in posts] == ["Three\nYes", "Four"]
    assert {post.platform_id for post in posts} == {"social.example/30"}
    assert posts[0].metrics == {}
    assert [post.revised_at and post.revised_at.hour for post in posts] == [9, 9]


def test_a_history_is_not_read_again_after_a_kill_and_a_server_without_one_does_no_harm(
    api: Api, source: Source
) -> None:
    edited = status(30, edited_at="2026-05-04T08:00:00.000Z")
    api.say(LIST, [edited, {**edited, "id": "29", "uri": "https://social.example/users/office/statuses/29"}])
    api.say("/api/v1/statuses/30/history", [edit("One", 7)])
    assert len(source.look(pages=1)) == 1
    api.since()
    assert ids(source.look()) == ["social.example/30", "social.example/29"]
    assert api.asked == [LIST, "/api/v1/statuses/29/history"]


@pytest.mark.parametrize("code", [401, 403, 422])
def test_a_server_that_demands_a_login_is_named_as_such(api: Api, source: Source, code: int) -> None:
    api.say(LIST, {"error": "This API requires an authenticated user"}, status=code)
    with pytest.raises(Refused, match="only to people with an account there"):
        source.look()


def test_an_account_that_is_not_there_is_gone(api: Api, source: Source) -> None:
    api.say("/api/v1/accounts/lookup?acct=office", {"error": "Record not found"}, status=404)
    with pytest.raises(Gone):
        source.look()


def test_a_web_page_instead_of_statuses_is_told_and_remembered_as_nothing(api: Api, source: Source) -> None:
    api.say(LIST, b"<!doctype html><html><body>Down for maintenance</body></html>")
    with pytest.raises(ParseError, match="a web page"):
        source.look()
    assert source.state == {}


def test_a_full_page_of_a_server_without_link_headers_has_more(api: Api, source: Source) -> None:
    api.say(LIST, [status(n) for n in range(100, 60, -1)])
    api.say(LIST + "&max_id=61", [status(60)])
    assert len(source.look()) == 41


def test_another_account_under_the_same_name_starts_anew(api: Api, source: Source, fetcher: Fetcher) -> None:
    shows(api, 30)
    source.look()
    other = Source("mastodon", fetcher, account="https://social.example/@other", base_url=api.url)
    other.state = source.state
    api.say("/api/v1/accounts/lookup?acct=other", {"id": 7})
    api.say("/api/v1/accounts/7/statuses?limit=40", [status(5)])
    assert ids(other.look()) == ["social.example/5"]


@pytest.mark.parametrize("account", ["", "office", "https://social.example/", "@a@b@c"])
def test_an_account_that_names_no_server_stops_the_start(fetcher: Fetcher, account: str) -> None:
    with pytest.raises(SettingsError, match="needs account"):
        Source("mastodon", fetcher, account=account)


@pytest.mark.parametrize("visibility", ["private", "direct", "local", "limited"])
def test_what_is_not_public_is_left_out_without_a_word(visibility: str) -> None:
    assert read(json.dumps([status(1, visibility=visibility)]).encode()) == []


def test_a_boost_of_an_author_who_wants_no_index_names_it_without_its_words() -> None:
    shy = status(5, account={"acct": "shy@a.example", "noindex": True}, uri="https://a.example/notes/x5")
    (boost,) = read(json.dumps([status(6, reblog=shy)]).encode())
    assert isinstance(boost, SeenPost)
    assert (boost.kind, boost.text, boost.repeats) == ("repost", "", "mastodon:a.example/x5")


def test_one_status_an_account_and_json_lines_are_read_and_an_error_is_told() -> None:
    one = json.dumps(status(1)).encode()
    assert len(read(one)) == 1
    assert len(read(one + b"\n" + json.dumps(status(2)).encode() + b"\nbroken")) == 3
    assert read(b'[{"id": "1", "acct": "a", "username": "a"}]') == []
    with pytest.raises(ParseError, match="Record not found"):
        read(b'{"error": "Record not found"}')
    with pytest.raises(ParseError, match="no status"):
        read(b'{"version": "4.5"}')
    with pytest.raises(ParseError, match="which post"):
        read(b"", status=404)


def test_escaped_halves_of_characters_do_no_harm() -> None:
    body = json.dumps([status(1, content="<p>half</p>"), status(2)]).replace("half", "half \\ud83d\\u0000")
    first, second = read(body.encode())
    assert isinstance(first, SeenPost)
    assert isinstance(second, SeenPost)
    assert first.text == "half"


def test_saved_answers_are_read_from_disk(fetcher: Fetcher) -> None:
    (fetcher.base_dir / "one.json").write_text(json.dumps([status(1)]))
    assert ids(Source("mastodon", fetcher, path="*.json").look()) == ["social.example/1"]


# -- wishes, labels and states -------------------------------------------------------------------------------


def one(**more: Any) -> SeenPost:
    (post,) = read(json.dumps([status(1, **more)]).encode())
    assert isinstance(post, SeenPost)
    return post


@pytest.mark.parametrize(
    ("told", "wishes"),
    [({"noindex": True}, ("noindex",)), ({"noindex": False}, ()), ({}, None), ({"indexable": False}, None)],
)
def test_the_wish_not_to_be_indexed_is_kept_with_the_account(told: dict[str, Any], wishes: Any) -> None:
    post = one(account={"acct": "shy", "url": "https://social.example/@shy", **told})
    assert post.text == "Post 1"
    assert post.account
    assert post.account.wishes == wishes


def test_a_sensitive_status_is_labelled_by_its_author() -> None:
    assert one(sensitive=True).labels == ("sensitive",)
    assert one(sensitive=False).labels == one().labels == ()


def test_a_state_says_when_it_was_made_where_the_server_tells_of_edits() -> None:
    edited = one(edited_at="2026-05-04T09:00:00.000Z")
    assert edited.revised_at
    assert edited.revised_at.hour == 9
    never = one(edited_at=None)
    assert never.revised_at == never.created_at
    assert one().revised_at is None


def test_each_version_has_its_own_time_and_labels(api: Api, source: Source) -> None:
    api.say(LIST, [status(30, content="<p>Two</p>", edited_at="2026-05-04T08:00:00.000Z", sensitive=True)])
    api.say("/api/v1/statuses/30/history", [{**edit("One", 7), "sensitive": False}, edit("Two", 8)])
    told = [(p.text[:3], p.revised_at and p.revised_at.hour, p.labels) for p in source.look()]
    assert told == [("One", 7, ()), ("Two", 8, ("sensitive",)), ("Two", 8, ("sensitive",))]


def test_another_account_forgets_what_was_read_of_the_first_also_when_it_is_killed(
    api: Api, source: Source, fetcher: Fetcher
) -> None:
    shows(api, 90)
    source.look()
    other = Source("mastodon", fetcher, account="@other@social.example", base_url=api.url)
    other.state = source.state
    api.say("/api/v1/accounts/lookup?acct=other", {"id": 7})
    path = "/api/v1/accounts/7/statuses?limit=40"
    page = [status(50, edited_at="2026-05-04T08:00:00.000Z")]
    api.say(path, page, Link=f'<{api.url}/x?max_id=50>; rel="next"')
    api.say(path + "&max_id=50", [status(40)])
    api.say("/api/v1/statuses/50/history", [edit("One", 7)])
    assert len(other.look(pages=1)) == 1
    assert ids(other.look()) == ["social.example/50", "social.example/40"]
    assert not [path for path in api.asked if "/statuses/90" in path]


def test_a_boost_of_pleroma_is_not_taken_for_its_original() -> None:
    """It has the URI of what it repeats."""
    name = "https://pleroma.example/objects/198ed2a1-7912-4482-b559-244a0369e984"
    original = {
        **status(1),
        "id": "AMexampleA",
        "uri": name,
        "account": {"acct": "a", "url": "https://pleroma.example/a"},
    }
    booster = {"acct": "office", "url": "https://social.example/users/office"}
    (boost,) = read(json.dumps([{**original, "id": "AMexampleB", "account": booster, "reblog": original}]).encode())
    assert isinstance(boost, SeenPost)
    assert (boost.platform_id, boost.kind) == ("social.example/AMexampleB", "repost")
    assert boost.repeats == "mastodon:pleroma.example/198ed2a1-7912-4482-b559-244a0369e984"


def test_a_picture_without_words_is_a_post() -> None:
    picture = {"type": "image", "url": "https://pixelfed.example/a.jpg", "description": "A hall"}
    post = one(content=None, media_attachments=[picture])
    assert (post.text, [m.alt for m in post.media]) == ("", ["A hall"])


# -- asking again --------------------------------------------------------------------------------------------


def again(source: Source, *posts: Asked) -> list[SeenPost | Problem]:
    return source.recheck(*posts)


def asked(number: str, url: str | None = None) -> Asked:
    return Asked(f"social.example/{number}", "post", url)


def test_a_known_status_that_is_gone_is_deleted_and_one_that_stands_is_read(api: Api, source: Source) -> None:
    shows(api, 30, 20)
    source.look()
    state = dict(source.state)
    api.since()
    api.say("/api/v1/statuses/5", status(5))
    api.say("/api/v1/statuses/4", {"error": "gone"}, status=410)
    stands, gone, lost = again(source, asked("5"), asked("4"), asked("3"))
    assert isinstance(stands, SeenPost)
    assert (stands.text, stands.deleted) == ("Post 5", False)
    assert [(p.id, p.deleted) for p in (gone, lost) if isinstance(p, SeenPost)] == [
        ("mastodon:social.example/4", True), ("mastodon:social.example/3", True),
    ]  # fmt: skip
    assert api.asked == [f"/api/v1/statuses/{n}" for n in (5, 4, 3)]
    assert source.state == state, "what the next round needs is not touched"


def test_a_web_page_that_is_not_there_is_no_deletion(api: Api, source: Source) -> None:
    shows(api, 30)
    source.look()
    api.say("/api/v1/statuses/5", b"<html><body>404, parked</body></html>", status=404)
    (told,) = again(source, asked("5"))
    assert isinstance(told, Problem)
    assert "says nothing of the post" in told.error


def test_the_status_of_another_server_is_not_asked_for(api: Api, source: Source) -> None:
    shows(api, 30)
    source.look()
    api.since()
    assert again(source, Asked("elsewhere.example/5", "repost")) == []
    assert api.asked == []


def test_a_server_that_only_passes_on_is_not_asked_by_the_numbers_of_another(api: Api, source: Source) -> None:
    """Its 404 would say that it does not know the number, not that the status is gone."""
    assert again(source, asked("5")) == [], "nothing tells whose numbers the server at base_url knows"
    api.say(LIST, [{**status(30), "id": "777"}])
    source.look()
    api.since()
    api.say("/api/v1/statuses/777", {"error": "Record not found"}, status=404)
    (gone,) = again(source, asked("5"), asked("30"))
    assert isinstance(gone, SeenPost)
    assert (gone.platform_id, gone.deleted) == ("social.example/30", True)
    assert api.asked == ["/api/v1/statuses/777"], "the newest page told that one's number"


def test_pleroma_is_asked_by_the_number_in_its_notice(api: Api, source: Source) -> None:
    number, name = "9hptExample", "198ed2a1-7912-4482-b559-244a0369e984"
    known = asked(name, f"https://social.example/notice/{number}")
    api.say(f"/api/v1/statuses/{number}", status(5))
    assert len(again(source, known)) == 1
    assert api.asked == [f"/api/v1/statuses/{number}"]
    assert again(source, asked(name, f"https://social.example/objects/{name}")) == []


def test_a_recheck_has_a_bound(api: Api, source: Source) -> None:
    shows(api, 30)
    source.look()
    api.since()
    again(source, *(asked(str(n)) for n in range(1, 200)))
    assert len(api.asked) == 100


def test_a_recheck_on_a_server_that_demands_a_login_deletes_nothing(api: Api, source: Source) -> None:
    shows(api, 30)
    source.look()
    api.say("/api/v1/statuses/5", {"error": "This method requires an authenticated user"}, status=422)
    with pytest.raises(Refused) as refused:
        again(source, asked("5"))
    assert refused.value.answered == 422
