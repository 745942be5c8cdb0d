"""What the pages are made of: formats, marks, links, examples, as plain functions."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.render import formats, marks, samples
from api.render.links import SearchLinks


@pytest.mark.parametrize(
    ("precision", "shown", "iso"),
    [
        ("second", "18 Aug 2025, 14:30 UTC", "2025-08-18T14:30:00Z"),
        ("day", "18 Aug 2025", "2025-08-18"),
        ("seen", "first seen 18 Aug 2025, 14:30 UTC", "2025-08-18T14:30:00Z"),
    ],
)
def test_a_time_says_no_more_than_is_known(precision, shown, iso):
    when = formats.when({"created_at": "2025-08-18T14:30:00Z", "created_at_precision": precision})
    assert (when.text, when.iso) == (shown, iso)


@pytest.mark.parametrize(("share", "shown"), [(0.0, "0 %"), (0.415, "42 %"), (0.996, "99 %"), (1.0, "100 %")])
def test_a_doubt_is_never_rounded_away(share, shown):
    assert formats.percent(share) == shown


@pytest.mark.parametrize(("total", "shown"), [(0, "0"), (1234, "1,234"), ({"at_least": 10000}, "10,000+")])
def test_totals(total, shown):
    assert formats.number(total) == shown


@pytest.mark.parametrize(
    ("seconds", "shown"), [(30, "30 s"), (900, "15 min"), (3600, "1 h"), (5400, "90 min"), (86400, "1 d")]
)
def test_spans(seconds, shown):
    assert formats.span(seconds) == shown


@pytest.mark.parametrize(
    ("lang", "direction"),
    [("ckb", "rtl"), ("ar", "rtl"), ("ar-IQ", "rtl"), ("kmr", "ltr"), ("en", "ltr"), (None, "auto")],
)
def test_the_direction_of_a_language(lang, direction):
    assert formats.direction(lang) == direction


def tag(topic, start, end):
    return {"topic": topic, "evidence": {"start": start, "end": end}}


def test_overlapping_evidence_is_cut_into_pieces_that_name_all_their_topics():
    found = marks.pieces("abcdefghij", [tag("a", 0, 6), tag("b", 4, 8), {"topic": "c", "evidence": None}])
    assert [(p.text, p.topics) for p in found] == [("abcd", ("a",)), ("ef", ("a", "b")), ("gh", ("b",)), ("ij", ())]


@given(st.text(), st.lists(st.tuples(st.integers(-5, 60), st.integers(-5, 60))))
def test_pieces_and_runs_joined_are_the_text_whatever_the_offsets(text, spans):
    found = marks.pieces(text, [tag("t", a, b) for a, b in spans])
    assert "".join(p.text for p in found) == text
    assert "".join(run.text for p in found for run in p.runs) == text


def test_addresses_and_latin_names_stand_apart_and_arabic_ones_do_not():
    runs = marks.Piece("قال @office.example. #البيشمركة https://a.example/x", ()).runs
    assert [run.text for run in runs if run.apart] == ["@office.example", "https://a.example/x"]


def test_hits_are_marked_inside_of_evidence_and_of_a_part_of_the_text():
    found = marks.pieces("cdefgh", [tag("a", 0, 5)], [(1, 2), (2, 4)], start=2)
    assert [(p.text, p.topics, p.hit) for p in found] == [
        ("c", ("a",), False), ("d", ("a",), True), ("e", ("a",), True), ("f", (), True), ("gh", (), False),
    ]  # fmt: skip


def test_links_change_one_thing_and_keep_the_rest():
    links = SearchLinks({"q": ["a b"], "topic": ["reform"], "lang": ["ckb"], "sort": ["oldest"]})
    assert links.toggle("topic", "training") == "/?q=a+b&lang=ckb&sort=oldest&topic=reform&topic=training"
    assert links.toggle("topic", "reform") == "/?q=a+b&lang=ckb&sort=oldest"
    assert links.toggle("lang", "ar") == "/?q=a+b&topic=reform&sort=oldest&lang=ar"
    assert links.to(q=None, topic=None, lang=None, sort=None) == "/"
    assert [(name, value) for name, _, value, _ in links.active()] == [("topic", "reform"), ("lang", "ckb")]


def test_a_link_escapes_what_it_carries():
    assert SearchLinks({"q": ['a&b="c"']}).to(since="2025-01-01") == "/?q=a%26b%3D%22c%22&since=2025-01-01"


def test_a_sample_is_a_schema_s_own_example_or_made_of_its_parts():
    parts = {"Name": {"type": "string", "examples": ["x"]}}
    schema = {
        "type": "object",
        "properties": {
            "names": {"type": "array", "items": {"$ref": "#/components/schemas/Name"}},
            "next": {"anyOf": [{"type": "string"}, {"type": "null"}]},
            "kind": {"enum": ["post", "reply"]},
            "total": {"anyOf": [{"type": "integer"}, {"type": "object"}]},
        },
    }
    assert samples.sample(schema, parts) == {"names": ["x"], "next": None, "kind": "post", "total": 1}
