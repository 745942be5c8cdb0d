"""Every language says everything, and numbers, dates and spans as its readers write them."""

from string import Formatter

import pytest
from babel import Locale
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import Markup

from alerts.words import Said, Words, elements, plain, plural, table
from core.alert import LANGUAGES

BABEL = {"kmr": "ku"}  # CLDR's name for it
FORMS = {lang: {plural(lang, n) for n in range(300)} for lang in LANGUAGES}
CERTAIN = {"zero", "one", "two"}  # forms for one number, which need not say it


def names(phrase):
    return {name for _, name, _, _ in Formatter().parse(phrase) if name is not None}


@pytest.mark.parametrize("name", table())
def test_every_phrase_is_in_every_language_and_has_the_same_placeholders(name):
    said = table()[name]
    assert set(said) == set(LANGUAGES)
    if isinstance(said["en"], str):
        assert all(said[lang].strip() for lang in LANGUAGES)
        assert {lang: names(said[lang]) for lang in LANGUAGES} == dict.fromkeys(LANGUAGES, names(said["en"]))


@pytest.mark.parametrize("name", [name for name, said in table().items() if isinstance(said["en"], dict)])
def test_every_plural_has_the_forms_that_its_language_needs(name):
    for lang, forms in table()[name].items():
        assert set(forms) == FORMS[lang]
        assert {form for form, said in forms.items() if names(said) != {"n"}} <= (
            CERTAIN if lang == "ar" else set()
        )


def test_every_language_has_twelve_months():
    assert [len(set(months)) for months in table()["months"].values()] == [12] * len(LANGUAGES)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_plural_forms_are_those_of_cldr(lang):
    known = Locale.parse(BABEL.get(lang, lang)).plural_form
    numbers = [*range(220), 1000, 1001, 1002, 1003, 1011, 1100, 10_000_000]
    assert [plural(lang, n) for n in numbers] == [known(n) for n in numbers]


@pytest.mark.parametrize(
    ("n", "said"),
    [
        (1, "منشور واحد"),
        (2, "منشوران"),
        (3, "3 منشورات"),
        (11, "11 منشورًا"),
        (100, "100 منشور"),
        (103, "103 منشورات"),
    ],
)
def test_arabic_counts_as_arabic_does(n, said):
    assert plain(Words("ar").many("posts", n)) == said


@pytest.mark.parametrize(
    ("lang", "said"),
    [
        ("en", "18 August 2025, 14:30 UTC"),
        ("de", "18. August 2025, 14:30 UTC"),
        ("ar", "18 آب 2025، 14:30 UTC"),
        ("ckb", "18ی ئابی 2025، 14:30 UTC"),
        ("kmr", "18ê tebaxa 2025an, 14:30 UTC"),
    ],
)
def test_times_are_utc_and_say_so_in_the_order_of_the_language(lang, said):
    assert plain(Words(lang).moment("2025-08-18T16:30:00+02:00")) == said


@pytest.mark.parametrize(
    ("share", "said"), [(0.996, "99%"), (1.0, "100%"), (0.545, "55%"), (0.0, "0%"), (0.924, "92%")]
)
def test_a_percentage_rounds_no_doubt_away(share, said):
    assert Words("en").percent(share) == said


def test_a_percentage_is_written_as_the_language_writes_it():
    assert [plain(Words(lang).percent(0.92)) for lang in LANGUAGES] == ["92%", "92 %", "92%", "92%", "%92"]


@pytest.mark.parametrize(
    ("said", "means"), [("7d", "7 days"), ("1h 30m", "1 hour 30 minutes"), ("1d", "1 day"), ("90s", "90 seconds")]
)
def test_spans_are_said_in_words(said, means):
    assert Words("en").span(said) == means


@pytest.mark.parametrize(
    ("cadence", "said"),
    [
        ("at_once", "at once"),
        ("hourly", "hourly"),
        ("daily 07:00 Europe/Berlin", "daily at 07:00 (Europe/Berlin)"),
        ("weekly", "weekly"),
    ],
)
def test_cadences_are_said_in_words_or_as_they_are_written(cadence, said):
    assert Words("en").cadence(cadence) == said


@pytest.mark.parametrize(
    ("lang", "value", "apart"),
    [
        ("en", "@office, 3", False),
        ("en", "مكتب", True),
        ("ar", "مكتب", False),
        ("ar", "@office", True),
        ("ckb", "3", True),
        ("kmr", "Hewlêr", False),
        ("en", "…", False),
    ],
)
def test_what_runs_against_the_language_stands_apart(lang, value, apart):
    assert Words(lang).apart(value) == (f"\u2068{value}\u2069" if apart else value)


def test_our_own_words_are_not_set_apart_again():
    words = Words("ar")
    assert words.say("titled", alert="تنبيه", what=words.many("posts", 3)) == "تنبيه: \u20683\u2069 منشورات"
    assert words.apart(Said("X")) == "X"


@given(st.text(st.characters(exclude_characters="\u2068\u2069")), st.sampled_from(list(LANGUAGES)))
def test_as_html_isolates_are_elements_and_all_else_is_escaped(value, lang):
    said = Words(lang).say("words", words=value)
    made = str(elements(said))
    assert made.count("<bdi>") == made.count("</bdi>") == said.count("\u2068")
    bare = made.replace("<bdi>", "").replace("</bdi>", "")
    assert "<" not in bare and ">" not in bare
    assert Markup(bare).unescape() == plain(said)
