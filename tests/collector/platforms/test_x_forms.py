"""The answers in which posts of X come: every item a post, a problem with its reason, or the whole a refusal."""

import json
from datetime import timedelta
from typing import Any

import pytest

from collector.platforms import _x_forms as forms
from collector.platforms import x
from core.errors import ParseError
from core.page import Page
from core.post import Problem, SeenPost
from core.times import now
from tests.collector.platforms.x_server import OFFICE, made, number


def page(*documents: Any, **more: Any) -> Page:
    """One answer, or several a line."""
    return Page("", b"\n".join(json.dumps(d).encode() for d in documents), now(), **more)


def texts(*documents: Any, **more: Any) -> list[str]:
    return [i.text if isinstance(i, SeenPost) else f"! {i.error}" for i in x.parse(page(*documents, **more))]


def old(minute: int, **more: Any) -> dict[str, Any]:
    return {
        "id_str": number(minute),
        "full_text": f"Post {minute}",
        "user": {"screen_name": "office_example"},
        **more,
    }


def result(minute: int, **more: Any) -> dict[str, Any]:
    """As the web client gets it."""
    return {"__typename": "Tweet", "rest_id": number(minute), "legacy": {"full_text": f"Post {minute}"}, **more}


@pytest.mark.parametrize(
    "document",
    [
        {"data": [made(1)]},
        {"data": made(1)},
        {"data": made(1), "matching_rules": []},
        made(1),
        [made(1)],
        [{"data": [made(1)]}, {"data": []}],
        old(1),
        [old(1)],
        {"statuses": [old(1)]},
        {"data": {"tweetResult": {"result": result(1)}}},
        {"data": {"a": [{"b": {"result": {"__typename": "TweetWithVisibilityResults", "tweet": result(1)}}}]}},
        result(1),
        {"tweet": result(1)},
        {"item_id": "1", "source_platform": "twitter.com", "data": {**result(1), "id": 1}},
        {**made(1), "meta": {}, "errors": []},
        {"data": [{**made(1), "text": None, "note_tweet": {"text": "Post 1"}}]},
        {"globalObjects": {"tweets": {"1": {**old(1), "user_id_str": "7"}},
                           "users": {"7": {"screen_name": "office_example"}}}},
    ],
)  # fmt: skip
def test_a_post_is_found_in_every_form(document: Any) -> None:
    assert texts(document) == ["Post 1"]


@pytest.mark.parametrize(
    "document",
    [{"meta": {"result_count": 0}}, {"data": []}, {"data": OFFICE}, {"data": [OFFICE]}, {"statuses": []},
     {"limit": {"track": 1}}, {"data": {"user": {"result": {"timeline": {}}}}}, []],
)  # fmt: skip
def test_an_answer_without_posts_is_read_as_such(document: Any) -> None:
    assert texts(document) == []


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        ({"title": "Unauthorized", "detail": "Not let in", "status": 401}, "Not let in"),
        ({"errors": [{"message": "Rate limit exceeded", "code": 88}]}, "Rate limit exceeded"),
        ({"errors": [{"message": "[x] is not one of", "parameters": {}}], "title": "Invalid Request"}, "Invalid"),
        ({"error": "Not authorized."}, "Not authorized"),
        ({}, "holds no posts of X"),
        ({"data": None}, "holds no posts of X"),
        ({"data": "x"}, "holds no posts of X"),
        (7, "no answer of X"),
        ("x", "no answer of X"),
    ],
)
def test_what_is_no_answer_is_refused_with_the_reason(document: Any, reason: str) -> None:
    with pytest.raises(ParseError, match=reason):
        texts(document)


def test_lines_that_cannot_be_read_are_problems_and_the_others_go_on() -> None:
    body = b"\n".join([json.dumps(made(1)).encode(), b'{"id": "cut', json.dumps(old(2)).encode(), b'{"a": 1}'])
    items = list(x.parse(Page("", body, now())))
    assert [type(item) for item in items] == [SeenPost, Problem, SeenPost, Problem]


def test_states_of_one_post_come_oldest_first_where_the_first_of_them_stands() -> None:
    chain = [number(1), number(2), number(3)]
    states = [made(n, f"State {n}", edit_history_tweet_ids=chain[: n or None]) for n in (1, 2, 3)]
    shown = texts({"data": [made(9), states[2], made(5), states[0], states[1]]})
    assert shown == ["Post 9", "State 1", "State 2", "State 3", "Post 5"]
    found = [item for item in x.parse(page(*reversed(states))) if isinstance(item, SeenPost)]
    assert [(p.platform_id, p.text) for p in found] == [(number(1), f"State {n}") for n in (1, 2, 3)]


def test_an_edit_may_tell_the_time_of_its_first_state_and_no_other() -> None:
    chain = [number(1), number(20)]
    first = {"created_at": made(1)["created_at"]}
    (edit,) = x.parse(page({"data": [made(20, **first, edit_history_tweet_ids=chain)]}))
    assert isinstance(edit, SeenPost) and edit.revised_at and edit.created_at
    assert (edit.platform_id, edit.revised_at - edit.created_at) == (number(1), timedelta(minutes=19))
    for wrong in ({"edit_history_tweet_ids": [number(20)]}, {"edit_history_tweet_ids": [number(9), number(20)]}):
        (problem,) = x.parse(page({"data": [made(20, **first, **wrong)]}))
        assert isinstance(problem, Problem) and "created_at says" in problem.error


def test_states_in_the_older_form_come_oldest_first() -> None:
    later = old(2, edit_history={"edit_tweet_ids": [number(1), number(2)]})
    assert texts(later, old(1)) == ["Post 1", "Post 2"]


def test_the_same_state_twice_is_one_post() -> None:
    assert texts({"data": [made(1), made(1)]}) == ["Post 1"]


def test_a_notice_of_a_stream_is_a_deletion() -> None:
    for notice in (
        {"delete": {"status": {"id_str": number(1)}}},
        {"delete": {"status": {"id_str": number(1)}, "timestamp_ms": "soon"}},
        {"data": {"delete": {"tweet": {"id": number(1)}}}},
    ):
        (post,) = x.parse(page(notice))
        assert isinstance(post, SeenPost)
        assert (post.platform_id, post.deleted, post.revised_at) == (number(1), True, None)


def test_a_notice_tells_when_it_was_deleted() -> None:
    for notice in (
        {"delete": {"status": {"id_str": number(1)}, "timestamp_ms": "1780000000500"}},
        {"data": {"delete": {"tweet": {"id": number(1)}, "event_at": "2026-05-28T20:26:40.500Z"}}},
    ):
        (post,) = x.parse(page(notice))
        assert isinstance(post, SeenPost) and post.revised_at
        assert post.revised_at.isoformat() == "2026-05-28T20:26:40.500000+00:00"


def test_what_was_paid_for_in_a_timeline_is_passed_over() -> None:
    paid = {"promotedMetadata": {"impressionId": "1"}, "tweet_results": {"result": result(2)}}
    own = {"itemType": "TimelineTweet", "tweet_results": {"result": result(1)}}
    timeline = {"instructions": [{"entries": [{"content": {"itemContent": item}} for item in (paid, own)]}]}
    assert texts({"data": {"user": {"result": {"timeline": timeline}}}}) == ["Post 1"]


def not_found(minute: int, **more: str) -> dict[str, str]:
    return {"resource_id": number(minute), "resource_type": "tweet", "title": "Not Found Error",
            "type": "https://api.twitter.com/2/problems/resource-not-found", **more}  # fmt: skip


def test_what_is_not_found_is_deleted_only_where_it_was_asked_for() -> None:
    document = {"data": [made(1)], "errors": [not_found(2), not_found(3, detail="Could not find it.")]}
    items = list(x.parse(page(document, about=(number(1), number(2)))))
    assert [getattr(item, "deleted", None) for item in items] == [False, True, None]
    assert "Not Found Error: Could not find it." in items[2].error  # type: ignore[union-attr]
    assert len(list(x.parse(page({"errors": [not_found(2)]}, about=(number(2),))))) == 1


@pytest.mark.parametrize("parameter", ["referenced_tweets.id", "referenced_posts.id", "in_reply_to_user_id"])
def test_what_posts_refer_to_and_x_does_not_show_is_no_problem(parameter: str) -> None:
    beside = not_found(2, parameter=parameter)
    assert texts({"meta": {"result_count": 0}, "errors": [beside]}) == []
    assert texts({"data": [made(1)], "errors": [beside]}) == ["Post 1"]
    (gone,) = x.parse(page({"errors": [beside]}, about=(number(2),)))
    assert isinstance(gone, SeenPost) and gone.deleted
    assert len(texts({"errors": [not_found(2, parameter="ids")]})) == 1


@pytest.mark.parametrize("title", ["Authorization Error", "Forbidden"])
def test_what_is_hidden_is_no_deletion(title: str) -> None:
    hidden = not_found(2, title=title, type="https://api.twitter.com/2/problems/not-authorized-for-resource")
    (problem,) = x.parse(page({"errors": [hidden]}, about=(number(2),)))
    assert isinstance(problem, Problem) and title in problem.error


def test_the_account_of_a_bare_answer_stands_in_its_header() -> None:
    bare = page({"data": [made(1)]}, headers={forms.ACCOUNT: json.dumps(OFFICE)})
    (post,) = x.parse(bare)
    assert isinstance(post, SeenPost) and post.account and post.account.handle == "@office_example"
    (other,) = x.parse(page({"data": [made(1, author_id="88")]}, headers=bare.headers))
    assert isinstance(other, SeenPost) and other.account is None
    assert texts({"data": [made(1)]}, headers={forms.ACCOUNT: "{"}) == ["Post 1"]


def test_what_is_charged_for_is_each_object_of_an_answer_once() -> None:
    includes = {"users": [OFFICE, OFFICE], "tweets": [made(2), made(1)], "posts": [made(3)],
                "media": [{"media_key": "3_1"}], "polls": [{"id": "1"}]}  # fmt: skip
    assert forms.reads(page({"data": [made(1), made(1)], "includes": includes})) == {
        "post": (number(1), number(2), number(3)), "user": ("77",), "media": ("3_1",),
    }  # fmt: skip
    assert forms.reads(page({"data": OFFICE}))["user"] == ("77",)


def test_a_post_that_the_client_does_not_show_is_told() -> None:
    hidden = {"__typename": "TweetTombstone", "legacy": {"full_text": "?"}}
    assert texts({"data": {"a": hidden}}) == ["! X does not show this post (TweetTombstone)"]


def test_parts_of_the_clients_posts_lie_elsewhere() -> None:
    note = {"note_tweet_results": {"result": {"text": "Whole", "entity_set": {"urls": []}}}}
    quoted = {"result": result(1, edit_control={"edit_tweet_ids": [number(0), number(1)]})}
    user = {"user_results": {"result": {"legacy": {"screen_name": "office_example", "name": "Office"}}}}
    whole = result(
        3, note_tweet=note, core=user, quoted_status_result=quoted, views={"count": "12"},
        edit_control={"edit_control_initial": {"edit_tweet_ids": [number(2), number(3)]}},
    )  # fmt: skip
    whole["legacy"]["quoted_status_id_str"] = number(1)
    (post,) = x.parse(page({"data": {"a": whole}}))
    assert isinstance(post, SeenPost) and post.account
    assert (post.platform_id, post.kind, post.text, post.metrics["views"]) == (number(2), "quote", "Whole", 12)
    assert (post.repeats, post.account.name) == (f"x:{number(0)}", "Office")


def test_a_long_article_is_read_whole() -> None:
    article = {"title": "Synthetic: a title", "preview_text": "Syn", "plain_text": "Synthetic: the whole text."}
    whole = "Synthetic: a title\n\nSynthetic: the whole text."
    assert texts({"data": [made(1, "https://t.co/a", article=article)]}) == [whole]
    assert texts({"data": [made(1, article={"title": "Synthetic: a title"})]}) == ["Post 1"]


def test_the_options_of_a_poll_end_its_text() -> None:
    poll = {"id": "7", "options": [{"position": 1, "label": "Yes &amp; no"}, {"position": 2, "label": "No"}]}
    asked = made(1, attachments={"poll_ids": ["7"]})
    assert texts({"data": [asked], "includes": {"polls": [poll]}}) == ["Post 1\nYes & no\nNo"]
    assert texts({"data": [made(1, attachments={"poll_ids": ["7"], "poll": poll})]}) == ["Post 1\nYes & no\nNo"]
    assert texts({"data": [asked]}) == ["Post 1"]


def test_a_repost_has_the_labels_of_what_it_repeats() -> None:
    original = made(1, possibly_sensitive=True, withheld={"country_codes": ["DE"]})
    repost = made(2, "RT", referenced_tweets=[{"type": "retweeted", "id": number(1)}])
    older = old(2, retweeted_status=old(1, possibly_sensitive=True, withheld_in_countries=["DE"]))
    for document in ({"data": [repost], "includes": {"tweets": [original]}}, older):
        (post,) = x.parse(page(document))
        assert isinstance(post, SeenPost) and post.kind == "repost"
        assert post.labels == ("sensitive", "withheld:DE")
