"""Joining archives by their releases: what one archive exported stands in another one as it stood there."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from core.post import Account, Media, SeenPost, View
from db import archive, posts, sources
from db.database import Database
from db.models import Metrics, Sighting, Topic
from db.proof import verify
from db.query import PostQuery
from db.upsert import insert_all, table
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
