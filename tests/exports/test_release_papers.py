"""The papers of real releases: other programs take them, and they are of the release beside them."""

import csv
import hashlib
import json
from datetime import timedelta
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
import yaml
from frictionless import Package

from core import times
from core.tables import CitationConfig
from db import archive, sources
from db.database import Database
from db.query import PostQuery
from exports import release, tables, verify
from exports.order import Order
from exports.papers import recipes
from exports.papers.about import About
from exports.sampling import Sample
from tests.conftest import NOW
from tests.exports.conftest import seen
from tests.exports.papers.made import FORMATS
from tests.exports.papers.test_card import ran
from tests.exports.papers.test_loading import loaded

FORMS = ["csv", "jsonl", "parquet"]


def export(database: Database, out: Path, format_: str, q: str = "", **more: Any) -> Any:
    return release.export(database, Order.build(PostQuery.build(q), format_, "public", **more), out)


def test_every_format_is_tried() -> None:
    assert FORMS == FORMATS


@pytest.mark.parametrize("format_", FORMS)
def test_datasets_loads_every_table_that_has_rows(filled: Database, out: Path, format_: str) -> None:
    manifest = export(filled, out, format_)["manifest"]
    rows = {name: said["rows"] for name, said in manifest["content"].items() if said["rows"]}
    found = loaded(out, *rows)
    assert {name: len(found[name][1]) for name in rows} == rows and found[""] == found["posts"]


def test_frictionless_finds_tables_and_keys_in_order(filled: Database, out: Path) -> None:
    export(filled, out, "csv")
    report = Package(str(out / "datapackage.json")).validate()
    assert [error.message for task in report.tasks for error in task.errors] == []
    assert len(report.tasks) == 6


@pytest.mark.parametrize("format_", FORMS)
def test_papers_fit_whichever_tables_were_chosen(filled: Database, tmp_path: Path, format_: str) -> None:
    names = tuple(tables.every(()))
    for chosen in [(name,) for name in names] + list(combinations(names, 2)):
        out = tmp_path / "-".join(chosen)
        manifest = export(filled, out, format_, tables=chosen)["manifest"]
        assert {name for name in manifest["counts"] if name in names} == set(chosen)
        package = json.loads((out / "datapackage.json").read_bytes())
        assert [resource["name"] for resource in package["resources"]] == list(chosen)
        page = (out / "README.md").read_text("utf-8")
        told = {name for name in names if f"{name}.{format_}" in page}
        assert told == set(chosen), "files that are not there are not told of"
        assert ("rehydrate.md" in page) == (out / "rehydrate.md").exists() == (chosen != ("runs",)), chosen
        assert verify.verify(out, filled, lambda: b"").ok, chosen


@pytest.mark.parametrize("name", tables.every(()))
def test_frictionless_takes_each_table_alone(filled: Database, out: Path, name: str) -> None:
    export(filled, out, "csv", tables=[name])
    report = Package(str(out / "datapackage.json")).validate()
    assert [error.message for task in report.tasks for error in task.errors] == [] and len(report.tasks) == 1


def test_a_table_alone_says_how_large_it_is_and_nothing_of_the_others(filled: Database, out: Path) -> None:
    export(filled, out, "csv", tables=["runs"])
    page = (out / "README.md").read_text("utf-8")
    assert "- n<1K" in page or '"n<1K"' in page
    assert "4 found; the table posts was not chosen" in page
    for words in ("created_at_precision", "text_sha256", "deleted_at", "## Tags", "`sightings`", "rights"):
        assert words not in page, words


def test_a_release_without_rows_has_nothing_to_be_read(filled: Database, out: Path) -> None:
    export(filled, out, "jsonl", "nobodywrotethis", tables=["posts"])
    page = (out / "README.md").read_text("utf-8")
    assert "pandas" not in page and "No table has rows." in page


@pytest.mark.parametrize("format_", ["jsonl", "parquet"])
def test_the_recipe_agrees_with_the_manifest(filled: Database, out: Path, format_: str) -> None:
    manifest = export(filled, out, format_)["manifest"]
    recipe = recipes.content(About(manifest, {"posts": None}, (), (), CitationConfig()))  # type: ignore[dict-item]
    assert recipe and ran(recipe, out).strip() == "True" and ran(recipes.FILES, out) == ""


def test_a_sample_describes_its_sheet(filled: Database, out: Path) -> None:
    export(filled, out, "jsonl", "reform", sample=Sample.build(2, "topic,lang", 7))
    package = json.loads((out / "datapackage.json").read_bytes())
    (sheet,) = [resource for resource in package["resources"] if resource["path"] == "labels.csv"]
    with (out / "labels.csv").open(encoding="utf-8", newline="") as file:
        assert [field["name"] for field in sheet["schema"]["fields"]] == next(csv.reader(file))
    assert sheet["hash"] == "sha256:" + hashlib.sha256((out / "labels.csv").read_bytes()).hexdigest()
    page = (out / "README.md").read_text("utf-8")
    assert "2 of 4 posts, spread over topic, lang, by the seed 7" in page and "| `labels.csv` | 2 |" in page
    assert "--sample 2 --stratify topic,lang --seed 7" in page
    assert "| `label_reform` |" in (out / "codebook.md").read_text("utf-8")


def test_the_command_in_it_builds_the_same_bytes(filled: Database, out: Path, tmp_path: Path) -> None:
    done = export(filled, out, "csv", "reform", columns=["text", "tags.topic"])
    page = (out / "README.md").read_text("utf-8")
    assert "kle export reform --format csv --out DIR" in page
    assert "--columns posts.text" in page and "--columns tags.topic" in page
    again = Order.build(
        PostQuery.build("reform", as_of=done["manifest"]["as_of"]), "csv", "public",
        tables=["posts,tags,versions,metrics,sightings,runs"], columns=["posts.text", "tags.topic"],
    )  # fmt: skip
    release.export(filled, again, tmp_path / "again")
    one, two = ({p.name: p.read_bytes() for p in place.iterdir()} for place in (out, tmp_path / "again"))
    assert one == two


def test_citation_says_the_version_of_this_release(filled: Database, out: Path) -> None:
    manifest = export(filled, out, "csv")["manifest"]
    said = yaml.safe_load((out / "CITATION.cff").read_text("utf-8"))
    assert said["version"].startswith(manifest["as_of"]) and said["version"] in (out / "README.md").read_text(
        "utf-8"
    )
    assert said["date-released"] == manifest["as_of"][:10]


def test_nothing_is_promised_of_a_moment_that_the_archive_has_not_passed(filled: Database, tmp_path: Path) -> None:
    order = Order.build(PostQuery.build("", as_of="2999-01-01"), "jsonl", "public")
    head = release.export(filled, order, tmp_path / "later")["manifest"]["archive"]
    page, cited = ((tmp_path / "later" / name).read_text("utf-8") for name in ("README.md", "CITATION.cff"))
    stood = f"the archive's ledger stood at line {head['line']} of {head['at']} then"
    assert stood in cited and page.count(stood) == 2
    assert "Until that moment has passed the same command may give more." in page
    assert yaml.safe_load(cited)["date-released"] == head["at"][:10]
    now = Order.build(PostQuery.build("", as_of=head["at"]), "jsonl", "public")
    release.export(filled, now, tmp_path / "now")
    assert "may give more" not in (tmp_path / "now" / "README.md").read_text("utf-8")


def test_an_empty_release_says_so(filled: Database, out: Path) -> None:
    release.export(filled, Order.build(PostQuery.build("", as_of="1990-01-01"), "csv", "public"), out)
    assert "**This release is empty**" in (out / "README.md").read_text("utf-8")
    said = yaml.safe_load((out / "CITATION.cff").read_text("utf-8"))
    assert "It is empty." in said["abstract"] and said["date-released"] == "1990-01-01"


def test_a_post_without_a_date_is_in_no_span_of_time(database: Database, out: Path) -> None:
    with database.write() as session:
        source = sources.import_source(session, NOW)
        assert source.id
        run = sources.start_run(session, source.id, NOW)
        archive.archive(session, source, run, [seen(1, "Dated."), seen(2, "Undated.", created_at=None)], None, NOW)
    counts = export(database, out, "jsonl")["manifest"]["counts"]
    assert counts["posts"] == 2 and counts["first"] == counts["last"] == times.text(NOW - timedelta(days=399))


def test_an_internal_release_says_what_it_may_hold(filled: Database, out: Path) -> None:
    release.export(filled, Order.build(PostQuery.build(""), "jsonl", "internal"), out)
    assert "This copy may hold texts" in (out / "README.md").read_text("utf-8")
