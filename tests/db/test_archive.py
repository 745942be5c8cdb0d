"""Whatever is seen, how often and in which order: one row a post, one version a state, nothing lost."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from core.page import Page
from core.post import Account, Media, View
from db import archive, captures, tags
from db.models import Blob, Capture, Metrics, Post, Quarantine, Sighting, Version
from tests.conftest import NOW
from tests.db.conftest import OFFICE, Score, post, snowflake

DAY = timedelta(days=1)
MADE = NOW - 10 * DAY
LONG = "Coalition advisors and peshmerga leaders met to speak about the effectiveness of partner forces"


def tweet(**more):
    status = more.pop("status", None) or snowflake(MADE)
    made = post(text=LONG, platform="x", platform_id=status, account=OFFICE, url=f"https://x.example/{status}")
    return replace(made, **{"created_at": MADE, **more})


def quote(identity="~0123456789abcdef", text=LONG, day=MADE, **more):
    """The same as an article embeds it, without id and to the day."""
    seen = {"platform_id": identity, "url": None, "created_at": day.replace(hour=0, minute=0), "precision": "day"}
    seen |= {"view": View.QUOTE, "embedded_in": "https://news.example/told", "text": text}
    return replace(tweet(), **(seen | more))


def entry(**more):
    base = {"platform": "feed", "platform_id": "aaaa", "url": "https://news.example/a", "view": View.ENTRY}
    return post(**{**base, "kind": "article", "account": Account("feed", "news.example"), **more})


def article(**more):
    base = {"platform": "article", "platform_id": "bbbb", "url": "http://www.news.example/a/", "view": View.PAGE}
    return post(**{**base, "kind": "article", "account": Account("article", "news.example"), **more})


def test_the_same_posts_again_change_nothing(room):
    seen = [post(n) for n in range(5)]
    first = room.archive(*seen)
    before = {m: room.rows(m) for m in (Post, Version, Sighting, Metrics)}
    again = room.archive(*seen)
    assert (first.new, first.changed, again.new, again.changed, again.unchanged) == (5, 0, 0, 0, 5)
    assert {m: room.rows(m) for m in before} == before
    room.assert_sound()


def test_an_edit_is_a_new_version_and_the_old_text_stays(room):
    room.archive(post(text="seventy thousand"))
    assert room.archive(post(text="seventy-two thousand")).changed == 1
    shown = room.get("mastodon:m.example/1")
    assert (shown["text"], shown["versions"], shown["edits"]) == ("seventy-two thousand", 2, 1)
    old, new = room.versions(shown["id"])
    assert (old["text"], old["change"], new["change"]) == ("seventy thousand", "first", "edit")
    assert room.ids("is:edited") == [shown["id"]]
    assert room.ids("seventy -two") == []
    room.assert_sound()


@pytest.mark.parametrize(
    "more", [{"links": ("https://a.example/",)}, {"media": (Media("image", "https://a.example/1"),)}]
)
def test_other_links_or_media_are_an_edit_too(room, more):
    room.archive(post())
    assert room.archive(post(**more)).changed == 1
    assert room.archive(post(**more)).unchanged == 1
    room.assert_sound()


def test_a_deletion_keeps_the_text_and_a_return_is_told(room):
    room.archive(post(text="gone soon"))
    room.archive(post(text="", deleted=True))
    deleted = room.get("mastodon:m.example/1")
    assert deleted["deleted_at"] and deleted["text"] == "gone soon"
    assert room.ids("is:deleted gone") == [deleted["id"]]
    assert room.archive(post(text="", deleted=True)).unchanged == 1
    room.archive(post(text="gone soon"))
    assert room.get(deleted["id"])["deleted_at"] is None
    assert [v["change"] for v in room.versions(deleted["id"])] == ["first", "delete", "restore"]
    room.assert_sound()


def test_a_post_that_is_back_in_a_lesser_view_keeps_its_words(room):
    room.archive(post(1, "Title\n\nAnd the whole description"))
    room.archive(post(1, deleted=True))
    room.archive(post(1, "Title", view=View.ENTRY))
    shown = room.get("mastodon:m.example/1")
    assert (shown["text"], shown["deleted_at"]) == ("Title\n\nAnd the whole description", None)
    assert [v["change"] for v in room.versions("mastodon:m.example/1")] == ["first", "delete", "restore"]
    room.assert_sound()


def test_a_quotation_does_not_bring_a_deleted_post_back(room):
    room.archive(tweet())
    room.archive(tweet(deleted=True))
    room.archive(quote(snowflake(MADE)), source="two")
    assert room.get(tweet().id)["deleted_at"]
    room.assert_sound()


def test_a_source_that_shows_more_makes_a_fuller_version_and_one_that_shows_less_none(room):
    room.archive(entry(text="A summary ..."))
    room.archive(article(text="The whole text"), source="two")
    assert room.archive(entry(text="A summary ...")).unchanged == 1
    assert [v["change"] for v in room.versions("feed:aaaa")] == ["first", "fuller"]
    assert room.get("feed:aaaa")["text"] == "The whole text"
    assert room.get("feed:aaaa")["edits"] == 0
    room.assert_sound()


def test_second_hand_never_edits_first_hand(room):
    room.archive(tweet())
    room.archive(quote(snowflake(MADE), text="quite another text that somebody made up for them"), source="two")
    shown = room.get(tweet().id)
    assert (shown["text"], shown["versions"]) == (LONG, 1)
    assert [s["first_hand"] for s in shown["sightings"]] == [True, False]
    assert room.ids("is:second_hand") == []
    room.assert_sound()


def test_seen_first_hand_a_quoted_post_is_second_hand_no_more(room):
    room.archive(quote(snowflake(MADE)))
    assert room.ids("is:second_hand") == [tweet().id]
    room.archive(tweet(), source="two")
    assert room.ids("is:second_hand") == []
    assert len(room.ids()) == 1
    room.assert_sound()


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
@pytest.mark.parametrize("in_one_call", [True, False])
def test_feed_entry_and_article_of_one_address_are_one_post(room, order, in_one_call):
    seen = [(entry(), "one"), (article(), "two")]
    if in_one_call:
        room.archive(*(seen[i][0] for i in order))
    else:
        for i in order:
            room.archive(seen[i][0], source=seen[i][1])
    (kept,) = room.ids()
    for public_id in ("feed:aaaa", "article:bbbb"):
        assert room.get(public_id)["id"] == kept
    assert len(room.get(kept)["sightings"]) == 2
    room.assert_sound()


def test_the_row_whose_time_is_exact_stays(room):
    room.archive(entry(created_at=MADE.replace(hour=0), precision="day"))
    room.archive(article(created_at=MADE, precision="second"))
    (kept,) = room.ids()
    assert kept == "article:bbbb"
    shown = room.get("feed:aaaa")
    assert (shown["created_at_precision"], shown["created_at"]) == (
        "second",
        MADE.isoformat().replace("+00:00", "Z"),
    )
    room.assert_sound()


def test_entries_of_one_payload_that_share_an_address_stay_apart(room):
    entries = [entry(platform_id=f"e{n}", text=f"alert {n}", url="https://news.example/live") for n in range(3)]
    assert room.archive(*entries).new == 3
    assert room.archive(*entries).unchanged == 3
    assert len(room.ids()) == 3
    room.assert_sound()


@pytest.mark.parametrize("cut", [LONG, LONG[:60] + "…", LONG + " https://t.co/abcdef"])
@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
@pytest.mark.parametrize("in_one_call", [True, False])
def test_a_quotation_without_id_and_the_post_itself_become_one(room, order, cut, in_one_call):
    seen = [(quote(text=cut), "two"), (tweet(), "one")]
    if in_one_call:
        room.archive(*(seen[i][0] for i in order))
    else:
        for i in order:
            room.archive(seen[i][0], source=seen[i][1])
    assert room.ids() == [tweet().id]
    merged = room.get("x:~0123456789abcdef")
    assert (merged["id"], merged["text"]) == (tweet().id, LONG)
    assert (merged["created_at_precision"], len(merged["sightings"])) == ("second", 2)
    room.assert_sound()


def test_a_merged_post_keeps_its_tags_and_history(room):
    room.topics()
    room.archive(quote(text=LONG[:60] + "…"))
    room.tag(Score("reform"))
    room.archive(tweet(), source="two")
    room.tag(Score("training"))
    assert [t["topic"] for v in room.versions(tweet().id) for t in v["tags"]] == ["reform", "training"]
    assert [t["topic"] for t in room.get(tweet().id)["tags"]] == ["training"]
    room.assert_sound()


def test_a_version_that_moved_while_it_was_judged_still_gets_its_tags(room):
    room.topics()
    room.archive(quote())
    with room.database.write() as session:
        model = tags.register_model(session, "m", {})
        waiting = tags.claim_versions(session, "host:1:a", 10, room.tick())
    room.archive(tweet(), source="two")
    with room.database.write() as session:
        assert tags.store(session, model, [(p, [Score("reform")]) for p in waiting], "host:1:a", room.tick()) == 1
    assert len(room.versions(tweet().id)[0]["tags"]) == 1
    assert room.get(tweet().id)["tags"] == []  # of the text before this one
    room.assert_sound()


def test_two_posts_that_begin_alike_do_not_fight_over_one_quotation(room):
    room.archive(quote())
    twins = [tweet(status=snowflake(MADE, n), text=LONG) for n in (0, 1)]
    assert room.archive(*twins, source="two").new == 1
    assert len(room.ids()) == 2
    room.assert_sound()


@pytest.mark.parametrize(
    "other",
    [
        quote(account=Account("x", "@other")),
        quote(day=MADE - 4 * DAY),
        quote(text="something else entirely that has as many words as the other post has had"),
        quote(text="Coalition"),
    ],
)
def test_quotations_of_other_accounts_days_or_words_stay_apart(room, other):
    room.archive(other)
    room.archive(tweet())
    assert len(room.ids()) == 2
    room.assert_sound()


@pytest.mark.parametrize(
    ("seen", "reason"),
    [
        (tweet(created_at=MADE + timedelta(minutes=2)), "by its id, but says"),
        (tweet(created_at=MADE + 3 * DAY, precision="day"), "by its id, but says"),
        (tweet(status=snowflake(NOW + DAY), created_at=None), "still to come"),
        (post(platform_id="i" * 501), "its id has 501 bytes, at most 500"),
        (post(url="https://a.example/" + "ی" * 1000), "its address has 2018 bytes, at most 2000"),
        (post(account=Account("mastodon", "h" * 501)), "its handle has 501 bytes"),
    ],
)
def test_what_contradicts_itself_is_put_aside_and_the_rest_goes_in(room, seen, reason):
    counts = room.archive(seen, post(7))
    assert (counts.new, counts.quarantined) == (1, 1)
    assert room.ids() == ["mastodon:m.example/7"]
    (kept,) = room.rows(Quarantine)
    assert reason in kept.error and kept.item == seen.id[:2000]
    room.assert_sound()


@pytest.mark.parametrize("shown", [MADE + timedelta(seconds=50), None])
def test_the_id_of_an_x_post_gives_its_exact_time(room, shown):
    room.archive(tweet(created_at=shown))
    assert room.get(tweet().id)["created_at"] == MADE.isoformat().replace("+00:00", "Z")
    assert room.get(tweet().id)["created_at_precision"] == "second"


def test_a_day_shown_in_any_zone_does_not_contradict_an_id(room):
    assert room.archive(tweet(created_at=MADE.replace(hour=0) + DAY, precision="day")).new == 1
    assert room.archive(tweet(created_at=NOW, precision="seen"), source="two").unchanged == 1


@pytest.mark.parametrize(
    "date",
    [
        None,
        datetime(1989, 12, 31, tzinfo=UTC),
        datetime(1, 1, 1, tzinfo=UTC),
        NOW + DAY,
        datetime(9999, 12, 31, tzinfo=UTC),
    ],
)
def test_without_a_believable_date_the_time_first_seen_is_told_as_such(room, date):
    room.archive(post(created_at=date))
    first = room.now
    room.archive(post(created_at=date))
    shown = room.get("mastodon:m.example/1")
    assert shown["created_at_precision"] == "seen"
    assert shown["created_at"] == shown["first_seen_at"] == first.isoformat().replace("+00:00", "Z")
    room.assert_sound()


def test_thousands_of_posts_in_one_second_keep_their_order_and_find_free_keys(room):
    moment = MADE.replace(microsecond=0)
    seen = [post(n, f"post {n}", created_at=moment) for n in range(4200)]
    for start in range(0, 4000, 500):
        assert room.archive(*seen[start : start + 500]).new == 500
    assert room.archive(*seen[4000:]).new == 200
    rows = sorted(room.rows(Post), key=lambda p: p.id)
    assert [p.platform_id for p in rows] == [p.platform_id for p in seen]
    assert {p.created_at for p in rows} == {moment}
    until = (moment + timedelta(seconds=1)).isoformat()
    assert len(room.ids(since=moment.isoformat(), until=until)) == 200
    assert room.archive(*seen[-500:]).unchanged == 500


def test_one_post_twice_in_a_payload_is_one_post_with_its_edit(room):
    counts = room.archive(post(text="first"), post(text="first"), post(text="second"))
    assert (counts.new, counts.unchanged, counts.changed) == (1, 1, 1)
    assert [v["text"] for v in room.versions("mastodon:m.example/1")] == ["first", "second"]
    room.assert_sound()


def test_counts_are_kept_only_when_they_changed(room):
    for likes in (1, 1, 2, 2, 1):
        room.archive(post(metrics={"likes": likes, "views": None}))
    assert [m.likes for m in sorted(room.rows(Metrics), key=lambda m: m.observed_at)] == [1, 2, 1]
    shown = room.get("mastodon:m.example/1")["metrics"]
    assert (shown["likes"], shown["views"], shown["reposts"]) == (1, None, None)


def test_counts_that_no_column_holds_are_unknown(room):
    room.archive(post(metrics={"likes": 1 << 63, "views": 5, "replies": -1}))
    shown = room.get("mastodon:m.example/1")["metrics"]
    assert (shown["likes"], shown["views"], shown["replies"]) == (None, 5, None)


def test_bytes_that_no_database_stores_are_left_out(room):
    dirty = post(
        text="a\x00b\ud800c", url="https://m.example/\x001", lang="e\x00n", links=("https://\x00a.example",),
        account=Account("mastodon", "of\x00fice@m.example", "The\x00 office"), platform_id="m.example/\x001",
        media=(Media("image", "https://m.example/\x00", "a\ud800"),), follow="https://m.example/\x00",
    )  # fmt: skip
    room.archive(dirty)
    shown = room.get("mastodon:m.example/1")
    assert (shown["text"], shown["lang"], shown["links"]) == ("abc", "en", ["https://a.example"])
    assert shown["account"]["name"] == "The office" and shown["media"][0]["alt"] == "a"
    assert room.archive(dirty).unchanged == 1
    room.assert_sound()


def test_a_megabyte_of_text_goes_in_and_is_found_by_its_first_words(room):
    text = "beginning " + " ".join(f"word{n}" for n in range(110_000))
    room.archive(post(text=text), post(2, "x" * 1_000_000 + " after"), post(3, "بیشمەرگە " * 100_000))
    assert room.ids("beginning word7") == ["mastodon:m.example/1"]
    assert room.ids("after") == ["mastodon:m.example/2"]
    assert room.ids("بیشمەرگە") == ["mastodon:m.example/3"]
    assert room.get("mastodon:m.example/1")["text"] == text
    room.archive(post(text=text[:500_000]))
    room.assert_sound()


def test_equal_bytes_are_captured_once(room):
    page = Page("https://a.example/\x00", b"<html>" * 100, NOW, headers={"etag": "a\x00"}, tool="test")
    with room.database.write() as session:
        numbers = [captures.store(session, None, page) for _ in range(2)]
    assert len(set(numbers)) == len(room.rows(Capture)) == 2
    assert len(room.rows(Blob)) == 1
    assert room.verify()["blobs"] == 1


def test_a_post_whose_author_nobody_knew_gets_the_one_that_is_seen_later(room):
    status = snowflake(MADE)
    seen = {"view": View.QUOTE, "embedded_in": "https://news.example/a"}
    room.archive(tweet(status=status, account=None, text="", **seen))
    room.archive(tweet(status=status, view=View.QUOTE, text=LONG[:50], embedded_in="https://news.example/b"))
    shown = room.get(f"x:{status}")
    assert (shown["account"]["handle"], shown["text"]) == ("@office", LONG[:50])
    assert room.ids("from:@office") == [f"x:{status}"]
    room.archive(tweet(status=status, deleted=True, account=None))
    assert room.get(f"x:{status}")["account"]["handle"] == "@office"
    room.assert_sound()


@pytest.mark.parametrize(
    "less", [{"view": View.QUOTE, "embedded_in": "https://news.example/a"}, {"text": LONG[:60]}]
)
def test_an_author_that_is_seen_with_less_of_the_text_takes_no_word_away(room, less):
    status = snowflake(MADE)
    room.archive(tweet(status=status, account=None))
    room.archive(tweet(status=status, **less))
    shown = room.get(f"x:{status}")
    assert shown["account"]["handle"] == "@office"
    assert shown["text"] == (LONG if "view" in less else LONG[:60])  # the same eyes see an edit
    room.assert_sound()


def test_an_entry_that_changes_is_followed_again(room):
    named = entry(follow="https://news.example/a")
    room.archive(named)
    assert room.archive(named).new_follows == []
    assert room.archive(replace(named, text="A meeting, corrected")).new_follows == ["https://news.example/a"]
    assert room.archive(replace(named, text="A meeting, corrected")).new_follows == []


def test_a_post_that_another_source_brought_first_is_followed_too(room):
    named = entry(follow="https://news.example/a")
    assert room.archive(named, source="one").new_follows == ["https://news.example/a"]
    assert room.archive(named, source="two").new_follows == ["https://news.example/a"]
    assert room.archive(named, source="two").new_follows == []


def test_new_posts_name_the_pages_to_follow_and_known_ones_do_not(room):
    seen = post(follow="https://m.example/page")
    assert room.archive(seen).new_follows == ["https://m.example/page"]
    assert room.archive(seen).new_follows == []


def test_an_account_is_one_however_it_is_written_and_takes_its_latest_name(room):
    room.archive(post(1, account=Account("x", "@Office", "Old")), post(2, account=Account("x", "office", "New")))
    assert room.ids("from:@OFFICE") == ["mastodon:m.example/2", "mastodon:m.example/1"]
    assert {room.get(f"mastodon:m.example/{n}")["account"]["name"] for n in (1, 2)} == {"New"}


def test_nothing_in_changes_nothing(room):
    assert room.archive() == archive.Counts()
