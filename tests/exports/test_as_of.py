"""A release as of a moment is built again from an archive that went on, byte for byte."""

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from core import plugins, times
from db import archive, ledger, sources, whole
from db.clock import INSTANT
from db.database import Database
from db.query import PostQuery
from exports import release
from exports.order import Order
from tests.conftest import NOW
from tests.exports.conftest import POSTS, seen

FORMATS = sorted(plugins.load("exports.formats"))
THEN = NOW + timedelta(minutes=30)  # before the second post was edited


def export(database: Database, out: Path, format_: str = "jsonl", audience: Any = "internal", q: str = "") -> Any:
    return asked(database, q, times.text(THEN), out, format_, audience)


def asked(
    database: Database, q: str, as_of: str, out: Path, format_: str = "jsonl", audience: Any = "internal"
) -> Any:
    return release.export(database, Order.build(PostQuery.build(q, as_of=as_of), format_, audience), out)


def rows(out: Path, name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (out / f"{name}.jsonl").read_text("utf-8").splitlines()]


def look(database: Database, *posts: Any) -> None:
    with database.write() as session:
        source = sources.import_source(session, NOW)
        assert source.id
        run = sources.start_run(session, source.id, NOW + timedelta(days=1))
        archive.archive(session, source, run, posts, None, NOW + timedelta(days=1))


@pytest.mark.parametrize("format_", FORMATS)
@pytest.mark.parametrize("audience", ["internal", "public"])
def test_the_same_bytes_after_posts_and_edits_came(
    filled: Database, tmp_path: Path, format_: str, audience: str
) -> None:
    export(filled, tmp_path / "one", format_, audience)
    look(
        filled,
        seen(1, "Talks on reform were put off.", links=("https://a.example",)),
        seen(2, "", deleted=True),
        seen(3, "A new post on reform."),
        replace(POSTS[2], metrics={"likes": 7}),
    )
    export(filled, tmp_path / "two", format_, audience)
    assert contents(tmp_path / "one") == contents(tmp_path / "two")


def test_what_was_known_then_is_in_it_and_what_came_later_is_not(filled: Database, out: Path) -> None:
    export(filled, out)
    texts = {row["id"]: row["text"] for row in rows(out, "posts")}
    assert texts["mastodon:office.example/2"] == "A course ended."
    assert [row["number"] for row in rows(out, "versions")] == [1, 1, 1, 1]
    assert rows(out, "tags") == [] and all(row["tagging"] == "pending" for row in rows(out, "posts"))
    manifest = json.loads((out / "manifest.json").read_bytes())
    with filled.read() as session:
        head = ledger.last_before(session, THEN + INSTANT)
    assert manifest["as_of"] == times.text(THEN) and manifest["archive"]["digest"] == head.digest
    assert times.text(THEN) in (out / "README.md").read_text("utf-8")


def test_words_are_those_of_then(filled: Database, tmp_path: Path) -> None:
    export(filled, tmp_path / "ended", q="course -reform")
    export(filled, tmp_path / "reform", q="course reform")
    assert [len(rows(tmp_path / name, "posts")) for name in ("ended", "reform")] == [1, 0]


def test_a_wish_that_came_later_withholds_the_text_of_then(filled: Database, out: Path) -> None:
    look(filled, seen(1, POSTS[0].text, links=POSTS[0].links, labels=("noindex",)))
    export(filled, out, audience="public")
    first = next(row for row in rows(out, "posts") if row["id"].endswith("/1"))
    assert first["text"] is None and first["labels"] == []
    assert all(row["text"] is None for row in rows(out, "versions") if row["id"] == first["id"])


def test_before_the_first_post_it_is_empty(filled: Database, out: Path) -> None:
    asked(filled, "", "2020-01-01", out)
    assert rows(out, "posts") == rows(out, "versions") == []


def test_a_moment_to_come_holds_all_that_is_known(filled: Database, tmp_path: Path) -> None:
    asked(filled, "", "2100-01-01", tmp_path / "one")
    asked(filled, "", "2100-01-01", tmp_path / "two")
    assert contents(tmp_path / "one") == contents(tmp_path / "two")
    manifest = json.loads((tmp_path / "one" / "manifest.json").read_bytes())
    assert manifest["as_of"] == "2100-01-01T00:00:00Z" and manifest["counts"]["versions"] == 5
    with filled.read() as session:
        assert manifest["archive"]["digest"] == ledger.head(session)[1]


def test_without_a_moment_it_is_that_of_the_last_line_whatever_comes_meanwhile(
    filled: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def export_while(meanwhile: Any, name: str) -> dict[str, bytes]:
        order = Order.build(PostQuery.build(""), "jsonl", "internal")
        release.export(filled, order, tmp_path / name, progress=meanwhile)
        return contents(tmp_path / name)

    monkeypatch.setattr(whole, "SLICE", 2)
    one = export_while(None, "one")
    at = json.loads(one["manifest.json"])["as_of"]
    coming = iter([(seen(9, "A post that came meanwhile."), seen(1, "Edited meanwhile.")), ()])
    export_while(lambda count: look(filled, *next(coming, ())), "while")
    assert contents(tmp_path / "while") == one
    asked(filled, "", at, tmp_path / "again")
    assert contents(tmp_path / "again") == one


def contents(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in folder.iterdir()}
