"""Parquet: types and meanings in the file, and groups of rows that memory can hold."""

from pathlib import Path

import pyarrow as pa
import pytest
from pyarrow import parquet as library

from core.errors import BadRequest
from exports import tables
from exports.formats import parquet
from tests.exports.formats.rows import TABLES, example, read, write

POSTS = TABLES["posts"]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "posts.parquet"


def test_the_file_says_types_meanings_and_what_is_never_null(path: Path) -> None:
    write(parquet, path, POSTS, [example(POSTS)])
    schema = library.read_schema(path)
    assert schema.field("created_at").type == pa.timestamp("us", tz="UTC")
    assert schema.field("versions").type == pa.int64()
    assert schema.field("topics").type.field("reform").type.field("probability").type == pa.float64()
    assert schema.field("links").type == pa.list_(pa.field("element", pa.string(), nullable=False))
    assert {field.name for field in schema if not field.nullable} == {f.name for f in POSTS.fields if f.required}
    described = {field.name: field.metadata[b"description"].decode() for field in schema}
    assert described == {field.name: field.meaning for field in POSTS.fields}


def test_a_required_field_of_an_optional_record_may_be_missing_with_it(path: Path) -> None:
    """In Parquet nothing below a null can be required."""
    inner = tables.Field("policy", "what may leave", required=True)
    table = tables.Table("t", "a row", (tables.Field("rights", "r", "record", fields=(inner,)),), ())
    rows = [{"rights": None}, {"rights": {"policy": "full"}}]
    write(parquet, path, table, rows)
    assert read(parquet, path, table) == rows


def test_rows_are_grouped_by_their_bytes_and_packed(path: Path) -> None:
    rows = [example(POSTS, id=str(n), text=str(n) * 20_000) for n in range(250)]
    write(parquet, path, POSTS, rows)
    about = library.read_metadata(path)
    groups = [about.row_group(i) for i in range(about.num_row_groups)]
    assert [group.num_rows for group in groups[:-1]] == [groups[0].num_rows] * (len(groups) - 1)
    assert len(groups) > 1
    assert {group.column(i).compression for group in groups for i in range(group.num_columns)} == {"ZSTD"}
    assert groups[0].column(0).statistics.min == "0"


def test_the_groups_of_a_large_file_are_fewer(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parquet, "_GROUP", 1 << 20)
    monkeypatch.setattr(parquet, "_GROWS", 2)
    rows = [example(POSTS, id=str(n), text=f"{n:03}" * 20_000) for n in range(400)]
    write(parquet, path, POSTS, rows)
    about = library.read_metadata(path)
    sizes = [about.row_group(i).num_rows for i in range(about.num_row_groups - 1)]
    assert sizes == sorted(sizes)
    assert 1.5 < sizes[-1] / sizes[0] < 3
    assert read(parquet, path, POSTS) == rows


def test_words_of_which_there_are_few_are_written_once_a_group(path: Path) -> None:
    tag = {**example(TABLES["tags"]), "topic": "reform"}
    rows = [
        example(
            POSTS,
            tags=[{name: tag[name] for name in tag if name not in ("id", "version", "valid_from", "valid_to")}],
        )
    ]
    write(parquet, path, POSTS, rows)
    group = library.read_metadata(path).row_group(0)
    columns = [group.column(i) for i in range(group.num_columns)]
    coded = {column.path_in_schema for column in columns if column.has_dictionary_page}
    assert {"kind", "rights.policy", "topics.reform.decision", "tags.list.element.decision"} <= coded
    assert not coded & {"id", "text", "text_sha256", "tags.list.element.topic"}
    assert read(parquet, path, POSTS) == rows


def test_parquet_alone_says_what_its_rows_are(path: Path) -> None:
    rows = [example(POSTS, links=["a"]), example(POSTS, created_at="2026-01-01T00:00:00.000001Z")]
    write(parquet, path, POSTS, rows)
    assert read(parquet, path, None) == rows


def test_fewer_columns_are_read_where_fewer_are_asked_for(path: Path) -> None:
    write(parquet, path, POSTS, [example(POSTS)])
    assert read(parquet, path, tables.only(POSTS, {("id",): None})) == [{"id": "a"}]


def test_a_column_that_is_not_there_is_named(path: Path) -> None:
    write(parquet, path, TABLES["tags"], [])
    with pytest.raises(BadRequest, match="the file of posts has no column 'platform'"):
        read(parquet, path, POSTS)


def test_a_file_that_was_cut_off_is_refused(path: Path) -> None:
    write(parquet, path, POSTS, [example(POSTS)])
    path.write_bytes(path.read_bytes()[:-50])
    with pytest.raises(BadRequest, match=r"posts.parquet cannot be read as Parquet"):
        read(parquet, path, POSTS)
