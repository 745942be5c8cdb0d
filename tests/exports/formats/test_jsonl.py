"""JSON Lines: the canonical lines and nothing else."""

import hashlib
from pathlib import Path

import pytest

from core.errors import BadRequest
from exports.formats import jsonl
from tests.exports.formats.rows import ODD, TABLES, canonical, example, read, write

POSTS = TABLES["posts"]
ROWS = [example(POSTS, id=str(n), text=text) for n, text in enumerate(ODD)]


def test_the_digest_of_the_file_is_that_of_the_content(tmp_path: Path) -> None:
    write(jsonl, tmp_path / "posts.jsonl", POSTS, ROWS, size=7)
    content = hashlib.sha256(canonical(ROWS)).digest()
    assert hashlib.sha256((tmp_path / "posts.jsonl").read_bytes()).digest() == content


def test_lines_alone_say_what_their_rows_are(tmp_path: Path) -> None:
    write(jsonl, tmp_path / "posts.jsonl", POSTS, ROWS)
    assert read(jsonl, tmp_path / "posts.jsonl", None) == ROWS


def test_a_broken_line_is_named_by_its_number(tmp_path: Path) -> None:
    path = tmp_path / "posts.jsonl"
    path.write_bytes(canonical(ROWS[:2]) + b'{"id":\n')
    with pytest.raises(BadRequest, match=r"posts.jsonl, line 3, is no JSON"):
        read(jsonl, path, POSTS)
