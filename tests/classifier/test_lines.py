import pytest

from classifier.lines import Labelled, read
from core.errors import BadRequest

SLUGS = ("reform", "training")
GOOD = '{"text": "a", "labels": ["reform"], "language": "en"}'


def write(tmp_path, *lines: str):
    file = tmp_path / "posts.jsonl"
    file.write_text("\n".join(lines), encoding="utf-8")
    return file


def test_lines_are_read_in_order_and_empty_ones_passed_over(tmp_path):
    file = write(
        tmp_path, GOOD, "", '{"text": "ب", "labels": [], "language": "ar", "group": "g", "office": "x"}', ""
    )
    assert read(file, SLUGS) == [
        Labelled("a", frozenset({"reform"}), "en"),
        Labelled("ب", frozenset(), "ar", "g"),
    ]


def test_a_line_separator_inside_a_text_does_not_end_the_line(tmp_path):
    file = write(tmp_path, '{"text": "a\u2028b", "labels": [], "language": "en"}')
    assert read(file, SLUGS)[0].text == "a\u2028b"


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("{", "no JSON"),
        ("[1]", "a JSON object is needed"),
        ('{"labels": [], "language": "en"}', "`text` must be a text"),
        ('{"text": "a", "language": "en"}', "`labels` must be a list"),
        ('{"text": "a", "labels": "reform", "language": "en"}', "`labels` must be a list"),
        (
            '{"text": "a", "labels": ["sports"], "language": "en"}',
            "unknown topic 'sports'; topics are reform, training",
        ),
        ('{"text": "a", "labels": []}', "`language` must be a language code"),
        ('{"text": "a", "labels": [], "language": "en", "group": 3}', "`group` must be a text"),
    ],
)
def test_a_bad_line_says_file_line_and_what_is_expected(tmp_path, line, said):
    with pytest.raises(BadRequest) as caught:
        read(write(tmp_path, GOOD, line), SLUGS)
    assert said in caught.value.message
    assert "posts.jsonl, line 2:" in caught.value.message


def test_a_file_that_is_not_text_says_so(tmp_path):
    file = tmp_path / "posts.jsonl"
    file.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(BadRequest, match="expected JSON Lines in UTF-8"):
        read(file, SLUGS)


def test_a_missing_file_says_so(tmp_path):
    with pytest.raises(BadRequest, match="cannot be read"):
        read(tmp_path / "none.jsonl", SLUGS)
