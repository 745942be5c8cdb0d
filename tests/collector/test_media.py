"""Pictures of posts against a server that does everything wrong, on each database: what is kept is what it is."""

import hashlib
import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

from collector import magic
from collector.fetch import Fetcher
from core.errors import SettingsError
from core.guard import Guard
from core.outcome import Outcome
from db import ledger, sources
from db.database import Database
from db.models import Blob, Erasure, Ledger, MediaFile, Post
from db.proof import verify
from db.upsert import insert_all, table
from tests.collector.conftest import LOOPBACK
from tests.collector.looks import Looker
from tests.collector.server import Site

PNG = b"\x89PNG\r\n\x1a\n" + bytes(300)
JPEG = b"\xff\xd8\xff\xe0" + b"picture" * 50
MP4 = b"\x00\x00\x00\x20ftypisom" + bytes(200)
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'


@pytest.fixture
def quick(tmp_path: Path) -> Iterator[Fetcher]:
    with Fetcher(Guard(LOOPBACK), base_dir=tmp_path, timeout=0.6, max_bytes=2000) as made:
        yield made


class Gallery:
    """A source of posts with pictures; each look brings one post with these."""

    def __init__(self, database: Database, folder: Path, fetcher: Fetcher, site: Site) -> None:
        self.database, self.site = database, site
        self.look = Looker(database, folder, fetcher)
        self._file = folder / "posts.jsonl"
        self._options: dict[str, Any] = {"kind": "file", "path": "posts.jsonl", "media": True}

    def __call__(self, *paths: str, number: int = 1, word: str = "image", text: str = "A", **more: Any) -> Outcome:
        media = [{"type": word, "url": p if "://" in p else self.site.url + p, "alt": "two people"} for p in paths]
        record = {
            "platform": "mastodon", "platform_id": f"m.example/{number}", "text": text, "media": media,
            "created_at": "2026-08-01T10:00:00Z", "synthetic": True,
        }  # fmt: skip
        self._file.write_text(json.dumps(record), "utf-8")
        return self.look.later(**{**self._options, **more})

    def wait(self, span: timedelta) -> Outcome:
        self.look.now += span
        return self.look.later(**self._options)

    def rows(self, model: Any = MediaFile) -> list[Any]:
        with self.database.read() as session:
            return list(session.execute(select(table(model)).order_by(table(model).c[0])).all())

    def one(self) -> Any:
        (row,) = self.rows()
        return row

    def sound(self) -> None:
        with self.database.write() as session:
            ledger.seal(session)
        with self.database.read() as session:
            found = verify.verify(session)
        assert found["ok"], found["first_problem"]


@pytest.fixture
def gallery(database: Database, tmp_path: Path, quick: Fetcher, site: Site) -> Gallery:
    return Gallery(database, tmp_path, quick, site)


def test_a_picture_is_kept_by_its_digest_and_stands_in_the_ledger(gallery, site):
    site.pages["/a.png"] = ("image/png", PNG)
    outcome = gallery("/a.png")
    row = gallery.one()
    assert (outcome.ending, outcome.error) == ("ok", None)
    assert (row.sha256, row.content_type, row.size) == (hashlib.sha256(PNG).hexdigest(), "image/png", len(PNG))
    assert row.done_at and row.fetched_at and row.error is None and row.claimed_by is None
    (blob,) = [b for b in gallery.rows(Blob) if b.sha256 == row.sha256]
    assert (blob.codec, bytes(blob.body)) == ("plain", PNG)
    gallery.sound()
    assert [line.row_digest for line in gallery.rows(Ledger) if line.kind == "media"] == [row.digest]


def test_the_archive_does_not_verify_where_a_picture_was_changed_behind_its_back(gallery, site):
    site.pages["/a.png"] = ("image/png", PNG)
    gallery("/a.png")
    with gallery.database.write() as session:
        session.execute(update(table(Blob)).where(table(Blob).c.codec == "plain").values(body=JPEG))
    with pytest.raises(AssertionError, match="not the bytes that were fetched"):
        gallery.sound()


@pytest.mark.parametrize(
    ("path", "content_type", "body", "says"),
    [
        ("/page.png", "image/png", b"<html>sign in</html>", "no picture, film or sound by its content"),
        ("/said.png", "text/html; charset=utf-8", PNG, "is text/html by its server's word"),
        ("/film.png", "image/png", MP4, "is video/mp4 by its content"),
        ("/drawing.svg", "image/svg+xml", SVG, "no picture, film or sound by its content"),
        ("/list.m3u8", "application/vnd.apple.mpegurl", b"#EXTM3U\n", "by its server's word"),
        ("/large.png", "image/png", PNG + bytes(2000), "larger than 1,000 bytes; raise media_max_bytes"),
        ("/empty.png", "image/png", b"", "no picture"),
    ],
)
def test_what_is_no_fit_picture_is_given_up_at_once_with_its_reason(gallery, site, path, content_type, body, says):
    site.pages[path] = (content_type, body)
    outcome = gallery(path, media_max_bytes=1000)
    row = gallery.one()
    assert says in row.error and row.done_at and row.sha256 is None and row.attempts == 1
    assert "(given up)" in outcome.error and outcome.ending == "ok"
    gallery.sound()


def test_a_stream_without_end_is_cut_off_at_the_limit(gallery, site):
    gallery("/endless/", media_max_bytes=5000)
    assert "larger than 5,000 bytes" in gallery.one().error


def test_a_redirect_to_a_private_address_is_refused(gallery, site):
    site.moved["/away.png"] = "http://10.0.0.1/a.png"
    gallery("/away.png")
    row = gallery.one()
    assert "10.0.0.1, which is not on the public net" in row.error and row.done_at


def test_a_redirect_elsewhere_on_the_web_is_followed(gallery, site):
    site.pages["/a.png"] = ("", PNG)
    site.moved["/short"] = "/a.png"
    gallery("/short")
    assert gallery.one().content_type == "image/png"


def test_a_slow_server_is_asked_again_later_and_holds_the_round_for_no_longer_than_its_limit(gallery, site):
    outcome = gallery("/slow/")
    row = gallery.one()
    assert "too slowly" in row.error and row.done_at is None
    assert row.not_before == gallery.look.now + timedelta(minutes=10)
    assert "(to be tried again)" in outcome.error


def test_what_is_gone_is_asked_for_five_times_then_given_up(gallery, site):
    gallery("/none.png")
    assert gallery.one().done_at is None
    for hours in (1, 2, 7, 25):
        gallery.wait(timedelta(hours=hours))
    row = gallery.one()
    assert "404" in row.error and row.done_at and row.attempts == 5
    assert site.asked.count("/none.png") == 5
    with gallery.database.read() as session:
        (told,) = sources.list_sources(session, gallery.look.now)
    assert told["media"] == {"waiting": 0, "fetched": 0, "given_up": 1}


def test_what_comes_later_is_kept_then(gallery, site):
    gallery("/late.png")
    site.pages["/late.png"] = ("image/png", PNG)
    gallery.wait(timedelta(hours=1))
    assert gallery.one().sha256 and gallery.one().error is None


def test_the_same_picture_of_two_posts_is_kept_once(gallery, site):
    site.pages["/a.png"] = site.pages["/b.png"] = ("image/png", PNG)
    gallery("/a.png", number=1)
    gallery("/b.png", number=2)
    first, second = gallery.rows()
    assert first.sha256 == second.sha256 and first.digest != second.digest
    assert len([b for b in gallery.rows(Blob) if b.codec == "plain"]) == 1
    gallery.sound()


def test_one_address_is_asked_once_a_round_for_all_its_posts(gallery, site, tmp_path):
    site.pages["/logo.png"] = ("image/png", PNG)
    lines = [
        {"platform": "mastodon", "platform_id": f"m.example/{n}", "text": "x", "created_at": "2026-08-01T10:00:00Z",
         "media": [{"type": "image", "url": f"{site.url}/logo.png"}]}
        for n in range(5)
    ]  # fmt: skip
    (tmp_path / "posts.jsonl").write_text("\n".join(map(json.dumps, lines)), "utf-8")
    gallery.look(kind="file", path="posts.jsonl", media=True)
    assert site.asked.count("/logo.png") == 1
    assert {row.sha256 for row in gallery.rows()} == {hashlib.sha256(PNG).hexdigest()} and len(gallery.rows()) == 5
    gallery.sound()


def test_another_picture_in_an_edit_is_fetched_and_the_first_one_stays(gallery, site):
    site.pages["/a.png"], site.pages["/b.jpg"] = ("image/png", PNG), ("image/jpeg", JPEG)
    gallery("/a.png")
    gallery("/b.jpg", text="B")
    assert [row.content_type for row in gallery.rows()] == ["image/png", "image/jpeg"]
    gallery("/a.png", "/b.jpg", text="C")
    assert len(gallery.rows()) == 2


def test_a_source_that_does_not_say_so_fetches_none(gallery, site):
    site.pages["/a.png"] = ("image/png", PNG)
    gallery("/a.png", media=False)
    assert gallery.rows() == [] and site.asked == []


def test_films_are_fetched_only_where_the_source_names_them(gallery, site):
    site.pages["/film"] = ("video/mp4", MP4)
    gallery("/film", word="video")
    assert gallery.rows() == [] and site.asked == []
    gallery("/film", number=2, word="video", media_types=["image/*", "video/mp4"])
    assert gallery.one().content_type == "video/mp4"


def test_addresses_that_are_none_of_the_web_s_are_left_alone(gallery):
    gallery("data://x", "ftp://a.example/b.png")
    assert gallery.rows() == []


@pytest.mark.parametrize("state", ["deleted", "erased"])
def test_nothing_is_fetched_for_a_post_that_is_gone(gallery, site, state):
    gallery("/late.png")
    site.pages["/late.png"] = ("image/png", PNG)
    with gallery.database.write() as session:
        values: dict[str, Any] = {"deleted_at": gallery.look.now}
        if state == "erased":
            row = {
                "post_id": 1,
                "public_id": "x",
                "cause": "request",
                "reason": "r",
                "by": "b",
                "at": gallery.look.now,
            }
            (number,) = insert_all(session, Erasure, [{**row, "said": {}}])
            values = {"erasure_id": number}
        session.execute(update(table(Post)).values(values))
    gallery.wait(timedelta(hours=1))
    assert gallery.one().sha256 is None and site.asked.count("/late.png") == 1


def test_a_limit_of_the_host_ends_the_round_s_fetching_and_is_no_try(gallery, site):
    gallery("/status/429/600", "/status/429/60")
    waiting = gallery.rows()
    assert sorted(row.attempts for row in waiting) == [0, 0] and len(site.asked) == 1


def test_other_failures_of_one_picture_do_not_keep_the_next_out(gallery, site):
    site.pages["/a.png"] = ("image/png", PNG)
    gallery("/a.png", "/none.png")
    assert sorted(row.sha256 is None for row in gallery.rows()) == [False, True]


@pytest.mark.parametrize(
    ("option", "value"), [("media", "yes"), ("media_types", ["text/html"]), ("media_types", ["image"]),
                          ("media_max_bytes", 10)],
)  # fmt: skip
def test_a_wrong_option_stops_the_start_with_what_is_allowed(gallery, option, value):
    with pytest.raises(SettingsError, match=option):
        from collector import kinds

        kinds.target("s", "file", {"path": "a", option: value})


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (PNG, "image/png"), (JPEG, "image/jpeg"), (b"GIF89a" + bytes(9), "image/gif"), (MP4, "video/mp4"),
        (b"RIFF\x00\x00\x00\x00WEBPVP8 ", "image/webp"), (b"RIFF\x00\x00\x00\x00WAVEfmt ", "audio/wav"),
        (b"\x00\x00\x00\x1cftypavif", "image/avif"), (b"\x00\x00\x00\x1cftypM4A ", "audio/mp4"),
        (b"\x1a\x45\xdf\xa3\x93\x42\x82\x88webm", "video/webm"),
        (b"OggS\x00\x02" + bytes(22) + b"OpusHead", "audio/ogg"),
        (b"ID3\x04", "audio/mpeg"), (b"\xff\xfb\x90\x64", "audio/mpeg"), (b"fLaC", "audio/flac"),
        (b"BM" + (60).to_bytes(4, "little") + bytes(54), "image/bmp"), (b"II*\x00", "image/tiff"),
        (b"<!doctype html>", None), (SVG, None), (b"", None), (b"%PDF-1.7", None), (b"BM <html>", None),
        (b"\xff\xfe<\x00h\x00", None), (b"RIFF", None), (b"MZ\x90\x00", None),
        (b'<?xml version="1.0"?><svg/>', None),
    ],
)  # fmt: skip
def test_a_type_is_told_by_content(body, kind):
    assert magic.told(body) == kind
