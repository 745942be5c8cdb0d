"""What every format of releases promises, whichever it is: found by scan, so a new one is tested as it arrives."""

import errno
import threading
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core import plugins
from core.errors import BadRequest, KleError
from exports import tables
from exports.batch import Batch, Options, Row
from tests.exports.formats.rows import TABLES, canonical, example, read, rows_of, write

FORMATS = plugins.load("exports.formats")
each_format = pytest.mark.parametrize("plugin", FORMATS.values(), ids=FORMATS)
each_table = pytest.mark.parametrize("name", TABLES)
some = settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
POSTS = TABLES["posts"]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "table"


@pytest.mark.parametrize("name", FORMATS)
def test_files_end_in_the_name_of_their_format(name: str) -> None:
    assert name == FORMATS[name].SUFFIX


@each_format
@each_table
@some
@given(data=st.data())
def test_what_is_written_is_read_back(plugin: ModuleType, name: str, path: Path, data: st.DataObject) -> None:
    rows = data.draw(st.lists(rows_of(TABLES[name]), max_size=4))
    write(plugin, path, TABLES[name], rows)
    assert read(plugin, path, TABLES[name]) == rows


@each_format
@each_table
def test_a_table_without_rows_is_a_file_without_rows(plugin: ModuleType, name: str, path: Path) -> None:
    write(plugin, path, TABLES[name], [])
    assert path.is_file()
    assert read(plugin, path, TABLES[name]) == []


@each_format
def test_the_bytes_do_not_depend_on_how_rows_came(plugin: ModuleType, path: Path) -> None:
    rows = [example(POSTS, id=str(n), text="peshmerga " * (n % 700)) for n in range(1500)]
    found = set()
    for size in (1, 499, 1500):
        write(plugin, path, POSTS, rows, size=size)
        found.add(path.read_bytes())
    assert len(found) == 1
    assert read(plugin, path, POSTS) == rows


@each_format
def test_rows_are_read_in_batches_of_at_most_so_many(plugin: ModuleType, path: Path) -> None:
    rows = [example(POSTS, id=str(n)) for n in range(10)]
    write(plugin, path, POSTS, rows)
    sizes = [len(batch) for batch in plugin.read(path, POSTS, 4)]
    assert (sum(sizes), max(sizes)) == (10, 4)


@each_format
def test_a_text_longer_than_any_buffer_is_kept(plugin: ModuleType, path: Path) -> None:
    rows = [
        example(POSTS, id="short"),
        example(POSTS, id="long", text='"ئا,\n' * 3_000_000),
        example(POSTS, id="last"),
    ]
    write(plugin, path, POSTS, rows)
    assert read(plugin, path, POSTS) == rows


@each_format
def test_memory_does_not_grow_with_the_rows(plugin: ModuleType, path: Path) -> None:
    rows = [example(POSTS, id=str(n), text=f"{n} reform " * 2000) for n in range(40)]  # a megabyte
    batch, most, count = Batch(rows, canonical(rows)), 0, 64
    with plugin.table(path, POSTS, Options()) as writer:
        for _ in range(count):
            writer.write(batch)
            most = max(most, pa.total_allocated_bytes())
    read_rows = 0
    for some_rows in plugin.read(path, POSTS):
        read_rows += len(some_rows)
        most = max(most, pa.total_allocated_bytes())
    assert read_rows == len(rows) * count
    assert most < 40_000_000


@each_format
def test_chosen_columns_alone_are_written(plugin: ModuleType, path: Path) -> None:
    table = tables.only(POSTS, {("lang",): None})
    rows = [{"lang": "ckb"}, {"lang": None}, {"lang": ""}, {"lang": None}]
    write(plugin, path, table, rows)
    assert read(plugin, path, table) == rows


@each_format
def test_numbers_alone_are_a_table_too(plugin: ModuleType, path: Path) -> None:
    table = tables.only(POSTS, {("versions",): None, ("metrics", "likes"): None})
    rows: list[Row] = [{"versions": 1, "metrics": {"likes": 3}}, {"versions": 2, "metrics": None}]
    write(plugin, path, table, rows)
    assert read(plugin, path, table) == rows


@each_format
def test_a_table_of_no_topics_can_be_written(plugin: ModuleType, path: Path) -> None:
    table = tables.every(())["posts"]
    write(plugin, path, table, [example(table)])
    assert read(plugin, path, table) == [example(table)]


def _without(row: Row) -> Row:
    return {name: value for name, value in row.items() if name != "lang"}


MISFITS: list[tuple[Callable[[Row], Row], str]] = [
    (_without, "lang is missing"),
    (lambda row: row | {"language": "en"}, "language is no field of it"),
]


@each_format
@pytest.mark.parametrize(("change", "why"), MISFITS)
def test_a_row_that_does_not_fit_its_table_is_named(
    plugin: ModuleType, change: Callable[[Row], Row], why: str, path: Path
) -> None:
    rows = [example(POSTS, id="x:1"), change(example(POSTS, id="x:2"))]
    with pytest.raises(KleError, match=rf"a row of posts does not fit .*row 2 of a batch \(x:2\): {why}"):
        write(plugin, path, POSTS, rows)
    assert not path.exists()


@each_format
def test_a_file_that_does_not_get_whole_is_gone(plugin: ModuleType, path: Path) -> None:
    rows = [example(POSTS)]
    before = threading.active_count()
    with pytest.raises(RuntimeError, match="stopped"), plugin.table(path, POSTS, Options()) as writer:
        writer.write(Batch(rows, canonical(rows)))
        raise RuntimeError("stopped")
    assert not path.exists()
    assert threading.active_count() == before


@each_format
@pytest.mark.parametrize("count", [1, 3000])
def test_a_full_disk_is_said(plugin: ModuleType, path: Path, count: int) -> None:
    path.symlink_to("/dev/full")
    with pytest.raises(OSError, match="No space left") as caught:
        write(plugin, path, POSTS, [example(POSTS, id=str(n)) for n in range(count)])
    assert caught.value.errno == errno.ENOSPC
    assert Path("/dev/full").exists()


@each_format
@pytest.mark.parametrize("content", [b"\x00\xff\xfe", b'"', b"{", b"[1]\n"])
def test_a_file_of_something_else_is_refused_by_its_name(plugin: ModuleType, path: Path, content: bytes) -> None:
    path.write_bytes(content)
    with pytest.raises(BadRequest, match="table"):
        read(plugin, path, POSTS)


@each_format
def test_a_file_that_is_not_there_is_said(plugin: ModuleType, path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        read(plugin, path, POSTS)


@each_format
def test_notes_count_whole_numbers(plugin: ModuleType, path: Path) -> None:
    notes: dict[str, Any] = write(plugin, path, POSTS, [example(POSTS, text="=1")])
    assert all(type(count) is int for count in notes.values())
