"""One post of X in each form that it comes in: the same post, whole where the form shows it whole."""

from datetime import UTC, datetime
from typing import Any

import pytest

from collector.platforms._x_api import NOTHING, Includes, read, read_v1
from core.post import Account, Media, View

FIRST, EDIT = "2051200000000000000", "2051201000000000000"
MADE = datetime(2026, 5, 4, 7, 19, 24, 110000, UTC)
OFFICE = {"id": "77", "username": "office_example", "name": "Office of Example"}
OTHER = {"id": "88", "username": "unit_example", "name": "Unit of Example"}
MANY = [
    {"type": "photo", "media_key": "3_1", "url": "https://pbs.example/1.jpg", "alt_text": "A hall &amp; a flag"}
]
BY = Account("x", "@office_example", "Office of Example")


def tweet(**more: Any) -> dict[str, Any]:
    base = {"id": FIRST, "text": "We met.", "author_id": "77", "created_at": "2026-05-04T07:19:24.000Z",
            "lang": "en", "edit_history_tweet_ids": [FIRST], "entities": {}}  # fmt: skip
    return {**base, **more}


def with_users(**more: Any) -> Includes:
    return Includes.of({"users": [OFFICE, OTHER], **more})


def test_a_post_has_its_author_time_counts_and_language() -> None:
    counts = {"retweet_count": 1, "reply_count": 2, "like_count": 3, "quote_count": 4, "impression_count": 5}
    post = read(tweet(public_metrics=counts), with_users())
    assert (post.platform_id, post.kind, post.account, post.created_at) == (FIRST, "post", BY, MADE)
    assert post.metrics == {"likes": 3, "reposts": 1, "replies": 2, "quotes": 4, "views": 5}
    assert (post.lang, post.view, post.url) == ("en", View.FULL, f"https://x.com/office_example/status/{FIRST}")
    assert (post.revised_at, post.other_ids) == (MADE, ())


def test_an_edit_is_a_state_of_the_first_post_and_dated_by_its_own_id() -> None:
    post = read(tweet(id=EDIT, created_at="2026-05-04T07:23:22.000Z", edit_history_tweet_ids=[FIRST, EDIT]))
    assert (post.platform_id, post.other_ids, post.created_at) == (FIRST, (EDIT,), MADE)
    assert post.revised_at == datetime(2026, 5, 4, 7, 23, 22, 528000, UTC)
    assert post.url == f"https://x.com/i/web/status/{EDIT}"


def test_the_newer_vocabulary_is_read_alike() -> None:
    old = tweet(
        id=EDIT, created_at="2026-05-04T07:23:22.000Z", edit_history_tweet_ids=[FIRST, EDIT],
        public_metrics={"retweet_count": 9}, referenced_tweets=[{"type": "quoted", "id": "5"}],
        note_tweet={"text": "Long &amp; whole", "entities": {"urls": [{"expanded_url": "https://a.example/"}]}},
    )  # fmt: skip
    names = {"edit_history_tweet_ids": "edit_history_post_ids", "referenced_tweets": "referenced_posts",
             "note_tweet": "note_post"}  # fmt: skip
    new = {**{names.get(name, name): value for name, value in old.items()}, "public_metrics": {"repost_count": 9}}
    post = read(new, with_users(posts=[{"id": "5", "text": "x", "edit_history_post_ids": ["4", "5"]}]))
    assert post == read(old, with_users(tweets=[{"id": "5", "text": "x", "edit_history_tweet_ids": ["4", "5"]}]))
    assert (post.text, post.links, post.repeats) == ("Long & whole", ("https://a.example/",), "x:4")
    assert post.metrics["reposts"] == 9


def test_entities_are_decoded_once() -> None:
    assert read(tweet(text="A &amp; B &lt;3 &amp;lt; &copy;")).text == "A & B <3 &lt; &copy;"


def test_links_are_resolved_and_pictures_are_none() -> None:
    urls = [
        {"url": "https://t.co/a", "expanded_url": "https://news.example/a"},
        {"url": "https://t.co/b", "expanded_url": f"https://x.com/o/status/{FIRST}/photo/1", "media_key": "3_1"},
        {"url": "https://t.co/c", "expanded_url": f"https://twitter.com/o/status/{FIRST}/video/1"},
        {"url": "https://t.co/d"},
    ]
    post = read(tweet(text="https://t.co/a", entities={"urls": urls}))
    assert post.links == ("https://news.example/a", "https://t.co/d")


def test_media_have_their_alternative_text_and_films_their_largest_file() -> None:
    film = {"type": "video", "media_key": "7_1", "preview_image_url": "https://pbs.example/7.jpg", "variants": [
        {"content_type": "application/x-mpegURL", "url": "https://v.example/7.m3u8"},
        {"content_type": "video/mp4", "bit_rate": 10, "url": "https://v.example/s.mp4?tag=1"},
        {"content_type": "video/mp4", "bit_rate": 90, "url": "https://v.example/l.mp4?tag=1"},
    ]}  # fmt: skip
    post = read(tweet(attachments={"media_keys": ["3_1", "7_1"]}), with_users(media=[*MANY, film]))
    assert post.media == (Media("image", "https://pbs.example/1.jpg", "A hall & a flag"),
                          Media("video", "https://v.example/l.mp4"))  # fmt: skip
    assert post.view is View.FULL


@pytest.mark.parametrize(
    ("more", "includes"),
    [
        ({"attachments": {"media_keys": ["3_1"]}}, NOTHING),
        ({"attachments": {"media_keys": ["3_1"]}}, Includes.of({"media": [{"media_key": "3_1", "type": "photo"}]})),
        ({"text": "RT @a: cut", "referenced_tweets": [{"type": "retweeted", "id": "5"}]}, NOTHING),
        ({"text": "See https://t.co/a", "entities": None}, NOTHING),
        ({"text": "The beginning… https://t.co/a", "entities": {"urls": [{"url": "https://t.co/a"}]}}, NOTHING),
    ],
)
def test_what_is_not_shown_whole_is_a_lesser_view(more: dict[str, Any], includes: Includes) -> None:
    assert read(tweet(**more), includes).view is View.ENTRY


def test_a_repost_has_the_originals_whole_words_and_pictures_and_no_counts() -> None:
    original = tweet(
        id="2051100000000000000", author_id="88", text="Beginning…", edit_history_tweet_ids=["2051100000000000000"],
        note_tweet={"text": "Beginning and end"}, attachments={"media_keys": ["3_1"]}, lang="ar",
    )  # fmt: skip
    repost = tweet(
        text="RT @unit_example: Beginni…", lang="en", public_metrics={"retweet_count": 50},
        referenced_tweets=[{"type": "retweeted", "id": "2051100000000000000"}],
    )  # fmt: skip
    post = read(repost, with_users(tweets=[original], media=MANY))
    assert (post.kind, post.text, post.repeats) == ("repost", "Beginning and end", "x:2051100000000000000")
    assert (post.account, post.metrics, len(post.media), post.view) == (BY, {}, 1, View.FULL)


@pytest.mark.parametrize(
    ("more", "kind", "repeats"),
    [
        ({"referenced_tweets": [{"type": "quoted", "id": "5"}]}, "quote", "x:5"),
        ({"referenced_tweets": [{"type": "replied_to", "id": "5"}]}, "reply", None),
        ({"referenced_tweets": [{"type": "replied_to", "id": "5"}, {"type": "quoted", "id": "6"}]}, "reply", "x:6"),
        ({"in_reply_to_user_id": "5"}, "reply", None),
        ({"referenced_tweets": [{"type": "reposted", "id": "6"}]}, "repost", "x:6"),
    ],
)
def test_a_post_says_what_it_answers_quotes_or_repeats(
    more: dict[str, Any], kind: str, repeats: str | None
) -> None:
    post = read(tweet(**more))
    assert (post.kind, post.repeats) == (kind, repeats)


def test_labels_tell_what_is_sensitive_and_where_it_is_withheld() -> None:
    withheld = {"copyright": True, "country_codes": ["DE", "TR"]}
    post = read(tweet(possibly_sensitive=True, withheld=withheld))
    assert post.labels == ("sensitive", "withheld:DE", "withheld:TR", "withheld:copyright")


def test_a_flattened_post_has_everything_inside() -> None:
    flat = tweet(
        author=OFFICE, attachments={"media": MANY, "media_keys": ["3_1"]},
        referenced_tweets=[{"type": "retweeted", "id": "5", "text": "Original", "author": OTHER}],
    )  # fmt: skip
    post = read(flat)
    assert (post.account, post.text, len(post.media), post.view) == (BY, "Original", 1, View.FULL)


def test_a_time_that_contradicts_the_id_is_told() -> None:
    with pytest.raises(ValueError, match="the id 2051200000000000000 is of 2026-05-04"):
        read(tweet(created_at="2019-01-01T00:00:00.000Z"))


@pytest.mark.parametrize("reader", [read, read_v1])
@pytest.mark.parametrize("odd", [None, 7, [], {}, {"id": "x", "text": "a"}, {"text": "a"}, {"id": FIRST}])
def test_what_is_no_post_is_told(reader: Any, odd: Any) -> None:
    with pytest.raises(ValueError, match=r"is no post of X|is no id|is missing"):
        reader(odd)


@pytest.mark.parametrize("reader", [read, read_v1])
def test_posts_of_protected_accounts_are_not_kept(reader: Any) -> None:
    user = {"username": "a", "screen_name": "a", "protected": True}
    with pytest.raises(ValueError, match="protected"):
        reader(tweet(author=user, user=user))


# -- API v1.1 -----------------------------------------------------------------------------------------------


def status(**more: Any) -> dict[str, Any]:
    user = {"screen_name": "office_example", "name": "Office of Example", "protected": False}
    base = {"id_str": FIRST, "id": 1, "full_text": "We met.", "user": user, "lang": "en", "entities": {"urls": []},
            "created_at": "Mon May 04 07:19:24 +0000 2026"}  # fmt: skip
    return {**base, **more}


def test_the_older_form_is_the_same_post() -> None:
    assert read_v1(status()) == read(tweet(), with_users())


def test_counts_of_the_older_form_may_be_text() -> None:
    post = read_v1(status(favorite_count="3", retweet_count=1))
    assert post.metrics == {"likes": 3, "reposts": 1, "replies": None, "quotes": None, "views": None}


def test_a_stream_has_the_whole_text_apart() -> None:
    picture = {"type": "photo", "media_url_https": "https://pbs.example/1.jpg", "ext_alt_text": "A hall"}
    whole = {"full_text": "Beginning and end", "entities": {"urls": [{"expanded_url": "https://a.example/"}]},
             "extended_entities": {"media": [picture]}}  # fmt: skip
    short = status(full_text=None, text="Beginning…", truncated=True)
    assert read_v1(short).view is View.ENTRY
    post = read_v1({**short, "extended_tweet": whole})
    assert (post.text, post.links, post.view) == ("Beginning and end", ("https://a.example/",), View.FULL)
    assert post.media == (Media("image", "https://pbs.example/1.jpg", "A hall"),)


def test_reposts_and_quotes_of_the_older_form() -> None:
    original = status(id_str="2051100000000000000", full_text="The whole")
    repost = read_v1(status(full_text="RT @a: The wh…", retweeted_status=original))
    quote = read_v1(status(quoted_status_id_str="5"))
    assert (repost.kind, repost.text, repost.repeats) == ("repost", "The whole", "x:2051100000000000000")
    assert (quote.kind, quote.repeats) == ("quote", "x:5")
    assert read_v1(status(in_reply_to_status_id_str="5")).kind == "reply"


def test_in_a_users_archive_the_owner_wrote_what_names_nobody() -> None:
    bare = {name: value for name, value in status(full_text="RT @a: cut…").items() if name != "user"}
    post = read_v1(bare, BY)
    assert (post.kind, post.account, post.repeats, post.view) == ("repost", BY, None, View.ENTRY)
    assert read_v1(status(full_text="RT @a: by hand")).kind == "post"


@pytest.mark.parametrize(
    "told",
    [
        {"edit_history": {"initial_tweet_id": FIRST, "edit_tweet_ids": [FIRST, EDIT]}},
        {"ext_edit_control": {"initial": {"edit_tweet_ids": [FIRST, EDIT]}}},
        {"ext_edit_control": {"edit": {"initial_tweet_id": FIRST, "edit_control_initial": {}}}},
        {"edit_info": {"initial": {"editTweetIds": [FIRST, EDIT]}}},
        {"edit_info": {"edit": {"initialTweetId": FIRST, "editControlInitial": {"editTweetIds": [FIRST, EDIT]}}}},
    ],
)
def test_edits_are_told_in_several_ways(told: dict[str, Any]) -> None:
    post = read_v1(status(id_str=EDIT, created_at="Mon May 04 07:23:22 +0000 2026", **told))
    assert (post.platform_id, post.other_ids, post.created_at) == (FIRST, (EDIT,), MADE)


def test_where_the_older_form_is_withheld() -> None:
    assert read_v1(status(withheld_in_countries=["DE"], withheld_copyright=True)).labels == (
        "withheld:DE", "withheld:copyright")  # fmt: skip
    assert read_v1(status(withheld_in_countries="DE, TR")).labels == ("withheld:DE", "withheld:TR")


def test_a_post_that_was_made_for_embedding_is_read_alike() -> None:
    embedded = {
        "__typename": "Tweet", "id_str": EDIT, "text": "We met.", "created_at": "2026-05-04T07:23:22.000Z",
        "user": {"screen_name": "office_example", "name": "Office &amp; Example"}, "lang": "en", "entities": {},
        "mediaDetails": [{"type": "photo", "media_url_https": "https://pbs.example/1.jpg"}],
        "quoted_tweet": {"id_str": "5", "text": "x"}, "edit_control": {"edit_tweet_ids": [FIRST, EDIT]},
        "favorite_count": 3,
    }  # fmt: skip
    post = read_v1(embedded)
    assert (post.platform_id, post.kind, post.repeats, post.view) == (FIRST, "quote", "x:5", View.FULL)
    assert post.account == Account("x", "@office_example", "Office & Example")
    assert (len(post.media), post.metrics["likes"]) == (1, 3)
    assert read_v1({**embedded, "note_tweet": {"id": "Tm90ZQ"}}).view is View.ENTRY


def test_an_id_from_before_ids_held_times_is_dated_by_its_field() -> None:
    post = read_v1(status(id_str="20", created_at="Tue Mar 21 20:50:14 +0000 2006"))
    assert post.created_at == post.revised_at == datetime(2006, 3, 21, 20, 50, 14, tzinfo=UTC)
