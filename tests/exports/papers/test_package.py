"""datapackage.json describes each file so that Frictionless takes it, and takes nothing that does not fit."""

import json
from pathlib import Path
from typing import Any

import pytest
from frictionless import Package

from exports import papers, tables
from exports.batch import Options
from tests.exports.papers import made
from tests.exports.papers.made import FORMATS


def package(about: papers.About) -> Any:
    return json.loads(papers.written(about)["datapackage.json"])


def schema(about: papers.About, table: str) -> Any:
    return next(r["schema"] for r in package(about)["resources"] if r["name"] == table)


@pytest.mark.parametrize("bom", [False, True])
def test_frictionless_finds_every_csv_in_order(tmp_path: Path, bom: bool) -> None:
    told = made.about("csv")
    made.tables_of(told, tmp_path, Options(bom=bom))
    papers.write(told, tmp_path)
    report = Package(str(tmp_path / "datapackage.json")).validate()
    assert [error.message for task in report.tasks for error in task.errors] == []
    assert {task.name: task.stats.get("rows") for task in report.tasks if task.name != "metrics"} == {
        name: len(rows) for name, rows in made.ROWS.items() if name != "metrics"
    }


def test_frictionless_takes_the_nested_rows_and_follows_their_keys() -> None:
    descriptor = package(made.about())
    for resource in descriptor["resources"]:  # its reader of JSON Lines is an extra that nobody needs for this
        del resource["path"], resource["format"], resource["mediatype"], resource["encoding"]
        resource["data"] = made.ROWS[resource["name"]] or [{f["name"]: None for f in resource["schema"]["fields"]}]
    descriptor["resources"] = [r for r in descriptor["resources"] if made.ROWS[r["name"]]]
    report = Package.from_descriptor(descriptor).validate()
    assert [error.message for task in report.tasks for error in task.errors] == []
    assert len(report.tasks) == 5


@pytest.mark.parametrize(
    ("column", "value", "says"),
    [
        ("kind", "tweet", "enum"), ("versions", "0", "minimum"), ("versions", "many", "integer"),
        ("topics_reform_probability", "1.5", "maximum"), ("created_at", "yesterday", "datetime"),
        ("text_sha256", "", "required"), ("synthetic", "perhaps", "boolean"),
    ],
)  # fmt: skip
def test_frictionless_finds_what_does_not_fit(tmp_path: Path, column: str, value: str, says: str) -> None:
    made.released("csv", tmp_path)
    file = tmp_path / "posts.csv"
    head, *_ = file.read_text("utf-8").partition("\n")
    fields = schema(made.about("csv"), "posts")["fields"]
    row = {f["name"]: "" for f in fields} | {"id": "x:1", column: value}
    file.write_text(f"{head}\n{','.join(row[name] for name in head.split(','))}\n", "utf-8")
    (posts,) = [
        task for task in Package(str(tmp_path / "datapackage.json")).validate().tasks if task.name == "posts"
    ]
    assert any(says in error.message for error in posts.errors if getattr(error, "field_name", "") == column)


@pytest.mark.parametrize("format_", FORMATS)
def test_each_field_of_each_table_has_a_type_and_a_meaning(format_: str) -> None:
    told = made.about(format_)
    for name, table in told.tables.items():
        fields = schema(told, name)["fields"]
        names = [column for column, _, _ in told.columns(name)]
        assert [f["name"] for f in fields] == (sorted(names) if format_ == "jsonl" else names), "as in the file"
        assert all(f["type"] and f["description"] for f in fields)
        assert len(fields) == (len(table.columns()) if format_ == "csv" else len(table.fields))


def test_what_is_in_a_record_that_may_be_null_is_not_required_in_csv() -> None:
    told = made.about(
        "csv",
    )
    required = {f["name"] for f in schema(told, "posts")["fields"] if f.get("constraints", {}).get("required")}
    assert {"rights_policy", "id", "links"} <= required
    assert not required & {"account_handle", "topics_reform_decision", "metrics_likes", "text"}


def test_rows_lead_to_their_posts_unless_one_was_erased() -> None:
    whole = package(made.about())
    keys = {r["name"]: r["schema"].get("foreignKeys") for r in whole["resources"]}
    assert keys["tags"] == [{"fields": "id", "reference": {"resource": "posts", "fields": "id"}}]
    assert keys["posts"] is None and keys["runs"] is None
    erased = package(made.about(counts={**made.COUNTS, "erased": 1}))
    assert [r["name"] for r in erased["resources"] if "foreignKeys" in r["schema"]] == []


def test_a_key_that_was_not_chosen_is_no_key() -> None:
    told = made.about()
    fewer = tables.only(told.tables["versions"], {("id",): None, ("change",): None})
    about = papers.About(told.manifest, {"versions": fewer}, told.topics, told.cards, told.citation)
    said = schema(about, "versions")
    assert ([f["name"] for f in said["fields"]], "primaryKey" in said, "foreignKeys" in said) == (
        ["change", "id"], False, False,
    )  # fmt: skip
    assert schema(told, "versions")["primaryKey"] == ["id", "number"]


def test_licence_and_authors_are_those_of_the_operator() -> None:
    author = {"name": "Family", "given": "Given", "orcid": "0000-0002-1825-0097", "affiliation": "North"}
    said = package(made.about(citation={"licence": "ODbL-1.0", "authors": [author], "doi": "10.5281/zenodo.1"}))
    assert said["licenses"][0]["name"] == "ODbL-1.0" and said["id"] == "https://doi.org/10.5281/zenodo.1"
    assert said["contributors"] == [{
        "title": "Given Family", "role": "author", "path": "https://orcid.org/0000-0002-1825-0097",
        "organization": "North",
    }]  # fmt: skip
    unnamed = package(made.about())
    assert unnamed["licenses"][0]["name"] == "other"
    assert unnamed["contributors"] == [{"title": "Operator of this kle-monitor archive", "role": "author"}]


def test_sizes_and_digests_of_the_tables_stand_in_it_where_they_are_known() -> None:
    files = [{"path": "posts.jsonl", "rows": 4, "bytes": 7, "sha256": "ab" * 32}]
    posts, tags, *_ = package(made.about(files=files))["resources"]
    assert (posts["bytes"], posts["hash"], "bytes" in tags) == (7, f"sha256:{'ab' * 32}", False)
