"""Nothing that a stranger wrote does more in a message than say what it says."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import html as lxml_html

from alerts.render import clean, mail, note
from core.alert import LANGUAGES
from tests.alerts.letters import LINKS, hrefs, page, part, post, reason, shown, told, topic_reason

OWN_TAGS = {
    "html",
    "head",
    "meta",
    "title",
    "body",
    "div",
    "h1",
    "h2",
    "h3",
    "h4",
    "p",
    "a",
    "bdi",
    "br",
    "ul",
    "li",
}
OWN_ATTRIBUTES = {"lang", "dir", "style", "charset", "name", "content", "role", "href"}
ACTING = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\ufeff]")


def hostile(words):
    address = st.sampled_from(["javascript:alert(1)", "data:text/html,x", 'https://a.example/"><img src=x>', None])
    return st.fixed_dictionaries({
        "text": words, "url": address | words, "lang": words | st.sampled_from(['en" onload="x', "ar", None]),
        "account": st.fixed_dictionaries({"name": words, "handle": words}),
        "reasons": words.map(lambda said: [
            reason("words", said), topic_reason(name=said, evidence={"start": 0, "end": 1, "text": said})]),
        "sightings": (address | words).map(lambda url: [{"first_hand": False, "url": url}]),
    })  # fmt: skip


ACTS = st.sampled_from(
    ["<script>alert(1)</script>", '"><img src=https://a.example/x.png>', "</div>", "\u202e", "\u2066", "\u2069",
     "\x00", "{{ 7*7 }}", "{words}", "&amp;", "<bdi>", "' onclick='x", "\r\nBcc: x", "\ud800", "\U000e0041",
     "<!--", "]]>"]
)  # fmt: skip
WORDS = st.lists(ACTS | st.text(max_size=12), max_size=6).map("".join)


@given(hostile(WORDS), WORDS, st.sampled_from(list(LANGUAGES)))
@settings(max_examples=150, deadline=None)
def test_nothing_a_stranger_wrote_acts(fields, name, lang):
    letter = told(post(1, **fields), post(2, **fields), lang=lang, alert={"name": name, "query": name},
                  digest=[part((1, 2), name=name)])  # fmt: skip
    made = mail(letter, LINKS)
    root = lxml_html.document_fromstring(made.html)
    assert {e.tag for e in root.iter()} <= OWN_TAGS
    assert {name for e in root.iter() for name in e.attrib} <= OWN_ATTRIBUTES
    assert all(re.match(r"https?://[^\s<>\"']+$", a.get("href")) for a in root.iter("a"))
    for said in (made.subject, made.text, made.html, note(letter, LINKS).text):
        assert not ACTING.search(said)
        said.encode()
    for line in made.text.splitlines():
        assert line.count("\u2068") == line.count("\u2069")


def test_a_text_is_said_as_it_is():
    said = 'Units < 3 & "ready" {words} {{ 7*7 }} <b>'
    assert said in shown(told(post(1, text=said)))
    assert f"> {said}" in mail(told(post(1, text=said)), LINKS).text


def test_nothing_is_loaded_from_anywhere():
    html = mail(told(post(1, media=[{"type": "image", "url": "https://a.example/1.jpg"}])), LINKS).html
    assert not re.search(r"\bsrc=|url\(|@import|<link|<img|a\.example", html)


@pytest.mark.parametrize(
    ("said", "broken"),
    [
        ("@everyone look", "@\u2060everyone look"),
        ("<!channel> and <@U1>", "<\u2060!channel> and <\u2060@U1>"),
        ("[safe](https://a.example)", "[safe]\u2060(https://a.example)"),
        ("```code```", "`\u2060`\u2060`code`\u2060`\u2060`"),
        ("||hidden||", "|\u2060|hidden|\u2060|"),
    ],
)
def test_a_note_calls_nobody_and_hides_no_link(said, broken):
    made = note(told(post(1, text=said), alert={"name": said}), LINKS)
    assert f"> {broken}" in made.text or f"> \u2060{broken}" in made.text
    assert said not in made.title


def test_a_heading_in_a_text_is_none_in_a_note():
    assert "> \u2060# Big" in note(told(post(1, text="# Big")), LINKS).text


def test_each_paragraph_of_a_text_has_its_own_direction_and_language():
    letter = told(post(1, text="كشف رواتب واحد\n\nOne payroll", lang="ar"))
    text = next(div for div in page(letter).iter("div") if div.get("lang") == "ar")
    assert [(p.get("dir"), p.text_content()) for p in text.iter("p")] == [
        ("auto", "كشف رواتب واحد"), ("auto", "One payroll"),
    ]  # fmt: skip
    assert "> \u2068كشف رواتب واحد\u2069" in mail(letter, LINKS).text


# -- cleaning -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("a\u202eb\u2066c\u2069", "abc"),
        ("a\r\nb\rc\u2028d", "a\nb\nc\nd"),
        ("a\n \n\n\nb", "a\n\nb"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("x\U000e0041\U000e0042y", "xy"),
        ("\U0001f3f4\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f", None),
        (None, ""),
    ],
)
def test_what_acts_goes_and_what_writing_needs_stays(said, kept):
    assert clean.text(said) == (said if kept is None else kept)


@pytest.mark.parametrize(
    ("said", "limit", "kept"),
    [
        ("one two three", 13, "one two three"),
        ("one two three", 12, "one two…"),
        ("one two three", 8, "one two…"),
        ("one two three", 7, "one…"),
        ("一二三四五六", 4, "一二三…"),
    ],
)
def test_texts_are_cut_between_words(said, limit, kept):
    assert clean.shortened(said, limit) == kept


@given(st.text(max_size=60), st.integers(2, 40))
def test_a_shortened_text_is_short_and_a_beginning(said, limit):
    kept = clean.shortened(said, limit)
    assert len(kept) <= max(limit, 1)
    assert kept == said or said.startswith(kept[:-1])


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", "https://user@a.example", "/path", "", None, "ftp://a.example"]
)
def test_only_harmless_addresses_of_the_web_are_links(url):
    assert clean.url(url) is None
    assert len(hrefs(told(post(1, url=url)))) == len(hrefs(told(post(1)))) - 1


def test_addresses_are_written_in_ascii_without_what_ends_them():
    assert clean.url('https://a.example/ä "(x)*') == "https://a.example/%C3%A4%20%22%28x%29%2A"
    assert clean.url("https://kle.example/posts/x:~1@b#topic-a") == "https://kle.example/posts/x:~1@b#topic-a"


def test_an_archive_that_names_no_address_of_the_web_still_tells_its_posts():
    letter = told(*(post(number, page=f"kle.example/posts/x:{number}") for number in range(52)))
    assert mail(letter, LINKS).text.count("\n- Example Advisory Office") == 2
