"""CSV as a spreadsheet and a person meet it."""

import csv as library
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import BadRequest
from exports.batch import Options
from exports.formats import csv
from tests.exports.formats.rows import SPREADSHEETS_RUN, TABLES, example, read, texts, write

POSTS, TAGS = TABLES["posts"], TABLES["tags"]
ACCOUNT = {"platform": "x", "handle": "@office", "name": None, "actor": ""}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "posts.csv"


def cells(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(library.DictReader(file, strict=True))


def test_the_header_names_nested_fields_by_an_underscore(path: Path) -> None:
    write(csv, path, POSTS, [])
    assert path.read_text("utf-8") == ",".join(POSTS.columns()) + "\n"
    assert {"account_handle", "topics_reform_probability", "rights_policy", "links"} <= set(POSTS.columns())


def test_each_kind_of_value_has_its_form(path: Path) -> None:
    row = example(
        POSTS,
        account=ACCOUNT,
        text="",
        links=["https://a.example", "b"],
        topics={"reform": {"probability": 1, "decision": "tagged"}, "training": None},
        created_at="2026-01-01T00:00:00.000001Z",
    )
    write(csv, path, POSTS, [row], Options(raw=True))
    (found,) = cells(path)
    names = ("account_handle", "account_actor", "text", "lang", "links", "media", "synthetic", "versions")
    assert [found[name] for name in names] == [
        "@office", "", "", "", '["https://a.example","b"]', "[]", "true", "1",
    ]  # fmt: skip
    assert [found["topics_reform_probability"], found["created_at"]] == ["1", "2026-01-01T00:00:00.000001Z"]


def test_no_text_and_nothing_are_apart_in_the_file(path: Path) -> None:
    write(csv, path, POSTS, [example(POSTS, id="1", text="", lang=None)])
    line = path.read_text("utf-8").splitlines()[1]
    assert line.startswith('"1","a","a",,"post",,,,,"","a",,')


@pytest.mark.parametrize("text", SPREADSHEETS_RUN)
def test_what_a_spreadsheet_would_run_gets_an_apostrophe(path: Path, text: str) -> None:
    notes = write(csv, path, POSTS, [example(POSTS, text=text, lang="'" + text)])
    assert [(row["text"], row["lang"]) for row in cells(path)] == [("'" + text, "''" + text)]
    assert notes == {"defused": 2}


@pytest.mark.parametrize("text", ["a=1", " =1", "'a", "''", "’=", "1-2", "\n=1", ""])
def test_what_it_would_not_run_stays_as_it_is(path: Path, text: str) -> None:
    assert write(csv, path, POSTS, [example(POSTS, text=text)]) == {"defused": 0}
    assert cells(path)[0]["text"] == text


@settings(max_examples=60, deadline=None)
@given(said=st.lists(texts | st.text("'=+-@\t\ra", max_size=5), min_size=1, max_size=5))
def test_no_cell_of_any_text_is_run(tmp_path_factory: pytest.TempPathFactory, said: list[str]) -> None:
    path = tmp_path_factory.mktemp("csv") / "posts.csv"
    rows = [example(POSTS, id=text, text=text, account={**ACCOUNT, "name": text}) for text in said]
    write(csv, path, POSTS, rows)
    found = [cell for row in cells(path) for cell in row.values()]
    assert [cell for cell in found if cell[:1] in ("=", "+", "-", "@", "\t", "\r")] == []
    assert read(csv, path, POSTS) == rows


def test_numbers_below_zero_are_numbers(path: Path) -> None:
    rows = [example(TAGS, probability=-0.5, version=-1)]
    assert write(csv, path, TAGS, rows) == {"defused": 0}
    assert read(csv, path, TAGS) == rows


def test_raw_leaves_cells_as_they_are_and_is_read_as_such(path: Path) -> None:
    rows = [example(POSTS, text=text) for text in (*SPREADSHEETS_RUN, "'=1")]
    raw = Options(raw=True)
    assert write(csv, path, POSTS, rows, raw) == {"defused": 0}
    assert [row["text"] for row in cells(path)] == [row["text"] for row in rows]
    assert read(csv, path, POSTS, options=raw) == rows


def test_the_mark_by_which_excel_knows_utf_8_stands_in_front_where_it_is_asked_for(path: Path) -> None:
    rows = [example(POSTS, text="سەقامگیری")]
    write(csv, path, POSTS, rows)
    plain = path.read_bytes()
    write(csv, path, POSTS, rows, Options(bom=True))
    assert path.read_bytes() == b"\xef\xbb\xbf" + plain
    assert read(csv, path, POSTS) == rows


def test_notes_are_complete_while_the_file_is_open(path: Path) -> None:
    from exports.batch import Batch
    from tests.exports.formats.rows import canonical

    rows = [example(POSTS, text="=1")]
    with csv.table(path, POSTS, Options()) as writer:
        writer.write(Batch(rows, canonical(rows)))
        assert writer.notes() == {"defused": 1}
        writer.write(Batch(rows, canonical(rows)))
    assert writer.notes() == {"defused": 2}
    assert read(csv, path, POSTS) == rows * 2


def test_a_file_saved_by_a_spreadsheet_is_read(path: Path) -> None:
    """With CRLF, columns in another order, one more column, and no quotation marks."""
    rows = [example(POSTS, id="x:1", text="a"), example(POSTS, id="x:2", text="b")]
    write(csv, path, POSTS, rows)
    names = ["note", *reversed(POSTS.columns())]
    with path.open(encoding="utf-8", newline="") as file:
        said = list(library.DictReader(file))
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = library.DictWriter(file, names, restval="seen", lineterminator="\r\n")
        writer.writeheader()
        writer.writerows(said)
    assert read(csv, path, POSTS) == rows


def test_csv_without_its_table_is_refused(path: Path) -> None:
    write(csv, path, POSTS, [])
    with pytest.raises(BadRequest, match="read it with its table"):
        read(csv, path, None)


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ("id\nx:1\n", "Column 'platform' in include_columns does not exist"),
        (",".join(POSTS.columns()) + "\n" + "a," * 3 + "\n", "Expected \\d+ columns, got 4"),
        ("", "Empty CSV file"),
    ],
)
def test_another_csv_is_refused_with_the_reason(path: Path, content: str, why: str) -> None:
    path.write_text(content)
    with pytest.raises(BadRequest, match=f"posts.csv cannot be read as the CSV of posts.*{why}"):
        read(csv, path, POSTS)


def test_a_cell_of_another_type_is_refused_by_its_column(path: Path) -> None:
    write(csv, path, TAGS, [example(TAGS, version=7)])
    path.write_text(path.read_text().replace(",7,", ",seven,"))
    with pytest.raises(BadRequest, match="'seven'"):
        read(csv, path, TAGS)
