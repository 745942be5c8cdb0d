"""A row that is not of its table's types is refused before a reader could stumble over it."""

from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from core.errors import KleError
from exports.batch import Batch, Options
from exports.formats import csv, parquet
from tests.exports.formats.rows import TABLES, canonical, example, write

POSTS = TABLES["posts"]
TAG = example(TABLES["tags"])
EVIDENCE = {"start": 0, "end": 3}
each_format = pytest.mark.parametrize("plugin", [csv, parquet], ids=["csv", "parquet"])


@each_format
@pytest.mark.parametrize(
    ("table", "field", "value", "why"),
    [
        ("posts", "text", 1, "text is of type int, not string"),
        ("posts", "text", True, "text is of type bool, not string"),
        ("posts", "versions", "1", "versions is of type str, not integer"),
        ("posts", "versions", 1.0, "versions is of type float, not integer"),
        ("posts", "versions", True, "versions is of type bool, not integer"),
        ("posts", "synthetic", 1, "synthetic is of type int, not boolean"),
        ("posts", "synthetic", None, "synthetic is null, which it never is"),
        ("posts", "id", None, "id is null, which it never is"),
        ("posts", "created_at", None, "created_at is null, which it never is"),
        ("posts", "links", None, "links is null, which it never is"),
        ("posts", "links", "https://a.example", "links is no list"),
        ("posts", "links", [None], r"links\[\] is null, which it never is"),
        ("posts", "links", [1], r"links\[\] is of type int, not string"),
        ("posts", "media", [{"type": "image", "url": "a"}], r"media\[\]\.alt is missing"),
        ("posts", "media", [{"type": "image", "url": None, "alt": None}], r"media\[\]\.url is null"),
        ("posts", "account", "press", "account is no record"),
        ("posts", "account", {"platform": "x"}, "account.handle is missing"),
        ("posts", "rights", None, "rights is null"),
        ("posts", "rights", {"policy": "full"}, "rights.text_withheld is missing"),
        ("posts", "topics", {"reform": None}, "topics.training is missing"),
        ("posts", "topics", {"reform": None, "training": None, "aid": None}, "topics.aid is no field of it"),
        ("tags", "probability", "0.5", "probability is of type str, not number"),
        ("tags", "probability", None, "probability is null"),
        ("tags", "evidence", {**EVIDENCE, "start": 1 << 63}, "evidence.start is of type int, not integer"),
    ],
)
def test_it_is_said_which_field_and_why(
    plugin: ModuleType, table: str, field: str, value: Any, why: str, tmp_path: Path
) -> None:
    rows = [example(TABLES[table]), example(TABLES[table], **{field: value})]
    with pytest.raises(KleError, match=rf"a row of {table} does not fit its table: row 2 of a batch.*: {why}"):
        write(plugin, tmp_path / "file", TABLES[table], rows)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("moment", ["2026-01-01", "2026-01-01T00:00:00", "yesterday", ""])
def test_parquet_takes_no_time_without_a_zone(moment: str, tmp_path: Path) -> None:
    with pytest.raises(KleError, match="created_at is of type str, not datetime"):
        write(parquet, tmp_path / "file", POSTS, [example(POSTS, created_at=moment)])


@each_format
def test_lines_of_other_rows_are_refused(plugin: ModuleType, tmp_path: Path) -> None:
    rows = [example(POSTS), example(POSTS)]
    with (
        plugin.table(tmp_path / "file", POSTS, Options()) as writer,
        pytest.raises(ValueError, match="one line a row"),
    ):
        writer.write(Batch(rows, canonical(rows[:1])))


@each_format
def test_what_a_row_says_is_not_told(plugin: ModuleType, tmp_path: Path) -> None:
    with pytest.raises(KleError) as caught:
        write(plugin, tmp_path / "file", POSTS, [example(POSTS, text="withheld", lang=1)])
    assert "withheld" not in caught.value.message


@each_format
def test_a_misfit_late_in_a_long_table_stops_the_next_write(plugin: ModuleType, tmp_path: Path) -> None:
    rows = [example(POSTS, id=str(n), text="word " * 500) for n in range(500)]
    odd = [example(POSTS, id="odd", text=None, lang=5), *rows]
    with (
        pytest.raises(KleError, match=r"\(odd\): lang is of type int"),
        plugin.table(tmp_path / "file", POSTS, Options()) as writer,
    ):
        writer.write(Batch(odd, canonical(odd)))
        for _ in range(10):
            writer.write(Batch(rows, canonical(rows)))
        pytest.fail("nobody was told")
