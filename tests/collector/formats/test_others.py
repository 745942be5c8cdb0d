"""What the recorded payloads do not show: oddities of single formats."""

import json
from pathlib import Path
from typing import Any

import pytest

from collector.platforms import file
from core.post import Problem, SeenPost, View
from tests.collector.pages import page

X_ROW = {
    "id": "2051200000000000000", "thread_id": "2051200000000000000", "timestamp": "2026-05-04 07:19:24",
    "author": "office_example", "body": "Synthetic: a row", "is_retweet": "no", "retweet_count": "1",
}  # fmt: skip


def items(body: str) -> list[SeenPost | Problem]:
    return list(file.parse(page(body)))


def row(**cells: str) -> SeenPost | Problem:
    columns = {**X_ROW, **cells}
    text = ",".join(columns) + "\n" + ",".join(f'"{cell}"' for cell in columns.values()) + "\n"
    (found,) = items(text)
    return found


def post(**cells: str) -> SeenPost:
    found = row(**cells)
    assert isinstance(found, SeenPost), found
    return found


def error(**cells: str) -> str:
    found = row(**cells)
    assert isinstance(found, Problem), found
    return found.error


def test_a_row_of_4cat_is_a_lesser_view_than_the_platforms_own() -> None:
    assert post().view is View.PAGE
    assert post(body="Synthetic: cut off…").view is View.ENTRY


@pytest.mark.parametrize(
    "link", ["https://twitter.com/office_example/status/2051200000000000000", "https://X.com/a"]
)
def test_a_link_tells_the_platform_of_a_row(link: str) -> None:
    assert post(link=link).platform == "x"


@pytest.mark.parametrize(
    ("link", "reason"),
    [
        ("https://www.tiktok.com/@a/video/7", "links to www.tiktok.com"),
        ("https://truthsocial.com/@a/7", "is of truthsocial.com, which is not read"),
        ("https://video.example/@a/7", "links to video.example"),
    ],
)
def test_a_row_of_another_platform_says_so(link: str, reason: str) -> None:
    assert reason in error(link=link)


def test_a_row_without_link_is_told_by_columns_that_only_one_source_has() -> None:
    assert post().platform == "x"
    found = items("id,thread_id,timestamp,author,body\n1,1,2026-05-04 07:19:24,a,Synthetic\n")[0]
    assert isinstance(found, Problem) and "does not tell its platform: it has no link" in found.error


@pytest.mark.parametrize(
    ("said", "thread", "kind"),
    [
        ("yes", "2051100000000000000", "reply"),
        ("yes", "", "reply"),
        ("yes", X_ROW["id"], "post"),
        ("no", "1", "post"),
    ],
)
def test_a_reply_is_in_the_thread_of_another_post(said: str, thread: str, kind: str) -> None:
    assert post(is_reply=said, thread_id=thread).kind == kind


@pytest.mark.parametrize(
    "author", ["", "REDACTED", "UNKNOWN", "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15"]
)
def test_a_hidden_author_is_a_problem(author: str) -> None:
    assert "does not say who wrote it" in error(author=author)


def test_a_table_of_4cat_may_be_in_another_encoding() -> None:
    body = (",".join(X_ROW) + "\n" + ",".join(X_ROW.values()) + "\n").replace(
        "a row", "caf\u00e9 \u201cquoted\u201d"
    )
    (found,) = file.parse(page(body.encode("cp1252")))
    assert isinstance(found, SeenPost) and found.text == "Synthetic: caf\u00e9 \u201cquoted\u201d"


def test_a_quoted_post_is_named_where_the_column_is_there() -> None:
    assert post(is_quote_tweet="yes", quote_tweet_id="2051100000000000000").repeats == "x:2051100000000000000"


@pytest.mark.parametrize("shown", [{"__typename": "TweetUnavailable", "rest_id": "1"}, {"rest_id": "1"},
                                   {"tombstone": {"text": {"text": "Gone"}}}])  # fmt: skip
def test_what_the_page_of_x_does_not_show_is_a_problem(shown: dict[str, Any]) -> None:
    line = json.dumps({"item_id": "1", "source_platform": "x.com", "data": shown})
    (found,) = items(line)
    assert isinstance(found, Problem)


def test_the_ndjson_that_4cat_makes_of_captures_is_read() -> None:
    legacy = {"full_text": "Synthetic: a capture", "created_at": "Mon May 04 07:19:24 +0000 2026"}
    user = {"result": {"legacy": {"screen_name": "office_example"}}}
    item = {"rest_id": X_ROW["id"], "legacy": legacy, "core": {"user_results": user}, "__import_meta": {}}
    (found,) = items(json.dumps(item))
    assert isinstance(found, SeenPost) and found.account and found.account.handle == "@office_example"


def test_the_ndjson_that_4cat_makes_of_the_api_is_read() -> None:
    media = {"media_key": "3_1", "type": "photo", "url": "https://pbs.example/media/a.jpg"}
    item = {
        "id": X_ROW["id"], "text": "Synthetic: of the API", "author_id": "900000001",
        "author_user": {"id": "900000001", "username": "office_example", "name": "Office of Example"},
        "created_at": "2026-05-04T07:19:24.000Z", "attachments": {"media_keys": [media]},
    }  # fmt: skip
    (found,) = items(json.dumps(item))
    assert isinstance(found, SeenPost) and found.account and found.account.handle == "@office_example"
    assert [m.url for m in found.media] == ["https://pbs.example/media/a.jpg"]


def test_an_answer_of_x_without_included_authors_takes_the_account_that_is_told(tmp_path: Path) -> None:
    tweet = {"id": X_ROW["id"], "text": "Synthetic", "author_id": "900000001", "created_at": "2026-05-04T07:19:24Z"}
    (tmp_path / "a.json").write_text(json.dumps({"data": [tweet], "meta": {"result_count": 1}}, indent=1))
    (found,) = [i for one in file.slices(tmp_path / "a.json", account="@office_example") for i in file.parse(one)]
    assert isinstance(found, SeenPost) and found.account and found.account.handle == "@office_example"


def test_an_account_is_no_post() -> None:
    (found,) = items(json.dumps({"data": [{"id": "1", "username": "office_example", "name": "Office"}]}))
    assert isinstance(found, Problem) and "holds no posts but objects with id, username" in found.error


def test_what_posts_refer_to_and_x_does_not_show_is_no_problem() -> None:
    tweet = {"id": X_ROW["id"], "text": "Synthetic", "author_id": "1", "created_at": "2026-05-04T07:19:24Z"}
    missing = {
        "title": "Not Found Error",
        "parameter": "referenced_tweets.id",
        "resource_type": "tweet",
        "value": "9",
    }
    asked = {**missing, "parameter": "ids"}
    first, told = items(json.dumps({"data": [tweet], "errors": [missing, asked]}))
    assert isinstance(first, SeenPost) and isinstance(told, Problem) and "Not Found" in told.error


def test_states_of_a_post_that_an_answer_includes_are_read_oldest_first() -> None:
    older, newer = "2051200000000000000", "2051200100000000000"
    states = [older, newer]
    tweet = {"id": newer, "text": "Synthetic: first", "author_id": "1", "edit_history_tweet_ids": states}
    before = {"id": older, "text": "Synthetic: firts", "author_id": "1", "edit_history_tweet_ids": states}
    found = items(json.dumps({"data": [tweet], "includes": {"tweets": [before]}}))
    assert [(i.id, i.text) for i in found if isinstance(i, SeenPost)] == [
        (f"x:{older}", "Synthetic: firts"), (f"x:{older}", "Synthetic: first"),
    ]  # fmt: skip


def test_escaped_halves_of_surrogate_pairs_do_not_stop_a_post() -> None:
    line = '{"platform":"x","platform_id":"1","text":"Synthetic: \\ud83d cut"}'
    other = '{"id":"2051200000000000000","text":"Synthetic: \\ud83d cut","author_id":"1","public_metrics":{}}'
    assert [i.text for i in items(line) if isinstance(i, SeenPost)] == ["Synthetic:  cut"]
    assert [i.text for i in items(f"[{line},{line}]") if isinstance(i, SeenPost)] == ["Synthetic:  cut"] * 2
    assert len([i for i in items(other) if isinstance(i, SeenPost)]) == 1


def test_the_author_of_a_captured_comment_stands_beside_it() -> None:
    legacy = {"full_text": "Synthetic: a comment", "in_reply_to_status_id_str": "1"}
    data = {"rest_id": X_ROW["id"], "legacy": legacy, "user": {"unique_id": "office_example", "nickname": "Office"}}
    (found,) = items(json.dumps({"item_id": "1", "source_platform": "x.com", "data": data}))
    assert isinstance(found, SeenPost) and found.account and found.account.handle == "@office_example"


def test_actor_json_beside_an_outbox_names_the_account(tmp_path: Path) -> None:
    payload = Path(__file__).parents[2] / "contracts" / "payloads" / "file" / "outbox.json"
    (tmp_path / "outbox.json").write_bytes(payload.read_bytes())
    actor = {
        "id": "https://social.example/users/office",
        "preferredUsername": "office",
        "name": "Office of Example",
    }
    (tmp_path / "actor.json").write_text(json.dumps(actor))
    found = [i for one in file.slices(tmp_path / "outbox.json") for i in file.parse(one) if isinstance(i, SeenPost)]
    assert {i.account.name for i in found if i.account} == {"Office of Example"}
    assert [i.view for i in found][:2] == [View.PAGE, View.FULL]  # the first has a picture inside the export


def test_likes_of_an_export_hold_no_posts() -> None:
    body = {"type": "OrderedCollection", "id": "likes.json", "orderedItems": ["https://other.example/users/a/1"]}
    assert items(json.dumps(body)) == []


def test_lines_of_kle_parse_are_posts_again() -> None:
    lines = [
        {"file": "a", "post": {"platform": "x", "platform_id": "1", "text": "Synthetic"}},
        {"file": "a", "posts": 1},
    ]
    (found,) = items("\n".join(map(json.dumps, lines)))
    assert isinstance(found, SeenPost) and found.id == "x:1"
