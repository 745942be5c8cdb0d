"""What messages say, of every kind and in every language."""

import re
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.digest import digest
from alerts.render import clean, mail, note
from alerts.words import Words, plain
from core.alert import LANGUAGES
from tests.alerts.letters import (
    ALERT,
    LINKS,
    TEXT,
    confirming,
    hrefs,
    page,
    part,
    paused,
    post,
    reason,
    ruled,
    shown,
    told,
    topic_reason,
)

EVERY_KIND = {
    "posts": lambda lang: told(post(1), post(2), lang=lang),
    "late": lambda lang: told(post(1), late=True, lang=lang),
    "test": lambda lang: told(lang=lang, body_type="alert.test"),
    "more_than": lambda lang: ruled("more_than", lang, [post(1)]),
    "unusual": lambda lang: ruled("unusual", lang, [post(1)]),
    "silence": lambda lang: ruled("silence", lang),
    "confirm": confirming,
    "paused": paused,
}


# -- every kind, in every language --------------------------------------------------------------------------


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("kind", EVERY_KIND)
def test_every_kind_of_message_says_the_same_in_both_parts_and_in_a_note(kind, lang):
    letter = EVERY_KIND[kind](lang)
    made, short = mail(letter, LINKS), note(letter, LINKS)
    assert ALERT["name"] in made.subject and ALERT["name"] in short.title
    assert made.subject.isprintable() and len(made.subject) <= 120
    assert short.text
    root = page(letter)
    assert (root.get("lang"), root.get("dir")) == (lang, "rtl" if lang in ("ar", "ckb") else "ltr")
    assert [h.tag for h in root.iter("h1")] == ["h1"]
    for href in hrefs(letter):
        assert href in made.text
        assert href in short.text
    assert "{" not in made.subject + made.text + short.text


@pytest.mark.parametrize("kind", EVERY_KIND)
def test_no_two_languages_say_the_same(kind):
    assert len({mail(EVERY_KIND[kind](lang), LINKS).text for lang in LANGUAGES}) == len(LANGUAGES)


@pytest.mark.parametrize("kind", [kind for kind in EVERY_KIND if kind != "confirm"])
def test_every_message_ends_with_the_settings_and_the_way_out(kind):
    letter = EVERY_KIND[kind]("en")
    assert hrefs(letter)[-2:] == [ALERT["url"], letter.unsubscribe]


def test_balanced_isolates_in_every_line_of_text():
    for lang in LANGUAGES:
        for line in mail(told(post(1), post(2), lang=lang), LINKS).text.splitlines():
            assert line.count("\u2068") == line.count("\u2069")


# -- a post -------------------------------------------------------------------------------------------------


def test_a_message_says_why_by_words_topic_account_and_all_else():
    letter = told(
        post(1, reasons=[
            reason("words", "peshmerga \"memorandum\""), topic_reason(), reason("account", "@advisors.example"),
            reason("actor", "example-office"), reason("filter", "lang:ckb"), reason("everything"),
        ])
    )  # fmt: skip
    for said in (shown(letter), mail(letter, LINKS).text, note(letter, LINKS).text):
        for why in (
            'words: peshmerga "memorandum"',
            "topic Security reform, probability 92%: “Next on the list: one payroll for all units.”",
            "account @advisors.example",
            "organisation example-office",
            "filter lang:ckb",
            "the alert takes every post",
        ):
            assert why in said


def test_it_links_the_post_where_it_was_published_its_page_here_and_the_evidence():
    assert hrefs(told(post(1)))[:3] == [
        "https://kle.example/posts/x:1#topic-reform",
        "https://x.example/advisors/1",
        "https://kle.example/posts/x:1",
    ]


def test_a_topic_that_is_unsure_or_a_persons_word_is_told_as_that():
    letter = told(post(1, reasons=[topic_reason(decision="unsure", probability=0.55, evidence=None)]))
    assert "topic Security reform, probability 55%, unsure" in shown(letter)
    assert "topic Security reform, set by a person: “" in shown(told(post(1, reasons=[topic_reason(model=None)])))


def test_the_words_of_an_alert_are_one_reason():
    words = [reason("words", said) for said in ("peshmerga", '"one payroll"', "brigade*")]
    letter = told(post(1, reasons=[words[0], topic_reason(), *words[1:]]))
    assert next(li.text_content() for li in page(letter).iter("li")) == 'words: peshmerga, "one payroll", brigade*'
    assert len(list(page(letter).iter("li"))) == 2


def test_a_reason_of_a_kind_that_is_not_known_yet_is_told_in_english():
    assert "near a place" in shown(told(post(1, reasons=[{**reason("place"), "text": "near a place"}])))


def test_another_alert_that_matches_is_named():
    other = {"id": 9, "name": "All of the office"}
    letter = told(post(1, reasons=[reason("words", "peshmerga"), reason("account", "@a.example", alert=other)]))
    assert "words: peshmerga" in shown(letter)
    assert "alert “All of the office”, account @a.example" in shown(letter)


def test_where_the_terms_keep_the_text_the_link_stands_and_a_sentence_that_says_so():
    silent = post(
        1, text=None, rights={"policy": "ids", "text_withheld": True}, reasons=[topic_reason(evidence=None)]
    )
    letter = told(silent)
    for said in (shown(letter), mail(letter, LINKS).text, note(letter, LINKS).text):
        assert "The platform's terms keep the text there" in said
    assert "https://x.example/advisors/1" in hrefs(letter)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"synthetic": True}, "Synthetic: written as sample data"),
        ({"edited": True}, "Edited: its author changed it."),
        ({"deleted_at": "2025-08-19T07:00:00Z"}, "Deleted there, as seen 19 August 2025, 07:00 UTC."),
        ({"text": None, "erasure": {"cause": "request"}}, "Its text was erased."),
        ({"text": ""}, "It has no text."),
        ({"account": None}, "Unknown author, 18 August 2025"),
        ({"created_at_precision": "day"}, "(@advisors.example), 18 August 2025 "),
        ({"created_at_precision": "seen"}, "first seen 18 August 2025, 14:30 UTC"),
    ],
)
def test_what_a_reader_must_know_of_a_post_is_said(fields, said):
    letter = told(post(1, **fields))
    assert said in shown(letter)
    assert said.rstrip() in mail(letter, LINKS).text
    assert said.rstrip() in note(letter, LINKS).text


def test_a_second_hand_post_says_through_which_article_it_was_seen():
    article = "https://news.example/what-a-handover-leaves"
    letter = told(post(1, sightings=[{"first_hand": False, "url": article, "source": "n", "seen_at": "…"}]))
    assert "Second hand: seen only as news.example quotes it" in shown(letter)
    assert article in hrefs(letter)
    both = told(post(1, sightings=[{"first_hand": first, "url": article} for first in (True, False)]))
    assert article not in hrefs(both)


def test_late_posts_are_told_as_such_with_the_time_of_seeing():
    letter = told(post(1), late=True, alert={"max_age": "7d"})
    assert mail(letter, LINKS).subject == "Reform and the ministry: 1 post found late"
    assert "Found late: published more than 7 days before it was first seen here." in shown(letter)
    assert "Seen here 18 August 2025, 14:36 UTC." in shown(letter)
    assert "Found late: published earlier, seen here only now." in shown(told(post(1), late=True))


# -- subjects -----------------------------------------------------------------------------------------------


def test_a_subject_begins_with_what_matters():
    assert (
        mail(told(post(1)), LINKS).subject == "Example Advisory Office · Security reform · Reform and the ministry"
    )
    assert mail(told(post(1), post(2)), LINKS).subject == "Reform and the ministry: 2 new posts"
    assert mail(told(body_type="alert.test"), LINKS).subject == "Test: Reform and the ministry"


@given(st.text(min_size=1, max_size=300), st.sampled_from(list(EVERY_KIND)), st.sampled_from(list(LANGUAGES)))
@settings(max_examples=60, deadline=None)
def test_a_subject_is_one_short_line_and_tells_what_happened_however_long_the_name(name, kind, lang):
    letter = EVERY_KIND[kind](lang)
    letter.body["data"]["alert"] = {**ALERT, "name": name}
    subject = mail(letter, LINKS).subject
    assert len(subject) <= 120
    assert subject == clean.line(subject), "one line, without what acts"
    if kind == "posts":
        assert plain(Words(lang).many("new_posts", 2)) in subject


# -- digests and floods -------------------------------------------------------------------------------------


def test_a_digest_groups_by_topic_and_tells_what_says_the_same_once():
    second = post(2, account={"handle": "@second.example", "name": None}, reasons=[reason("words", "peshmerga")])
    letter = told(post(1), second, post(3), digest=[part((1, 2)), part(3, topic=None, name=None)])
    assert [h.text_content() for h in page(letter).iter("h2")] == ["Security reform (2 posts)", "No topic (1 post)"]
    assert shown(letter).count(TEXT) == 2, "once for both that say the same"
    assert [h.text_content() for h in page(letter).iter("h4")] == ["@second.example, 18 August 2025, 14:30 UTC"]
    assert "Also said by" in shown(letter)


def test_where_the_first_may_not_say_its_text_an_echo_says_it():
    silent = post(1, text=None, rights={"policy": "ids", "text_withheld": True}, reasons=[])
    letter = told(silent, post(2, reasons=[]), post(3, reasons=[]), digest=[part((1, 2, 3))])
    for said in (shown(letter), mail(letter, LINKS).text, note(letter, LINKS).text):
        assert said.count(TEXT) == 1
        assert (
            said.index("The platform's terms keep the text there") < said.index("Also said by") < said.index(TEXT)
        )


def test_a_flood_is_told_whole_the_first_fifty_in_full():
    letter = told(*(post(number) for number in range(400)))
    made = mail(letter, LINKS)
    assert len(list(page(letter).iter("h3"))) == 50
    assert made.text.count("\n> ") == 50
    assert made.text.count("\n- Example Advisory Office") == 350


def test_a_note_has_twenty_in_full_and_how_many_more_there_are():
    said = note(told(*(post(number) for number in range(53))), LINKS).text
    assert said.count("\n> ") == 20
    assert "and 33 more posts:" in said
    assert said.index("and 33 more posts:") < said.index(ALERT["url"])


def test_one_announcement_with_many_echoes_is_no_longer_than_others():
    letter = told(*(post(number) for number in range(90)), digest=[part(tuple(range(90)))])
    assert len(list(page(letter).iter("h4"))) == 49
    assert "and 70 more posts:" in note(letter, LINKS).text


@pytest.mark.parametrize("text", [TEXT * 3, "كشف رواتب واحد لجميع الوحدات " * 40, "& < > \" ' " * 500])
def test_fifty_posts_stay_below_what_mail_programs_hide(text):
    letter = told(*(post(number, text=text) for number in range(50)), lang="ar")
    assert len(mail(letter, LINKS).html.encode()) <= 100_000


def test_a_long_text_is_cut_between_words_and_says_so():
    words = " ".join(f"word{number}" for number in range(2000))
    kept = re.search(r"> (.*)", mail(told(post(1, text=words)), LINKS).text)
    assert kept and kept[1].endswith("…")
    assert words.startswith(kept[1][:-1] + " ")
    assert "Shortened: its page has all of it." in note(told(post(1, text=words)), LINKS).text


@given(
    st.lists(st.integers(0, 120), unique=True, min_size=1, max_size=90),
    st.lists(st.sets(st.integers(0, 120), max_size=5), max_size=6),
    st.booleans(),
)
@settings(max_examples=40, deadline=None)
def test_every_post_of_the_body_stands_in_the_mail_exactly_once(numbers, groups, laid_out):
    tags = [[], [{"topic": "reform", "probability": 0.9, "decision": "tagged"}]]
    posts = [post(number, tags=tags[number % 2]) for number in numbers]
    echoes = [[f"x:{number}" for number in sorted(group)] for group in groups]
    letter = told(*posts, digest=digest(posts, echoes, {}) if laid_out else [])
    pages = Counter(p["page"] for p in posts)
    assert Counter(href for href in hrefs(letter) if href in pages) == pages
    addresses = (line.split()[-1] for line in mail(letter, LINKS).text.splitlines() if line.strip())
    assert Counter(address for address in addresses if address in pages) == pages


def test_posts_that_a_digest_leaves_out_are_told_all_the_same():
    letter = told(post(1), post(2), post(3), digest=[part(2, 2, 8, (3, 9))])
    assert [href for href in hrefs(letter) if re.fullmatch(r".*/posts/x:\d+", href)] == [
        f"https://kle.example/posts/x:{number}" for number in (2, 3, 1)
    ]


# -- the other kinds ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_rule_says_its_figures_and_leads_to_the_search(lang):
    letter = ruled("unusual", lang, [post(1)], explained="41 posts today.\nUsual are 2 to 9.")
    assert "41 posts today. Usual are 2 to 9." in re.sub(r"(?<=today\.)(?=Usual)", " ", shown(letter))
    assert "https://kle.example/?q=topic%3Areform+peshmerga" in hrefs(letter)
    english = [p for p in page(letter).iter("p") if p.get("lang") == "en"]
    assert [p.get("dir") for p in english] == ["ltr", "ltr"]


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ("more_than", "7 Beiträge, Zeitraum 1 Tag, Grenze 5."),
        ("unusual", "41 Beiträge in 24 Stunden; üblich sind 5,5 (2 bis 9)."),
        ("silence", "Stille: 9 Tage 3 Stunden; längste Pause davor: 5 Tage."),
    ],
)
def test_the_figures_of_a_rule_are_told_in_the_readers_language(rule, said):
    assert said in shown(ruled(rule, "de"))


def test_a_confirmation_says_what_was_asked_for_and_that_it_may_be_ignored():
    said = mail(confirming(), LINKS).text
    for part_ in (
        "Alert: Reform and the ministry",
        "Query: topic:reform peshmerga",
        "When it is sent: daily at 07:00 (Europe/Berlin)",
        "Nothing is sent unless you confirm.",
        "ignore this message",
    ):
        assert part_ in said
    assert hrefs(confirming()) == ["https://kle.example/subscriptions/3/confirm?token=t"]


def test_a_notice_says_which_channel_since_when_what_was_answered_and_what_to_do():
    said = mail(paused(), LINKS).text
    for part_ in (
        "Channel: webhook https://hooks.example/…",
        "Failing since: 17 August 2025, 09:00 UTC",
        "Last answer: 550 no such mailbox",
        "resume the channel in the alert's settings",
    ):
        assert part_ in said
    assert "Last answer: none" in mail(paused(answer=None), LINKS).text
