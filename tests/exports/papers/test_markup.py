"""Words of others stand in Markdown and YAML as words, whatever signs they hold."""

import re
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from exports.papers import markup

TEXTS = st.text(st.characters(exclude_categories=("Cs",)), max_size=12)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=5,
)


@given(st.dictionaries(TEXTS, VALUES, min_size=1, max_size=4))
def test_every_yaml_reader_reads_what_was_written(value: dict[str, Any]) -> None:
    assert yaml.safe_load(markup.yaml(value)) == value


@pytest.mark.parametrize(
    "text", ["no", "a: b", "- a", "# a", "---", "\x85", "\u2028", "\x7f", "'\"", "😀", "ئاسایش", ""]
)
def test_a_text_ends_no_line_of_yaml_and_is_no_other_thing(text: str) -> None:
    written = markup.yaml({"title": text, "authors": [{"name": text, "more": [{"deep": text}]}]})
    assert yaml.safe_load(written) == {"title": text, "authors": [{"name": text, "more": [{"deep": text}]}]}
    assert len(written.splitlines()) == 5


@given(TEXTS)
def test_a_cell_stays_one_cell(text: str) -> None:
    (_, _, row) = markup.table(["a", "b"], [(markup.inline(text), "end")]).split("\n")
    cells = re.split(r"(?<!\\)(?:\\\\)*\|", row)
    assert len(cells) == 4 and cells[2] == " end "


def test_markup_in_words_is_shown_not_followed() -> None:
    said = markup.inline("*a* [b](javascript:c) <img src=x> `d` | &amp; $e$\n# f")
    assert said == r"\*a\* \[b\](javascript:c) \<img src=x\> \`d\` \| \&amp; \$e\$ \# f"


def test_signs_that_turn_the_direction_do_not_turn_what_comes_after() -> None:
    assert markup.line("a\u202eb\u2066c\x00d\u200fe") == "a b c d\u200fe"


@pytest.mark.parametrize(
    ("text", "said"),
    [("a b", "`a b`"), ("a`b", "``a`b``"), ("`a`", "`` `a` ``"), ("a\n``b", "```a ``b```"), ("", "`  `")],
)
def test_code_is_fenced_by_more_ticks_than_it_has(text: str, said: str) -> None:
    assert markup.code(text) == said


def test_a_block_of_code_does_not_end_early() -> None:
    assert markup.block("a\n```\nb", "sh") == "````sh\na\n```\nb\n````"
