"""Joining archives by their releases: what one archive exported stands in another one as it stood there."""

import re
import zipfile
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa
import pytest
from pyarrow import parquet as pq
from sqlalchemy import select

from collector.releases import opened
from core import times
from core.post import Account, Media, SeenPost, View
from db import archive, blobs, corrections, credentials, posts, sources
from db.database import Database
from db.erasing import due
from db.erasing.erase import Why, erase
from db.models import Blob, Metrics, Sighting, Topic
from db.moving.merging import merge
from db.proof import verify
from db.query import PostQuery
from db.upsert import insert_all, table
from exports import release
from exports.batch import Options
from exports.order import Order
from kle import importing
from tests import releases
from tests.conftest import NOW
from tests.releases import FORMATS


class Nothing:
    """A disk with room."""

    def check(self) -> None: ...


TOPICS = ("reform", "training")
OFFICE = Account("mastodon", "@press@office.example", "Press office")


def seen(number: int, text: str, **more: Any) -> SeenPost:
    made = {
        "url": f"https://office.example/{number}",
        "lang": "en",
        "created_at": NOW - timedelta(days=60 - number),
    }
    return SeenPost("mastodon", f"office.example/{number}", "post", OFFICE, text, **{**made, **more})


def entry(text: str, view: View, **more: Any) -> SeenPost:
    made = {"url": "https://paper.example/a", "view": view, "created_at": NOW - timedelta(days=50)}
    return SeenPost(
        "feed", "0123456789abcdef", "article", Account("feed", "paper.example"), text, **{**made, **more}
    )


def archived(database: Database, name: str, moment: Any, *some: SeenPost) -> None:
    with database.write() as session:
        source = sources.import_source(session, moment)
        known = sources.find(session, name)
        if known is None:
            source = type(source)(**{**source.model_dump(), "id": None, "name": name})
            session.add(source)
            session.flush()
        else:
            source = known
        run = sources.start_run(session, source.id or 0, moment)
        archive.archive(session, source, run, some, None, moment)


def topics(database: Database) -> None:
    rows = [{"slug": slug, "name": slug, "definition": slug, "position": n} for n, slug in enumerate(TOPICS)]
    with database.write() as session:
        insert_all(session, Topic, rows)


def filled(database: Database) -> None:
    """An edit, a deletion with return, counts over time, a post seen at two places, odd texts."""
    picture = Media("image", "https://office.example/1.jpg", "=Two people")
    hour = timedelta(hours=1)
    topics(database)
    archived(database, "office", NOW - 9 * hour,
             seen(1, "=Talks on reform", media=(picture,), links=("https://a.example/",), labels=("sensitive",)),
             seen(2, "'@office met", metrics={"likes": 1, "views": None}), seen(3, "Gone soon"), seen(4, ""),
             seen(5, "first, a\n\"line\"", synthetic=True, precision="day"), seen(6, "gone already", deleted=True),
             entry("A summary", View.ENTRY))  # fmt: skip
    archived(database, "office", NOW - 8 * hour, seen(1, "=Talks on reform, edited"), entry("The page", View.PAGE),
             seen(2, "'@office met", metrics={"likes": 5, "views": 9}), seen(3, "", deleted=True))  # fmt: skip
    archived(database, "paper", NOW - 7 * hour,
             seen(2, "'@office met", view=View.QUOTE, embedded_in="https://paper.example/a"),
             SeenPost("x", "~0123456789abcdef", "post", Account("x", "@office"), "Quoted by a paper on reform.",
                      created_at=NOW - timedelta(days=30), precision="day", view=View.QUOTE,
                      embedded_in="https://paper.example/a"))  # fmt: skip
    archived(database, "office", NOW - 6 * hour, seen(3, "Back again"), seen(1, "-Talks on reform, edited twice"))


@pytest.fixture
def other(tmp_path: Path) -> Iterator[Database]:
    """Archive A, on SQLite whatever B is on."""
    made = Database(f"sqlite:///{tmp_path / 'a.sqlite'}")
    made.migrate()
    filled(made)
    yield made
    made.close()


def taken(database: Database, path: Path) -> importing.Report:
    return importing.run(database, [path], lambda done, total: None, Nothing())  # type: ignore[arg-type]


def as_told(database: Database) -> dict[str, Any]:
    """Posts and versions by the API's forms, without what only this archive knows of them."""
    ours = ("first_seen_at", "changed_at", "deleted_at", "seen_until", "sightings", "tagging")
    with database.read() as session:
        found = {post["id"]: dict(post) for post in posts.page(session, PostQuery.build(""), limit=200).items}
        for name, post in found.items():
            post["gone"] = post["deleted_at"] is not None
            post["places"] = sorted({(s["url"], s["first_hand"]) for s in post["sightings"]})
            post["history"] = [_version(v) for v in posts.versions(session, name)]
            post["counted"] = posts.metrics(session, name)
            for field in ours:
                del post[field]
    return found


def _version(version: dict[str, Any]) -> dict[str, Any]:
    kept = ("number", "change", "text", "links", "media", "first_hand", "text_sha256", "erased", "diff", "attached")
    return {name: version[name] for name in kept}


@pytest.mark.parametrize("format_", FORMATS)
def test_each_format_brings_posts_with_all_their_versions_counts_and_places(
    database: Database, other: Database, tmp_path: Path, format_: str
) -> None:
    out = releases.export(other, tmp_path / "out", format_)
    report = taken(database, out)
    assert (report.posts_new, report.posts_changed, report.quarantined) == (8, 0, 0), report.reasons
    assert report.formats == {"release": 8}
    assert as_told(database) == as_told(other)
    with database.read() as session:
        assert verify.verify(session)["first_problem"] is None


@pytest.mark.parametrize("format_", FORMATS)
def test_the_same_release_again_and_one_of_ones_own_change_nothing(
    database: Database, other: Database, tmp_path: Path, format_: str
) -> None:
    out = releases.export(other, tmp_path / "out", format_)
    topics(database)
    taken(database, out)
    own = releases.export(database, tmp_path / "own", format_)
    before = everything(database)
    for again in (out, own):
        report = taken(database, again)
        assert (report.posts_new, report.posts_changed, report.posts_unchanged) == (0, 0, 8), report.reasons
    assert everything(database) == before


def everything(database: Database) -> dict[str, Any]:
    with database.read() as session:
        found = {post["id"]: post for post in posts.page(session, PostQuery.build(""), limit=200).items}
        seen_at = {model: list(session.execute(select(table(model)))) for model in (Sighting, Metrics)}
        return {"posts": found, "versions": {i: posts.versions(session, i) for i in found}, "rows": seen_at}


def version_of(database: Database, number: int) -> list[dict[str, Any]]:
    with database.read() as session:
        return posts.versions(session, f"mastodon:office.example/{number}")


def test_a_version_says_which_archive_saw_it_when_and_as_what(
    database: Database, other: Database, tmp_path: Path
) -> None:
    topics(database)
    taken(database, releases.export(other, tmp_path / "out", "csv"))
    there, here = version_of(other, 1), version_of(database, 1)
    said = orjson.loads((tmp_path / "out" / "manifest.json").read_bytes())
    assert [v["merged"]["digest"] for v in here] == [v["digest"] for v in there]
    assert [v["merged"]["seen_at"] for v in here] == [v["seen_at"] for v in there]
    assert [(v["merged"]["number"], v["merged"]["change"]) for v in here] == [
        (1, "first"),
        (2, "edit"),
        (3, "edit"),
    ]
    assert {v["merged"]["archive"] for v in here} == {said["archive"]["id"]}


def test_a_newer_release_brings_only_what_is_new(database: Database, other: Database, tmp_path: Path) -> None:
    topics(database)
    taken(database, releases.export(other, tmp_path / "one", "csv"))
    archived(other, "office", NOW, seen(1, "A fourth text"), seen(9, "A new post"))
    report = taken(database, releases.export(other, tmp_path / "two", "parquet"))
    assert (report.posts_new, report.posts_changed, report.posts_unchanged) == (1, 1, 7)
    assert as_told(database) == as_told(other)


def test_what_another_archive_saw_before_our_last_look_is_late(
    database: Database, other: Database, tmp_path: Path
) -> None:
    topics(database)
    archived(database, "here", NOW - timedelta(hours=5), seen(1, "What stands there now"))
    report = taken(database, releases.export(other, tmp_path / "out", "jsonl"))
    assert report.posts_changed == 1
    history = version_of(database, 1)
    assert [v["change"] for v in history] == ["first", "late", "late", "late"]
    assert [v["text"] for v in history][1:] == [v["text"] for v in version_of(other, 1)]
    with database.read() as session:
        assert posts.get(session, "mastodon:office.example/1")["text"] == "What stands there now"
        assert verify.verify(session)["first_problem"] is None


def test_what_was_erased_here_stays_erased_and_its_words_lie_in_no_capture(
    database: Database, other: Database, tmp_path: Path
) -> None:
    topics(database)
    out = releases.export(other, tmp_path / "out", "csv")
    taken(database, out)
    for number, cause in ((1, "request"), (2, "deleted")):
        with database.write() as session:
            key = posts.key_of(session, f"mastodon:office.example/{number}")
            erase(session, key, Why(cause, "asked for", "a person"), NOW)
    report = taken(database, out)
    assert (report.posts_forgotten, report.posts_new, report.posts_changed) == (2, 0, 0)
    assert all(v["erased"] for number in (1, 2) for v in version_of(database, number))
    with database.read() as session:
        bodies = [blobs.opened(row) or b"" for row in session.execute(select(table(Blob))).mappings()]
    assert len(bodies) == 1 and b"reform" not in bodies[0]


def test_an_erased_version_brings_no_text(database: Database, other: Database, tmp_path: Path) -> None:
    topics(database)
    with other.write() as session:
        key = posts.key_of(session, "mastodon:office.example/1")
        erase(session, key, Why("request", "asked for", "a person"), NOW)
    report = taken(database, releases.export(other, tmp_path / "out", "csv"))
    assert report.posts_new == 7 and "mastodon:office.example/1" not in as_told(database)
    assert any("only erased versions" in remark for remark in report.remarks)


@pytest.mark.parametrize("format_", FORMATS)
def test_withheld_texts_are_refused_one_by_one_and_the_rest_goes_in(
    database: Database, other: Database, tmp_path: Path, format_: str
) -> None:
    topics(database)
    archived(other, "office", NOW, SeenPost("x", "1957400000000000000", "post", Account("x", "@office"), "X alone"))
    report = taken(database, releases.export(other, tmp_path / "out", format_, "public"))
    assert (report.posts_new, report.quarantined) == (8, 1)
    assert "withheld" in report.reasons[0]


def test_a_pseudonym_gives_way_to_the_name_and_never_takes_its_place(
    database: Database, other: Database, tmp_path: Path
) -> None:
    topics(database)
    public = releases.export(other, tmp_path / "public", "csv", "public", pseudonyms=b"k" * 32)
    taken(database, public)
    with database.read() as session:
        handle = posts.get(session, "mastodon:office.example/1")["account"]["handle"]
    assert handle.startswith("~")
    taken(database, releases.export(other, tmp_path / "internal", "csv"))
    taken(database, public)
    with database.read() as session:
        assert posts.get(session, "mastodon:office.example/1")["account"]["handle"] == OFFICE.handle
        assert verify.verify(session)["first_problem"] is None
    before = everything(other)
    assert taken(other, public).posts_changed == 0
    assert everything(other) == before


@pytest.mark.parametrize("format_", FORMATS)
def test_a_zip_is_read_as_its_folder_is(database: Database, other: Database, tmp_path: Path, format_: str) -> None:
    topics(database)
    releases.export(other, tmp_path / "out", format_, zip=True)
    report = taken(database, tmp_path / "out.zip")
    assert report.posts_new == 8 and as_told(database) == as_told(other)


@pytest.mark.parametrize("format_", FORMATS)
def test_posts_alone_come_in_as_they_are_shown(
    database: Database, other: Database, tmp_path: Path, format_: str
) -> None:
    topics(database)
    out = releases.export(other, tmp_path / "out", format_)
    report = taken(database, out / f"posts.{format_}")
    here, there = as_told(database), as_told(other)
    assert report.posts_new == 8
    for name in ("text", "account", "media", "links", "metrics", "labels", "gone", "places", "created_at"):
        assert {i: p[name] for i, p in here.items()} == {i: p[name] for i, p in there.items()}, name
    for other_table in ("tags", "versions", "metrics", "sightings", "runs"):
        refused = taken(database, out / f"{other_table}.{format_}")
        assert refused.posts_new == 0
        empty = (out / f"{other_table}.{format_}").stat().st_size == 0 or other_table == "tags"
        assert empty or "posts are in the file posts beside it" in refused.reasons[0], other_table


def test_cells_that_were_made_harmless_are_read_back_and_raw_ones_left(
    database: Database, other: Database, tmp_path: Path
) -> None:
    topics(database)
    made = releases.export(other, tmp_path / "made", "csv")
    raw = releases.export(other, tmp_path / "raw", "csv", csv=Options(raw=True))
    assert b"''@office met" in (made / "posts.csv").read_bytes()
    assert b"''@office met" not in (raw / "posts.csv").read_bytes()
    for number, named in enumerate((raw, raw / "posts.csv", made / "posts.csv")):
        taken(database, named)
        assert {i: p["text"] for i, p in as_told(database).items()} == {
            i: p["text"] for i, p in as_told(other).items()
        }, number


def test_a_changed_file_is_refused_and_so_is_a_changed_text(
    database: Database, other: Database, tmp_path: Path
) -> None:
    topics(database)
    out = releases.export(other, tmp_path / "out", "csv")
    releases.changed(out, "versions.csv", b"Gone soon", b"Gone late", honestly=False)
    report = taken(database, out)
    assert (report.posts_new, report.quarantined) == (0, 1) and "SHA-256" in report.reasons[0]
    releases.changed(out, "posts.csv", b"The page", b"The pages")
    report = taken(database, out / "posts.csv")
    assert (report.posts_new, report.quarantined) == (7, 1) and "text_sha256" in report.reasons[0]


def test_a_manifest_larger_than_any_is_not_read(
    database: Database, other: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    topics(database)
    out = releases.export(other, tmp_path / "out", "jsonl")
    monkeypatch.setattr(opened, "_MOST_SAID", (out / "manifest.json").stat().st_size - 1)
    assert opened.said(out / "manifest.json") is None
    monkeypatch.setattr(opened, "_MOST_SAID", (out / "manifest.json").stat().st_size)
    assert opened.said(out / "manifest.json")["release"] == 1


def test_what_is_no_sound_zip_is_refused_with_the_reason(
    database: Database, other: Database, tmp_path: Path
) -> None:
    releases.export(other, tmp_path / "out", "jsonl", zip=True)
    whole = (tmp_path / "out.zip").read_bytes()
    (tmp_path / "cut.zip").write_bytes(whole[: len(whole) // 2])
    with zipfile.ZipFile(tmp_path / "foreign.zip", "w") as packed:
        packed.writestr("data/tweets.js", "window.YTD.tweets.part0 = []")
    locked = bytearray(whole)
    for entry_ in re.finditer(rb"PK\x01\x02", whole):
        locked[entry_.start() + 8] |= 1
    (tmp_path / "locked.zip").write_bytes(locked)
    reasons = {"cut.zip": "damaged", "foreign.zip": "no release", "locked.zip": "encrypted"}
    for name, reason in reasons.items():
        assert reason in taken(database, tmp_path / name).reasons[0]


def test_the_word_of_a_person_comes_with_an_internal_release(
    database: Database, other: Database, tmp_path: Path
) -> None:
    topics(database)
    with other.write() as session:
        number, _ = credentials.issue(session, "key", "the desk", ["annotate"], NOW)
        author = corrections.Author(number, "the desk")
        corrections.put(session, "mastodon:office.example/1", "reform", "tagged", "says so", author, NOW)
    taken(database, releases.export(other, tmp_path / "public", "csv", "public"))
    with database.read() as session:
        assert posts.get(session, "mastodon:office.example/1")["tags"] == []
    out = releases.export(other, tmp_path / "internal", "parquet")
    taken(database, out)
    with database.read() as session:
        (tag,) = posts.get(session, "mastodon:office.example/1")["tags"]
        assert (tag["topic"], tag["decision"], tag["by"]) == ("reform", "tagged", "person")
        assert tag["correction"]["name"] == "the desk" and tag["correction"]["note"] == "says so"
        assert verify.verify(session)["first_problem"] is None
    before = everything(database)
    taken(database, out)
    assert everything(database) == before


def test_a_word_from_a_release_counts_from_the_import_on(
    database: Database, other: Database, tmp_path: Path
) -> None:
    """A release as of a moment before is the same after it."""
    filled(database)
    with other.write() as session:
        number, _ = credentials.issue(session, "key", "the desk", ["annotate"], NOW)
        author = corrections.Author(number, "the desk")
        corrections.put(session, "mastodon:office.example/1", "reform", "tagged", "says so", author, NOW)
    moment = NOW + timedelta(hours=1)
    made = []
    for name in ("before", "after"):
        order = Order.build(PostQuery.build("", as_of=times.text(moment)), "jsonl", "internal")
        made.append(release.export(database, order, tmp_path / name)["manifest"])
        taken(database, releases.export(other, tmp_path / f"out-{name}", "jsonl"))
    assert made[0]["content"] == made[1]["content"] and made[0]["archive"] == made[1]["archive"]
    with database.read() as session:
        assert posts.get(session, "mastodon:office.example/1")["tags"][0]["correction"]["name"] == "the desk"


@pytest.mark.parametrize("mine", [True, False])
@pytest.mark.parametrize("text", ["the same", "another"])
def test_a_wish_of_the_author_that_either_archive_knows_counts(
    database: Database, other: Database, tmp_path: Path, mine: bool, text: str
) -> None:
    wished, plain = {"labels": ("noindex", "sensitive")}, {"labels": ("sensitive",)}
    topics(database)
    archived(database, "mine", NOW - timedelta(hours=2), seen(7, "the same", **(wished if mine else plain)))
    archived(other, "office", NOW - timedelta(hours=1), seen(7, text, **(plain if mine else wished)))
    out = releases.export(other, tmp_path / "out", "jsonl")
    taken(database, out)
    with database.read() as session:
        found = posts.get(session, "mastodon:office.example/7")
        assert (set(found["labels"]), found["text"]) == ({"noindex", "sensitive"}, text)
        assert verify.verify(session)["first_problem"] is None
    before = everything(database)
    taken(database, out)
    assert everything(database) == before


def _erased(database: Database) -> int:
    """How many posts the terms want erased, and got."""
    with database.write() as session:
        return sum(len(due.erase_some(session, rule, 100, NOW)) for rule in due.by_terms(NOW))


GONE = ("mastodon:office.example/2", "mastodon:office.example/6")


@pytest.mark.parametrize("audience", ["public", "internal"])
@pytest.mark.parametrize("alone", ["whole", "posts"])
def test_a_deletion_in_a_release_erases_nothing_until_we_see_it(
    database: Database, other: Database, tmp_path: Path, audience: str, alone: str
) -> None:
    """Whoever writes a release could have our own evidence erased by it."""
    topics(database)
    archived(database, "mine", NOW - timedelta(hours=9), seen(2, "'@office met"))
    archived(other, "office", NOW - timedelta(hours=5), seen(2, "", deleted=True))
    out = releases.export(other, tmp_path / "out", "jsonl", audience)
    taken(database, out if alone == "whole" else out / "posts.jsonl")
    told = as_told(database)
    assert {name for name in told if told[name]["gone"]} == set(GONE)
    assert _erased(database) == 0
    with database.read() as session:
        assert all(posts.get(session, name)["deleted_at"] for name in GONE)
        assert posts.get(session, GONE[0])["text"] == "'@office met"
    archived(database, "mine", NOW, seen(2, "", deleted=True))
    assert _erased(database) == 1
    with database.read() as session:
        assert posts.get(session, GONE[0])["erasure"]["cause"] == "deleted"
        assert verify.verify(session)["first_problem"] is None


def test_a_deletion_in_an_archive_of_ours_counts_as_it_did_there(
    database: Database, other: Database, tmp_path: Path
) -> None:
    """`kle merge` tells what a source saw there from what an import said there."""
    topics(database)
    archived(database, "mine", NOW - timedelta(hours=9), seen(2, "'@office met"), seen(4, ""))
    archived(other, "office", NOW - timedelta(hours=5), seen(2, "", deleted=True))
    archived(other, "import", NOW - timedelta(hours=5), seen(4, "", deleted=True))
    merge.merge(database, str(tmp_path / "a.sqlite"))
    assert _erased(database) == 2  # and number 6, which was gone when it was seen first
    with database.read() as session:
        assert [posts.get(session, f"mastodon:office.example/{n}")["erasure"] is None for n in (2, 4, 6)] == [
            False, True, False
        ]  # fmt: skip


def test_where_every_text_was_withheld_it_is_told_what_to_do(database: Database, tmp_path: Path) -> None:
    topics(database)
    only_x = Database(f"sqlite:///{tmp_path / 'x.sqlite'}")
    only_x.migrate()
    topics(only_x)
    alone = SeenPost("x", "1957400000000000000", "post", Account("x", "@office"), "X alone")
    archived(only_x, "office", NOW, alone)
    report = taken(database, releases.export(only_x, tmp_path / "out", "parquet", "public"))
    only_x.close()
    assert report.refused and any("rehydrate.md" in remark for remark in report.remarks)


def test_texts_of_a_release_from_before_cells_were_made_harmless_stay_as_they_are(
    database: Database, other: Database, tmp_path: Path
) -> None:
    topics(database)
    out = releases.export(other, tmp_path / "out", "csv", csv=Options(raw=True))
    said = orjson.loads((out / "manifest.json").read_bytes())
    before = {name: value for name, value in said.items() if name not in ("release", "csv")}
    (out / "manifest.json").write_bytes(orjson.dumps(before))
    taken(database, out)
    assert as_told(database)["mastodon:office.example/2"]["text"] == "'@office met"


@pytest.mark.parametrize("where", ["version", "word", "counts"])
def test_what_is_still_to_come_is_refused(other: Database, database: Database, tmp_path: Path, where: str) -> None:
    """The ledger's times never fall: one of the year 2999 in it, and every release after is as of that year."""
    folder = releases.export(other, tmp_path / "a", "jsonl")
    rows = {name: (folder / f"{name}.jsonl").read_bytes().splitlines() for name in ("posts", "versions", "metrics")}
    post = orjson.loads(rows["posts"][0])
    if where == "version":
        mine = next(line for line in rows["versions"] if orjson.loads(line)["id"] == post["id"])
        releases.changed(folder, "versions.jsonl", mine, _with(mine, seen_at=LATER))
    elif where == "counts":
        mine = rows["metrics"][0]
        post = orjson.loads(mine)
        releases.changed(folder, "metrics.jsonl", mine, _with(mine, observed_at=LATER))
    else:
        word = {"name": "ana", "key": 1, "note": None, "at": LATER, "version": 1, "text_changed": False}
        said = {"topic": "reform", "probability": 1, "decision": "tagged", "model": None, "evidence": None}
        tags = [{**said, "by": "person", "correction": word}]
        releases.changed(folder, "posts.jsonl", rows["posts"][0], _with(rows["posts"][0], tags=tags))
    topics(database)
    report = taken(database, folder)
    assert (report.quarantined, "still to come" in report.reasons[0]) == (1, True)
    assert post["id"] not in as_told(database)


LATER = "2999-01-01T00:00:00Z"


def _with(line: bytes, **more: Any) -> bytes:
    return orjson.dumps({**orjson.loads(line), **more})


@pytest.mark.parametrize("line", [b"[1]\n", b"{}\n"])
def test_lines_of_no_form_are_told(other: Database, database: Database, tmp_path: Path, line: bytes) -> None:
    folder = releases.export(other, tmp_path / "a", "jsonl")
    for name in ("posts", "versions"):
        releases.changed(folder, f"{name}.jsonl", (folder / f"{name}.jsonl").read_bytes(), line)
    assert taken(database, folder).quarantined == 1


def test_parquet_of_other_types_is_told(database: Database, tmp_path: Path) -> None:
    file = tmp_path / "posts.parquet"
    pq.write_table(pa.table({"id": [b"\xff"], "platform": ["mastodon"]}), file)
    assert "none of a release" in taken(database, file).reasons[0]
