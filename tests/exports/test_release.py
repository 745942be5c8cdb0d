"""A release says what it holds and withholds, opens elsewhere, and is the same for the same archive."""

import errno
import hashlib
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pandas
import pytest

from core import plugins, times
from core.errors import BadRequest, QueryError
from db import corrections, credentials, ledger, posts
from db.database import Database
from db.erasing.erase import Why, erase
from db.query import PostQuery
from exports import papers, release, tables
from exports.order import Order
from tests.conftest import NOW
from tests.exports.conftest import X_ID

FORMATS = sorted(plugins.load("exports.formats"))
TABLES = tuple(tables.every(()))
PAPERS = ("README.md", "datapackage.json", "CITATION.cff", "codebook.md", "models.md", "rehydrate.md")
ROWS = {"posts": 4, "tags": 4, "versions": 5, "metrics": 1, "sightings": 4, "runs": 1}


def export(
    database: Database, out: Path, format_: str = "csv", audience: Any = "public", q: str = "", *,
    force: bool = False, as_of: str = "", **more: Any,
) -> Any:  # fmt: skip
    order = Order.build(PostQuery.build(q, as_of=as_of), format_, audience, **more)
    return release.export(database, order, out, force=force)


def frame(out: Path, name: str) -> pandas.DataFrame:
    if (out / f"{name}.csv").exists():
        return pandas.read_csv(out / f"{name}.csv")
    if (out / f"{name}.parquet").exists():
        return pandas.read_parquet(out / f"{name}.parquet")
    return pandas.read_json(out / f"{name}.jsonl", lines=True, dtype=False)


@pytest.mark.parametrize("format_", FORMATS)
def test_every_format_holds_the_same_rows_and_papers(filled: Database, out: Path, format_: str) -> None:
    said = export(filled, out, format_)
    assert {p.name for p in out.iterdir()} == {release.MANIFEST, *PAPERS, *(f"{name}.{format_}" for name in TABLES)}
    assert {f["path"]: f["rows"] for f in said["files"] if f["rows"] is not None} == {
        f"{name}.{format_}": count for name, count in ROWS.items()
    }
    assert {name: len(frame(out, name)) for name in TABLES} == ROWS


@pytest.mark.parametrize("format_", FORMATS)
def test_digests_and_sizes_are_those_of_the_files(filled: Database, out: Path, format_: str) -> None:
    for file in export(filled, out, format_)["files"]:
        content = (out / file["path"]).read_bytes()
        assert (len(content), hashlib.sha256(content).hexdigest()) == (file["bytes"], file["sha256"])
    manifest = json.loads((out / "manifest.json").read_bytes())
    assert {f["path"] for f in manifest["files"]} == {p.name for p in out.iterdir()} - {"manifest.json"}


@pytest.mark.parametrize("format_", FORMATS)
def test_same_archive_gives_the_same_bytes(filled: Database, tmp_path: Path, format_: str) -> None:
    for name in ("one", "two"):
        export(filled, tmp_path / name, format_)
    one, two = ({p.name: p.read_bytes() for p in (tmp_path / name).iterdir()} for name in ("one", "two"))
    assert one == two


def test_text_from_x_stays_with_the_operator(filled: Database, out: Path) -> None:
    said = export(filled, out, "csv", "public")
    for name in TABLES:
        assert "Only X may show" not in (out / f"{name}.csv").read_text("utf-8")
    assert [(w["policy"], w["platform"], w["posts"]) for w in said["withheld"]] == [("ids", "x", 1)]
    assert "X" in said["withheld"][0]["why"] and said["withheld"][0]["why"] in (out / "README.md").read_text(
        "utf-8"
    )
    assert said["withheld"][0]["fields"] == [
        "text", "media", "links", "metrics", "account.name", "tags.evidence",
    ]  # fmt: skip
    posts_, tags, versions = (frame(out, name).set_index("id") for name in ("posts", "tags", "versions"))
    own = f"x:{X_ID}"
    assert pandas.isna(posts_.loc[own, "text"]) and posts_.loc[own, "rights_text_withheld"]
    assert pandas.isna(versions.loc[own, "text"]) and len(versions.loc[own, "text_sha256"]) == 64
    assert pandas.isna(tags.loc[own, "evidence_start"]) and tags.loc[own, "probability"] == 0.9
    quoted = posts_.loc["x:~0123456789abcdef"]
    assert quoted["text"] == "Quoted by a paper on reform." and quoted["rights_policy"] == "quotation"


def test_operators_own_copy_holds_everything(filled: Database, out: Path) -> None:
    said = export(filled, out, "csv", "internal")
    assert said["withheld"] == [] and "Nothing: it is the operator" in (out / "README.md").read_text("utf-8")
    assert "Only X may show this reform text." in (out / "posts.csv").read_text("utf-8")


def test_pandas_reads_the_right_types(filled: Database, out: Path) -> None:
    export(filled, out)
    read = pandas.read_csv(out / "posts.csv", parse_dates=["created_at", "changed_at"]).set_index("platform_id")
    assert read["synthetic"].dtype == bool and read["is_kle"].dtype == bool
    assert read["versions"].dtype == int and str(read["changed_at"].dtype).startswith("datetime64")
    first, second = read.loc["office.example/1"], read.loc["office.example/2"]
    assert first["text"] == 'Talks on "reform", line one\nline two; ئاسایش و سەقامگیری'
    assert first["account_name"] == 'Press "office", north'
    assert json.loads(first["links"]) == ["https://a.example", "https://b.example"]
    assert (second["metrics_likes"], second["versions"], second["synthetic"]) == (3, 2, True)
    assert pandas.isna(second["metrics_reposts"])


def test_columns_are_the_names_of_the_api(filled: Database) -> None:
    with filled.read() as session:
        post = posts.page(session, PostQuery.build("")).items[0]
        version = posts.versions(session, post["id"])[0]
    nested = {name: {field.name for field in table.fields} for name, table in tables.every(()).items()}
    assert nested["posts"] == {*post, "rights", "topics", "text_sha256"} - {"erasure"}, "an erased post has no row"
    assert nested["versions"] == {*version, "id", "erased_at", "erased_cause"} - {"tags", "diff", "attached"}
    assert nested["tags"] == {*version["tags"][0], "id", "version"}
    assert nested["sightings"] == {*post["sightings"][0], "id"}


@pytest.mark.parametrize("format_", FORMATS)
@pytest.mark.parametrize("audience", ["public", "internal"])
def test_a_correction_is_in_the_tables_and_its_author_in_the_operator_s_copy_alone(
    filled: Database, out: Path, format_: str, audience: str
) -> None:
    with filled.write() as session:
        key, _ = credentials.issue(session, "key", "analyst in office", ["annotate"], NOW)
        said = corrections.Author(key, "analyst in office")
        corrections.put(session, f"x:{X_ID}", "training", "not", "a remark", said, NOW + timedelta(hours=3))
        corrections.put(session, f"x:{X_ID}", "reform", "not", None, said, NOW + timedelta(hours=3))
    export(filled, out, format_, audience, "platform:x")
    rows = frame(out, "tags").set_index(["topic", "decision"]).sort_index()
    person, model = rows.loc[("training", "not")], rows.loc[("reform", "tagged")]
    assert (person["by"], person["probability"], pandas.isna(person["model"])) == ("person", 0, True)
    assert set(model["by"]) == {"model"} and model["valid_to"].notna().sum() == 1  # the quoted post's holds
    written = b"".join(p.read_bytes() for p in out.iterdir())
    assert (b"a remark" in written, b"analyst in office" in written) == ((audience == "internal"),) * 2


def test_codebook_explains_every_column_and_topic(filled: Database, out: Path) -> None:
    export(filled, out)
    book = (out / "codebook.md").read_text("utf-8")
    columns = [column for name in TABLES for column in frame(out, name).columns]
    assert [column for column in columns if f"| `{column}` |" not in book] == []
    assert "Institutional reform of security forces." in book


def test_manifest_says_what_was_asked_and_where_the_archive_stood(filled: Database, out: Path) -> None:
    export(filled, out, q="reform")
    said = json.loads((out / "manifest.json").read_bytes())
    assert (said["query"], said["audience"], said["format"]) == ("reform", "public", "csv")
    counts = {**ROWS, "synthetic": 1, "erased": 0, "languages": {"en": 4}}
    assert {name: said["counts"][name] for name in counts} == counts
    assert [model["digest"] for model in said["models"]] == ["ab" * 32]
    with filled.read() as session:
        head = ledger.last(session)
    assert (said["archive"]["line"], said["archive"]["digest"]) == (head.seq, head.digest)
    assert said["as_of"] == said["archive"]["at"] == times.text(head.at), "no clock of the day"


def test_older_versions_and_tags_of_them_are_there(filled: Database, out: Path) -> None:
    export(filled, out)
    versions = frame(out, "versions").query("id == 'mastodon:office.example/2'")
    assert list(versions["change"]) == ["first", "edit"]
    assert list(versions["text"]) == ["A course ended.", "A course on reform ended."]


@pytest.mark.parametrize("force", [False, True])
def test_folder_that_holds_something_else_is_refused(filled: Database, out: Path, force: bool) -> None:
    out.mkdir()
    (out / "thesis.txt").write_text("mine")
    with pytest.raises(BadRequest, match="no release"):
        export(filled, out, force=force)
    assert (out / "thesis.txt").read_text() == "mine"


def test_former_release_gives_way_only_when_asked(filled: Database, out: Path) -> None:
    export(filled, out, "jsonl")
    with pytest.raises(BadRequest, match="--force"):
        export(filled, out)
    export(filled, out, force=True)
    assert not (out / "posts.jsonl").exists() and (out / "posts.csv").exists()


def test_failed_export_leaves_nothing_under_its_name(
    filled: Database, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr(papers, "write", broken)
    with pytest.raises(BadRequest, match="Read-only"):
        export(filled, out)
    assert not out.exists()


def test_unknown_name_in_the_query_leaves_nothing(filled: Database, out: Path) -> None:
    with pytest.raises(QueryError):
        export(filled, out, q="topic:nonsense")
    assert not out.exists()


def test_empty_selection_is_a_release_too(filled: Database, out: Path) -> None:
    said = export(filled, out, q="nothing-of-that-kind")
    assert said["files"][0]["rows"] == 0 and list(frame(out, "posts").columns)[:2] == ["id", "platform"]


def test_release_goes_back_into_an_archive_as_it_was(filled: Database, out: Path) -> None:
    export(filled, out, "jsonl", "internal")
    from core.post import from_json

    records = [json.loads(line) for line in (out / "posts.jsonl").read_text("utf-8").splitlines()]
    assert [from_json(r).id for r in records] == [r["id"] for r in records]


def test_an_erased_post_is_left_out_and_its_versions_keep_their_digests(filled: Database, out: Path) -> None:
    with filled.read() as session:
        before = posts.versions(session, "mastodon:office.example/2")
    with filled.write() as session:
        key = posts.key_of(session, "mastodon:office.example/2")
        erase(session, key, Why("request", "asked", "operator"), NOW)
    export(filled, out, "jsonl")
    rows = [json.loads(line) for line in (out / "versions.jsonl").read_text("utf-8").splitlines()]
    gone = [row for row in rows if row["erased"]]
    assert [(r["id"], r["text"], r["erased_cause"]) for r in gone] == [
        ("mastodon:office.example/2", None, "request")
    ] * 2
    assert [r["digest"] for r in gone] == [v["digest"] for v in before]
    assert "mastodon:office.example/2" not in (out / "posts.jsonl").read_text("utf-8")
    assert "A course" not in "".join(file.read_text("utf-8") for file in out.iterdir())
    assert json.loads((out / "manifest.json").read_bytes())["counts"]["erased"] == 1


def test_a_zip_that_is_there_is_not_replaced(filled: Database, out: Path) -> None:
    other = out.with_name(f"{out.name}.zip")
    other.write_bytes(b"my own")
    with pytest.raises(BadRequest, match="--force"):
        export(filled, out, zip=True)
    assert other.read_bytes() == b"my own" and not out.exists()
    assert export(filled, out, zip=True, force=True)["zip"]["bytes"] == other.stat().st_size
