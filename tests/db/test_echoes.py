"""Echoes: which posts say the same, who published first, and how far apart."""

from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.errors import CursorError, NotFound
from core.post import Account, SeenPost, View
from core.sameness import runs
from core.text import words
from db import echoes, posts, spread
from db.erasing import erase
from db.erasing.erase import Why
from tests.conftest import NOW
from tests.db.conftest import OFFICE, post, snowflake
from tests.strategies import texts

SAID = (
    "Advisors of the mission met the commander of the second brigade in the northern camp today to speak of one"
    " payroll for all units and of the training that begins in spring."
)
OTHER = Account("mastodon", "brigade@m.example")
DAY = timedelta(days=1)
BEGUN = NOW - timedelta(days=30)  # of the posts that `post` makes, one a minute
MIDNIGHT = BEGUN.replace(hour=0)


def group(room, number, moment=None):
    with room.database.read() as session:
        return echoes.echoes(session, posts.key_of(session, public(number)), moment)


def public(number):
    return number if ":" in str(number) else f"mastodon:m.example/{number}"


def told(room, number, moment=None):
    """[(number, relation, seconds after the first)]"""
    found = group(room, number, moment)
    return [(e.platform_id.rpartition("/")[2], e.relation, found.lag(e).exact) for e in found.echoes]


def numbers(room, number, moment=None):
    return [name for name, _, _ in told(room, number, moment)]


def test_a_copy_on_another_account_is_an_echo_and_the_first_comes_first(room):
    room.archive(
        post(1, SAID), post(5, f"RT @office: {SAID}", account=OTHER), post(7, "Another text of many words")
    )
    assert told(room, 5) == [("1", "first", 0), ("5", "this", 240)]
    assert told(room, 1) == [("1", "first", 0), ("5", "copy", 240)]
    assert told(room, 7) == [("7", "first", 0)]


@pytest.mark.parametrize(
    ("text", "relation"),
    [
        (SAID + " https://office.example/other #Partners", "copy"),
        ("2/4 " + SAID + " 🇮🇶", "copy"),
        (SAID.replace("northern camp", "#Northern #Camp").upper(), "copy"),
        (SAID[:100] + "… https://t.example/a", "excerpt"),
        ("The talks go on, officials say, though much is left open after a long summer. The office wrote: “"
         + SAID + "” More such meetings are expected before the year ends, and a report on what was agreed is due"
         " in autumn, when both parliaments meet again.", "fuller"),
    ],
)  # fmt: skip
def test_what_is_done_to_a_copy_leaves_it_an_echo(room, text, relation):
    room.archive(post(1, SAID), post(2, text))
    assert told(room, 1) == [("1", "first", 0), ("2", relation, 60)]
    assert numbers(room, 2) == ["1", "2"]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("northern", "southern Duhok"),
        ("second brigade", "brigade of 14"),
        ("today", "on 18 August"),
    ],
)
def test_another_number_date_or_place_is_another_announcement(room, one, other):
    there = {"northern": "northern Erbil", "second brigade": "brigade of 27", "today": "on 25 August"}
    room.archive(post(1, SAID.replace(one, there[one])), post(2, SAID.replace(one, other)))
    assert numbers(room, 1) == ["1"] and numbers(room, 2) == ["2"]


def test_texts_in_arabic_script_match_across_keyboards(room):
    said = (
        "ڕاوێژکارانی نێردەکە لەگەڵ فەرماندەی لیوای دووەم لە سەربازگەی باکوور کۆبوونەوە بۆ باسکردنی مووچەی یەکەکان"
    )
    room.archive(post(1, said), post(2, said.replace("ی", "ي").replace("ک", "ك") + " #پێشمەرگە"))
    assert numbers(room, 1) == ["1", "2"]


def test_a_short_text_is_an_echo_of_its_like_alone(room):
    room.archive(post(1, "Happy new year"), post(2, "Happy new year! 🎉 https://a.example/x"), post(3, "A year"))
    room.archive(post(4, "We wish all who serve a happy new year and a quiet night with their families"))
    assert numbers(room, 1) == ["1", "2"]
    assert numbers(room, 3) == ["3"]


def test_a_text_without_words_or_of_links_alone_has_no_echo_but_the_same_link(room):
    room.archive(post(1, "🎉🎉"), post(2, "🎉🎉"), post(3, "https://a.example/x"), post(4, "https://b.example/y"))
    for number in "1234":
        assert numbers(room, number) == [number]


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(said=st.lists(texts.filter(words), min_size=1, max_size=6))
def test_an_exact_copy_is_always_found_whatever_the_words(room, said):
    start = room.now.timestamp()
    made = [f"{start:.0f}-{n}-{side}" for n in range(len(said)) for side in "ab"]
    both = [text for text in said for _ in "ab"]
    room.archive(*(post(1, text, platform_id=f"m.example/{name}", url=None) for name, text in
                   zip(made, both, strict=True)))  # fmt: skip
    for name, text in zip(made, both, strict=True):
        twin = name[:-1] + ("b" if name.endswith("a") else "a")
        assert (twin in numbers(room, name)) is bool(runs(text)), text
    room.tick(timedelta(seconds=10))


def test_an_edit_moves_a_post_into_a_group_and_out_of_it_and_then_is_as_it_was_then(room):
    room.archive(post(1, SAID), post(2, "Something else that nobody repeats"))
    before = room.now
    room.archive(post(2, SAID))
    between = room.now
    room.archive(post(2, "And now something different from all that was said"))
    assert numbers(room, 1) == ["1"]
    assert numbers(room, 1, between) == ["1", "2"]
    assert numbers(room, 2, between) == ["1", "2"]
    assert numbers(room, 1, before) == ["1"]
    assert numbers(room, 1, room.now + DAY) == ["1"]
    with pytest.raises(NotFound):
        group(room, 1, before - DAY)


def test_an_erased_post_is_in_no_group_and_has_none(room):
    room.archive(post(1, SAID), post(2, SAID))
    seen = room.now
    with room.database.write() as session:
        erase.erase(session, posts.key_of(session, public(1)), Why("request", "asked", "test"), room.tick())
    assert numbers(room, 2) == ["2"] and numbers(room, 2, seen) == ["2"]
    assert numbers(room, 1) == [] and numbers(room, 1, seen) == []
    room.assert_sound()


def test_a_post_that_is_deleted_there_stays_in_its_group(room):
    room.archive(post(1, SAID), post(2, SAID))
    room.archive(post(1, "", deleted=True))
    assert numbers(room, 2) == ["1", "2"]


def test_boilerplate_of_every_day_is_a_group_of_weeks_not_of_years(room):
    room.archive(*(post(n, SAID, created_at=BEGUN - n * DAY) for n in range(80)))
    assert numbers(room, 40) == [str(n) for n in range(68, 12, -1)]  # that of the last day begins with the window


def test_reposts_and_quotes_that_name_it_belong_to_it_whenever_they_were(room):
    repost = post(3, "", kind="repost", repeats=public(1), created_at=BEGUN + 29 * DAY, account=OTHER)
    quote = post(4, "How true.", kind="quote", repeats=public(1), account=OTHER)
    room.archive(post(1, SAID), post(2, SAID), repost, quote, post(5, "How true.", created_at=BEGUN - 27 * DAY))
    expected = [("1", "first"), ("2", "copy"), ("4", "quote"), ("3", "repost")]
    assert [(n, r) for n, r, _ in told(room, 1)] == expected
    assert [(n, r) for n, r, _ in told(room, 3)] == expected  # a repost has the group of what it repeats
    assert [(n, r) for n, r, _ in told(room, 4)] == [("5", "first"), ("4", "this")]  # a quote has words of its own


def test_a_repost_of_what_nobody_collected_is_among_its_like(room):
    said = [post(n, "", kind="repost", repeats="mastodon:m.example/99", account=OTHER) for n in (1, 2)]
    room.archive(*said)
    assert [(n, r) for n, r, _ in told(room, 2)] == [("1", "first"), ("2", "repost")]


def test_of_a_date_alone_no_seconds_are_told_and_nobody_is_called_first_for_certain(room):
    dated = post(1, SAID, created_at=MIDNIGHT, precision="day")
    room.archive(dated, post(2, SAID, created_at=BEGUN), post(3, SAID, created_at=BEGUN + 3 * DAY))
    found = group(room, 1)
    assert [e.platform_id for e in found.echoes] == ["m.example/2", "m.example/1", "m.example/3"]
    assert not found.certain
    lag = found.lag(found.echoes[1])
    assert (lag.exact, lag.at_least, lag.at_most) == (None, -26 * 3600, 24 * 3600)
    assert found.lag(found.echoes[2]).exact == 3 * 86400


def test_the_first_is_certain_where_all_others_were_later(room):
    dated = post(1, SAID, created_at=MIDNIGHT, precision="day")
    room.archive(dated, post(2, SAID, created_at=BEGUN + 3 * DAY), post(3, SAID, created_at=BEGUN + 4 * DAY))
    found = group(room, 3)
    lag = found.lag(found.echoes[1])
    assert found.certain and found.echoes[0].platform_id == "m.example/1"
    assert lag.exact is None and 0 < lag.at_least < lag.at_most


def test_a_post_without_any_date_was_out_by_the_time_it_was_seen(room):
    room.archive(post(1, SAID, created_at=None, precision="seen"), post(2, SAID, created_at=NOW - DAY))
    found = group(room, 1)
    assert [e.platform_id for e in found.echoes] == ["m.example/2", "m.example/1"] and not found.certain
    lag = found.lag(found.echoes[1])
    assert (lag.exact, lag.at_least) == (None, None) and lag.at_most > 0


def test_two_ids_that_become_one_post_are_one_echo(room):
    quoted = SeenPost(
        "x",
        "~0123456789abcdef",
        "post",
        OFFICE,
        SAID,
        created_at=MIDNIGHT,
        precision="day",
        view=View.QUOTE,
        embedded_in="https://a.example/a",
        synthetic=True,
    )
    room.archive(post(1, SAID), quoted)
    assert len(group(room, 1).echoes) == 2
    status = snowflake(BEGUN)
    known = SeenPost("x", status, "post", OFFICE, SAID, created_at=BEGUN, url=f"https://x.com/office/status/{status}",
                     synthetic=True)  # fmt: skip
    room.archive(known)
    room.archive(post(9, "", kind="repost", repeats=quoted.id, created_at=BEGUN + DAY))
    assert [e.id for e in group(room, quoted.id).echoes] == [known.id, public(1), public(9)]


def test_pages_give_each_echo_once_while_posts_arrive(room):
    room.archive(*(post(n, SAID, account=OTHER if n % 2 else post().account) for n in range(2, 9)))
    seen, cursor = [], None
    while True:
        with room.database.read() as session:
            page = spread.spread(session, posts.key_of(session, public(4)), limit=2, after=cursor)
        seen += [item["platform_id"].rpartition("/")[2] for item in page.items]
        cursor = page.next_cursor
        if cursor is None:
            break
        room.archive(post(1, SAID), post(20, SAID))
    assert seen == [str(n) for n in (*range(2, 9), 20)]
    assert page.told["total"] == 9 and page.told["complete"]
    assert [(a["account"]["handle"], a["posts"]) for a in page.told["accounts"]] == [
        ("office@m.example", 6), ("brigade@m.example", 3)]  # fmt: skip
    assert page.told["took"] == {"after_seconds": 1140, "at_least": 1140, "at_most": 1140}
    with room.database.read() as session, pytest.raises(CursorError):
        spread.spread(session, posts.key_of(session, public(4)), after="bm9uZQ")


def test_too_many_candidates_are_said_to_be_too_many(room, monkeypatch):
    monkeypatch.setattr(echoes, "MOST", 3)
    room.archive(*(post(n, SAID) for n in range(1, 9)))
    found = group(room, 4)
    assert not found.complete and sorted(e.platform_id[-1] for e in found.echoes) == ["3", "4", "5", "6"]
