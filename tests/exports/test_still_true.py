"""A release that was really made: verified at once, after the archive went on, and after each thing that may be
done to what it tells of."""

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from core import plugins, times
from db import archive, posts, sources
from db.database import Database
from db.erasing.erase import Why, erase
from db.query import PostQuery
from exports import diff, release
from exports.order import Order
from exports.sampling import Sample
from exports.verify import Report, verify
from tests.conftest import NOW
from tests.exports.conftest import POSTS, seen

FORMATS = sorted(plugins.load("exports.formats"))
ERASED = "mastodon:office.example/2"
KEY = b"k" * 32


def export(database: Database, out: Path, format_: str = "jsonl", q: str = "", **more: Any) -> Any:
    more = {"audience": "internal", **more}
    return release.export(database, Order(PostQuery.build(q), format_, **more), out)


def look(database: Database, *seen_posts: Any, days: int = 1) -> None:
    at = NOW + timedelta(days=days)
    with database.write() as session:
        source = sources.import_source(session, NOW)
        assert source.id
        run = sources.start_run(session, source.id, at)
        archive.archive(session, source, run, seen_posts, None, at)


def forget(database: Database, public_id: str) -> None:
    with database.write() as session:
        erase(session, posts.key_of(session, public_id), Why("request", "asked", "operator"), NOW)


def said(report: Report) -> str:
    return "\n".join(report.problems)


CHOICES: dict[str, dict[str, Any]] = {
    "all": {},
    "public": {"audience": "public"},
    "a query": {"q": "reform"},
    "nothing found": {"q": "nothingofthatkind"},
    "columns": {"columns": {"posts": ("text", "account_handle", "topics.reform")}, "tables": ("posts", "tags")},
    "a sample": {"sample": Sample(2, ("topic",), 7)},
    "pseudonyms": {"pseudonyms": KEY},
}


@pytest.mark.parametrize("format_", FORMATS)
@pytest.mark.parametrize("name", CHOICES)
def test_it_is_true_at_once_and_after_the_archive_went_on(
    filled: Database, out: Path, format_: str, name: str
) -> None:
    export(filled, out, format_, **CHOICES[name])
    look(filled, seen(1, "Talks on reform were put off."), seen(3, "New."), replace(POSTS[2], metrics={"likes": 7}))
    report = verify(out, filled, lambda: KEY)
    assert (report.ok, report.problems, report.archive["agrees"]) == (True, [], True)
    assert report.archive["released_at"]
    assert all(table["agrees"] for table in report.archive["tables"].values())


def test_so_is_its_zip(filled: Database, out: Path) -> None:
    export(filled, out, zip=True)
    report = verify(out.with_suffix(".zip"), filled)
    assert report.ok and report.archive["agrees"] is True


def test_an_erasure_is_named(filled: Database, out: Path) -> None:
    export(filled, out)
    forget(filled, ERASED)
    report = verify(out, filled)
    assert report.files["ok"] and report.archive["agrees"] is False and not report.ok
    assert "1 post is erased since (cause: request)" in said(report)
    assert report.archive["differs"]["posts"]["erased"] == {"posts": 1, "ids": [ERASED]}


def test_a_wish_that_came_later_is_named(filled: Database, out: Path) -> None:
    export(filled, out, audience="public")
    look(filled, seen(1, POSTS[0].text, links=POSTS[0].links, labels=("noindex",)))
    report = verify(out, filled)
    assert "1 post is withheld now: the terms or a wish of the author" in said(report)


def test_another_name_of_an_account_is_named(filled: Database, out: Path) -> None:
    export(filled, out)
    renamed = replace(POSTS[0], account=replace(POSTS[0].account, name="Another name"))
    look(filled, renamed)
    assert "told otherwise in account: the name or actor of an account" in said(verify(out, filled))


def test_counts_of_before_that_came_later_are_named(filled: Database, out: Path) -> None:
    export(filled, out)
    look(filled, replace(POSTS[0], metrics={"likes": 3}), days=-1)
    assert "told otherwise in metrics: counts of before that moment came later" in said(verify(out, filled))


def test_a_row_taken_out_of_all_digests_is_found_by_the_archive(filled: Database, out: Path) -> None:
    """Files, sizes, digests and counts are made to fit: only the archive knows better."""
    export(filled, out)
    rows = [json.loads(line) for line in (out / "posts.jsonl").read_text("utf-8").splitlines()]
    other = out.with_name("other")
    export(filled, other, q="-course")
    manifest, less = (json.loads((folder / "manifest.json").read_bytes()) for folder in (out, other))
    (out / "posts.jsonl").write_bytes((other / "posts.jsonl").read_bytes())
    manifest["content"]["posts"] = less["content"]["posts"]
    manifest["files"] = [less["files"][0], *manifest["files"][1:]]
    (out / "manifest.json").write_text(json.dumps(manifest))
    report = verify(out, filled)
    assert report.files["ok"] and len(rows) == 4 and not report.ok
    assert report.archive["released_at"] is None
    assert f"1 post is in the archive as of then and not in the release ({ERASED})" in said(report)


def test_another_key_of_pseudonyms_leaves_it_open(filled: Database, out: Path) -> None:
    export(filled, out, pseudonyms=KEY)
    for key in (lambda: b"o" * 32, None):
        report = verify(out, filled, key)
        assert report.ok and report.archive["agrees"] is None
        assert "made with another key" in report.archive["why"][0]


def test_a_moment_that_was_still_to_come_is_true_until_something_happens(filled: Database, out: Path) -> None:
    to_come = PostQuery.build("", as_of=times.text(NOW + timedelta(days=9)))
    release.export(filled, Order(to_come, "jsonl", "internal"), out)
    assert verify(out, filled).ok
    look(filled, seen(3, "New."))
    report = verify(out, filled)
    assert "more was learnt" in said(report) and "1 post is in the archive as of then" in said(report)


def test_a_query_that_cannot_be_asked_any_more_is_told(filled: Database, out: Path) -> None:
    export(filled, out)
    manifest = json.loads((out / "manifest.json").read_bytes())
    (out / "manifest.json").write_text(json.dumps(manifest | {"query": "topic:gone"}))
    report = verify(out, filled)
    assert report.archive["agrees"] is False and "its rows cannot be built again" in said(report)


@pytest.mark.parametrize("format_", FORMATS)
def test_two_moments_are_told_apart(filled: Database, tmp_path: Path, format_: str) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    export(filled, one, "jsonl")
    look(filled, seen(1, "Talks on reform were put off."), seen(2, "", deleted=True), seen(3, "A new post."))
    forget(filled, "x:~0123456789abcdef")
    export(filled, other, format_)
    found = diff.diff(one, other)
    ids = {kind: [entry["id"].rpartition("/")[2] for entry in found[kind]] for kind in diff.KINDS}
    assert (ids["added"], ids["deleted"], ids["erased"]) == (["3"], ["2"], ["x:~0123456789abcdef"])
    assert ids["changed_text"][0] == "1" and ids["no_longer_matching"] == []
    for sums in found["topics"].values():
        assert sums["a"] + sums["gained"]["posts"] - sums["lost"]["posts"] == sums["b"]


def test_a_table_that_was_taken_out_is_told_beside_an_archive_too(filled: Database, out: Path) -> None:
    export(filled, out)
    manifest = json.loads((out / "manifest.json").read_bytes())
    del manifest["content"]["versions"]
    manifest["files"] = [one for one in manifest["files"] if one["path"] != "versions.jsonl"]
    (out / "versions.jsonl").unlink()
    (out / "manifest.json").write_text(json.dumps(manifest))
    report = verify(out, filled)
    assert not report.ok and "table versions" in said(report)
    assert report.archive["agrees"] and "versions" not in report.archive["tables"]
