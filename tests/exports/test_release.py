"""A release says what it holds and withholds, opens elsewhere, and is the same for the same archive."""

import errno
import hashlib
import json
import zipfile
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pandas
import pytest

from core import plugins, times
from core.errors import BadRequest, QueryError
from core.post import Account, Media, View
from core.tables import ActorConfig
from db import archive, corrections, credentials, directory, ledger, posts, sources
from db.database import Database
from db.erasing.erase import Why, erase
from db.query import PostQuery
from exports import papers, release, tables
from exports.order import Order
from exports.rows import Rows
from tests.conftest import NOW
from tests.exports.conftest import POSTS, X_ID, seen

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
        "text", "media", "links", "metrics", "tags.evidence",
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
    nested = {name: {field.name for field in table.fields} for name, table in tables.every(("reform",)).items()}
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


@pytest.mark.parametrize("format_", FORMATS)
def test_an_archive_without_a_taxonomy_has_no_columns_of_topics(
    database: Database, out: Path, format_: str
) -> None:
    with database.write() as session:
        source = sources.import_source(session, NOW)
        assert source.id
        archive.archive(session, source, sources.start_run(session, source.id, NOW), POSTS, None, NOW)
    assert export(database, out, format_)["manifest"]["topics"] == []
    assert len(frame(out, "posts")) == 4 and not any("topics" in name for name in frame(out, "posts").columns)


@pytest.mark.parametrize("format_", FORMATS)
def test_only_the_tables_and_columns_that_were_chosen(filled: Database, out: Path, format_: str) -> None:
    chosen = {"tables": ["posts,tags"], "columns": ["text,account.handle", "topics.reform", "tags.topic"]}
    order = Order.build(PostQuery.build(""), format_, **chosen)
    said = release.export(filled, order, out)
    assert said["manifest"]["tables"] == {"posts": ["text", "account.handle", "topics.reform"], "tags": ["topic"]}
    assert sorted(p.stem for p in out.iterdir() if p.suffix == f".{format_}") == ["posts", "tags"]
    assert set(frame(out, "tags").columns) == {"id", "topic"}
    flat = {"id", "text", "account_handle", "topics_reform_probability", "topics_reform_decision"}
    assert set(frame(out, "posts").columns) == (flat if format_ == "csv" else {"id", "text", "account", "topics"})


@pytest.mark.parametrize(
    ("chosen", "said"),
    [
        ({"tables": ["postings"]}, "there is no table 'postings'; there are posts, tags"),
        ({"columns": ["txet"]}, "there is no column of posts 'txet'; there are id, platform"),
        ({"columns": ["account.hand"]}, "there is no column of posts 'account.hand'; there are platform, handle"),
        ({"columns": ["topics.nonsense"]}, "there is no column of posts 'topics.nonsense'; there are reform"),
        ({"tables": ["tags"], "columns": ["text"]}, "posts is not among the tables"),
    ],
)
def test_what_there_is_not_is_said_with_what_there_is(filled: Database, out: Path, chosen: Any, said: str) -> None:
    with pytest.raises(BadRequest, match=said):
        export(filled, out, **chosen)
    assert not out.exists()


def test_an_export_that_is_stopped_leaves_nothing(filled: Database, out: Path) -> None:
    with pytest.raises(release.Stopped):
        release.export(filled, Order.build(PostQuery.build(""), "csv"), out, going=lambda: False)
    assert not out.exists()


def test_a_former_release_stays_where_the_new_one_fails(filled: Database, out: Path) -> None:
    export(filled, out)
    before = {p.name: p.read_bytes() for p in out.iterdir()}
    with pytest.raises(release.Stopped):
        release.export(filled, Order.build(PostQuery.build(""), "csv"), out, force=True, going=lambda: False)
    assert {p.name: p.read_bytes() for p in out.iterdir()} == before


def test_a_zip_has_the_same_files_and_is_the_same_each_time(filled: Database, tmp_path: Path) -> None:
    for name in ("one", "two"):
        export(filled, tmp_path / name, "parquet", zip=True)
    assert (tmp_path / "one.zip").read_bytes() == (tmp_path / "two.zip").read_bytes()
    with zipfile.ZipFile(tmp_path / "one.zip") as packed:
        held = {name: packed.read(name) for name in packed.namelist()}
    assert held == {p.name: p.read_bytes() for p in (tmp_path / "one").iterdir()}


def test_handles_of_no_institution_get_names_that_only_the_key_gives(filled: Database, tmp_path: Path) -> None:
    with filled.write() as session:
        directory._put(session, directory.Actor, "slug", {"slug": "office", "name": "The office"})
        of_x = directory._account.c.platform == "x"
        session.execute(directory._account.update().where(of_x).values(actor_id=1))
    for name, key in (("one", b"k" * 32), ("same", b"k" * 32), ("other", b"o" * 32)):
        export(filled, tmp_path / name, "jsonl", "internal", pseudonyms=key)
    one, same, other = (
        {r["id"]: r for r in map(json.loads, (tmp_path / name / "posts.jsonl").read_text().splitlines())}
        for name in ("one", "same", "other")
    )
    first, office = "mastodon:office.example/1", f"x:{X_ID}"
    assert one == same and one[first]["account"]["handle"] != other[first]["account"]["handle"]
    assert one[first]["account"]["handle"].startswith("~") and one[first]["account"]["name"] is None
    assert one[first]["url"] is None and one[office]["account"]["handle"] == "@office"
    said = json.loads((tmp_path / "one" / "manifest.json").read_bytes())["pseudonyms"]
    assert said["accounts"] == 1 and len(said["key"]) == 8
    written = b"".join(p.read_bytes() for p in (tmp_path / "one").iterdir())
    assert b"press@mastodon" not in written


def test_a_topic_counts_once_a_post_whatever_many_models_say() -> None:
    rows = Rows({}, ["reform"], "internal")
    said = [{"topic": "reform", "decision": "tagged", "model": model} for model in ("a", "b")]
    post = {"synthetic": False, "lang": "en", "platform": "x", "created_at": "2026-01-01T00:00:00Z",
            "created_at_precision": "second", "tags": said}  # fmt: skip
    rows._count([post], said)
    assert rows.counts()["topics"] == {"reform": 1}


def test_no_address_of_a_post_names_whom_its_pseudonym_hides(filled: Database, tmp_path: Path) -> None:
    whose = Account("mastodon", "@JoeSecret@m.example", "Joe")
    kept = "https://a.example/joesecretary"
    naming = (
        "https://m.example/@joesecret/8",
        "https://m.example/%40Joe%53ecret",
        "https://r.example/?u=%2540JOESECRET",
    )
    shown = seen(
        9,
        "hello",
        url=naming[0],
        links=(*naming, kept),
        repeats="mastodon:joesecret/1",
        media=(Media("image", "https://m.example/joesecret/1.jpg"), Media("image", "https://m.example/2.jpg")),
    )
    shown = replace(shown, account=whose)
    quoted = replace(shown, view=View.QUOTE, embedded_in="https://paper.example/on-JoeSecret")
    with filled.write() as session:
        source = sources.import_source(session, NOW)
        run = sources.start_run(session, source.id or 0, NOW)
        for number, one in enumerate((shown, quoted, replace(shown, text="hello again"))):
            archive.archive(session, source, run, [one], None, NOW + timedelta(hours=3 + number))
    export(filled, tmp_path / "one", "jsonl", "internal", pseudonyms=b"k" * 32)
    written = {p.name: p.read_text() for p in (tmp_path / "one").iterdir()}
    for name, text in written.items():
        assert "joesecret" not in text.lower().replace(kept, ""), name
    rows = [r for r in map(json.loads, written["posts.jsonl"].splitlines()) if r["text"] == "hello again"]
    assert [(r["links"], r["repeats"], len(r["media"])) for r in rows] == [([kept], None, 1)]
    told = [json.loads(line) for line in written["versions.jsonl"].splitlines() if "hello" in line]
    assert [(v["links"], len(v["media"])) for v in told] == [([kept], 1)] * 2


def test_a_zip_that_is_there_is_not_replaced(filled: Database, out: Path) -> None:
    other = out.with_name(f"{out.name}.zip")
    other.write_bytes(b"my own")
    with pytest.raises(BadRequest, match="--force"):
        export(filled, out, zip=True)
    assert other.read_bytes() == b"my own" and not out.exists()
    assert export(filled, out, zip=True, force=True)["zip"]["bytes"] == other.stat().st_size


def test_two_exports_to_one_folder_never_mix(filled: Database, out: Path) -> None:
    def another(count: int) -> None:
        with pytest.raises(BadRequest, match="another export is writing"):
            export(filled, out, "jsonl", q="reform")

    release.export(filled, Order.build(PostQuery.build(""), "jsonl"), out, progress=another)
    said = json.loads((out / "manifest.json").read_bytes())
    assert (said["query"], len((out / "posts.jsonl").read_bytes().splitlines())) == ("", 4)


def test_what_came_to_its_place_meanwhile_stays(filled: Database, out: Path) -> None:
    def thesis(count: int) -> None:
        out.mkdir(exist_ok=True)
        (out / "thesis.txt").write_text("mine")

    with pytest.raises(BadRequest, match="no release"):
        release.export(filled, Order.build(PostQuery.build(""), "csv"), out, progress=thesis)
    assert (out / "thesis.txt").read_text() == "mine"


def test_what_a_killed_export_left_goes_with_the_next_of_its_name(filled: Database, out: Path) -> None:
    left = out.with_name(".release.unfinished")
    left.mkdir()
    (left / "posts.csv").write_text("half")
    export(filled, out, "jsonl")
    assert not left.exists() and not (out / "posts.csv").exists() and not (out / ".lock").exists()


def test_a_zip_of_another_maker_stays_where_it_is(filled: Database, out: Path) -> None:
    out.with_name("release.zip").write_text("mine")
    with pytest.raises(BadRequest, match="--force"):
        export(filled, out, zip=True)
    assert not out.exists() and out.with_name("release.zip").read_text() == "mine"
    out.with_name("release.zip").unlink()
    out.with_name("release.zip").mkdir()
    with pytest.raises(BadRequest, match="is a folder"):
        export(filled, out, zip=True, force=True)
    assert not out.exists()


@pytest.mark.parametrize("q", [
    "from:@office", "from:OFFICE", "talks OR from:@office", "-from:@office", "reform -(talks from:@office)",
    "from:@nobody,@office",
])  # fmt: skip
def test_a_query_may_not_name_whom_pseudonyms_hide(filled: Database, out: Path, q: str) -> None:
    with pytest.raises(BadRequest, match=r"names @office .*pseudonyms would hide: leave one of the two out"):
        export(filled, out, q=q, pseudonyms=b"k" * 32)
    assert not out.exists()
    export(filled, out, q=q)


def test_a_query_may_name_an_office_and_whom_nobody_hides(filled: Database, tmp_path: Path) -> None:
    with filled.write() as session:
        directory._put_actor(session, ActorConfig(slug="office", name="Office", accounts=["x:@office"]))
    for name, q in (("one", "from:@office"), ("two", "from:@nobody")):
        export(filled, tmp_path / name, q=q, pseudonyms=b"k" * 32)
