"""A WARC of captures: standard readers take it, its digests hold, and the same archive gives the same bytes."""

import base64
import gzip
import hashlib
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from io import BytesIO
from pathlib import Path

import orjson
import pytest
from sqlalchemy import update
from warcio.archiveiterator import ArchiveIterator
from warcio.checker import Checker

from core import times
from core.errors import BadRequest
from core.page import FILE, HOPS, PEER, Page
from core.post import Account, SeenPost
from db import archive, captures, ledger, sources
from db.database import Database
from db.models import Blob
from db.proof import digests
from db.query import PostQuery
from db.upsert import table
from exports import warc
from tests.conftest import NOW

PAGE = b"<html><body>One payroll. " + bytes(range(256)) + b"</body></html>"
ANSWER = Page(
    "https://office.example/1",
    PAGE,
    NOW,
    200,
    {"content-type": "text/html", "content-encoding": "gzip", "content-length": "99", "x-handle": "office",
     PEER: "203.0.113.7", HOPS: "301 https://office.example/old"},
    "kle-monitor/1",
)  # fmt: skip


def post(number: int, text: str) -> SeenPost:
    account = Account("mastodon", "office@m.example")
    return SeenPost("mastodon", f"m.example/{number}", "post", account, text, created_at=NOW, synthetic=True)


@pytest.fixture
def filled(database: Database) -> Database:
    """A page, the same again, another address with the same bytes, a file, a stream; one post in two of them."""
    with database.write() as session:
        source = sources.import_source(session, NOW)
        assert source.id
        run = sources.start_run(session, source.id, NOW, alone=False)
        hour = timedelta(hours=1)
        pages = [
            (ANSWER, [post(1, "Payroll reform")]),
            (replace(ANSWER, fetched_at=NOW + hour), [post(1, "Payroll reform")]),
            (replace(ANSWER, url="https://mirror.example/1", status=404), [post(2, "Training")]),
            (Page("", b"{}", NOW, None, {FILE: "my posts.json", "content-type": "application/json"}, "file"), []),
            (Page("wss://stream.example/x", b"a\n", NOW + 2 * hour, None, {}, "kle-monitor/1"), [post(3, "More")]),
        ]
        for page, seen in pages:
            number = captures.store(session, run, page)
            archive.archive(session, source, run, seen, number, page.fetched_at)
    with database.write() as session:
        ledger.seal(session)
    return database


def read(file: Path) -> list[tuple[str, dict, dict | None, bytes]]:
    with file.open("rb") as opened:
        return [
            (r.rec_type, dict(r.rec_headers.headers), dict(r.http_headers.headers) if r.http_headers else None,
             r.content_stream().read())
            for r in ArchiveIterator(opened, check_digests="raise")
        ]  # fmt: skip


def fields(body: bytes) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for line in body.decode().splitlines():
        name, _, value = line.partition(": ")
        found.setdefault(name.removesuffix(":"), []).append(value)
    return found


def test_every_capture_is_a_record_with_what_is_known_of_it(filled, tmp_path):
    done = warc.export(filled, None, tmp_path / "all.warc.gz")
    found = read(tmp_path / "all.warc.gz")
    kinds = [kind for kind, *_ in found]
    assert kinds == ["warcinfo", "response", "metadata", "revisit", "metadata", "response", "metadata", "resource",
                     "metadata", "resource", "metadata"]  # fmt: skip
    assert done["records"] == dict(Counter(kinds)) and done["captures"] == 5
    _, headers, http, body = found[1]
    assert headers["WARC-Target-URI"] == "https://office.example/1" and headers["WARC-Date"] == times.text(NOW)
    assert headers["WARC-IP-Address"] == "203.0.113.7"
    expected = base64.b32encode(hashlib.sha256(PAGE).digest()).decode()
    assert headers["WARC-Payload-Digest"] == f"sha256:{expected}" and body == PAGE
    assert http == {"content-type": "text/html", "content-length": str(len(PAGE))}
    assert [h["WARC-Target-URI"] for kind, h, *_ in found if kind == "resource"] == [
        "file:///my%20posts.json", "wss://stream.example/x",
    ]  # fmt: skip


def test_a_revisit_leads_to_the_first_answer_and_holds_no_bytes(filled, tmp_path):
    warc.export(filled, None, tmp_path / "all.warc.gz")
    found = read(tmp_path / "all.warc.gz")
    (_, first, *_), (_, again, http, body) = found[1], found[3]
    assert again["WARC-Refers-To"] == first["WARC-Record-ID"] and body == b"" and http
    assert again["WARC-Refers-To-Date"] == first["WARC-Date"]
    assert again["WARC-Payload-Digest"] == first["WARC-Payload-Digest"]
    assert again["WARC-Profile"].endswith("1.1/revisit/identical-payload-digest")


def test_metadata_tells_posts_and_a_digest_that_can_be_made_again_and_stands_in_the_ledger(filled, tmp_path):
    warc.export(filled, None, tmp_path / "all.warc.gz")
    _, headers, _, body = read(tmp_path / "all.warc.gz")[2]
    said = fields(body)
    row = {
        "url": said["url"][0], "status": int(said["status"][0]), "headers": orjson.loads(said["headers"][0]),
        "sha256": said["sha256"][0], "tool": said["tool"][0], "fetched_at": times.parse(said["fetched-at"][0]),
    }  # fmt: skip
    assert digests.of_capture(row) == said["capture-digest"][0]
    assert row["headers"] == ANSWER.headers and said["post"] == ["mastodon:m.example/1"]
    line = {
        "seq": int(said["ledger-line"][0]), "at": times.parse(said["ledger-at"][0]), "kind": "capture",
        "subject": f"capture/{said['capture'][0]}", "row_digest": said["capture-digest"][0],
        "previous": said["ledger-previous"][0],
    }  # fmt: skip
    assert ledger.line_digest(line) == said["ledger-digest"][0]
    assert said["version"][0].startswith("mastodon:m.example/1 1 ")
    assert headers["WARC-Concurrent-To"] == read(tmp_path / "all.warc.gz")[1][1]["WARC-Record-ID"]


def test_the_same_archive_gives_the_same_bytes(filled, tmp_path):
    first = warc.export(filled, PostQuery.build("reform"), tmp_path / "a.warc.gz")
    again = warc.export(filled, PostQuery.build("reform"), tmp_path / "b.warc.gz")
    assert first["sha256"] == again["sha256"]
    assert (tmp_path / "a.warc.gz").read_bytes() == (tmp_path / "b.warc.gz").read_bytes()


def test_a_query_chooses_the_captures_that_show_a_matching_post(filled, tmp_path):
    done = warc.export(filled, PostQuery.build("training"), tmp_path / "some.warc.gz")
    found = read(tmp_path / "some.warc.gz")
    assert done["captures"] == 1
    assert [h["WARC-Target-URI"] for kind, h, *_ in found if kind == "response"] == ["https://mirror.example/1"]
    assert fields(found[0][3])["query"] == ["training"] and found[0][1]["WARC-Date"] == times.text(NOW)


def test_what_was_erased_is_told_without_its_bytes(filled, tmp_path):
    digest = hashlib.sha256(PAGE).hexdigest()
    with filled.write() as session:
        erased = update(table(Blob)).where(table(Blob).c.sha256 == digest)
        session.execute(erased.values(codec="erased", body=b""))
    done = warc.export(filled, None, tmp_path / "all.warc.gz")
    found = read(tmp_path / "all.warc.gz")
    assert done["erased"] == 3 and done["records"] == {"warcinfo": 1, "metadata": 5, "resource": 2}
    assert "erased" in fields(found[1][3]) and digest in found[1][3].decode()
    assert PAGE not in gzip.decompress((tmp_path / "all.warc.gz").read_bytes())


def test_the_library_s_own_check_finds_nothing(filled, tmp_path, capsys):
    warc.export(filled, None, tmp_path / "all.warc.gz")

    class Command:
        inputs = [str(tmp_path / "all.warc.gz")]  # noqa: RUF012
        verbose = True

    assert not Checker(Command()).process_all()
    assert "digest failed" not in capsys.readouterr().out


def test_each_record_is_a_gzip_member_of_its_own(filled, tmp_path):
    done = warc.export(filled, None, tmp_path / "all.warc.gz")
    with (tmp_path / "all.warc.gz").open("rb") as file:
        records = ArchiveIterator(BytesIO(file.read()))
        offsets = [records.get_record_offset() for _ in records]
    assert len(set(offsets)) == sum(done["records"].values())


def test_a_file_that_is_there_is_kept_unless_told_otherwise(filled, tmp_path):
    (tmp_path / "all.warc.gz").write_bytes(b"mine")
    with pytest.raises(BadRequest, match="--force"):
        warc.export(filled, None, tmp_path / "all.warc.gz")
    with pytest.raises(BadRequest, match="is a folder"):
        warc.export(filled, None, tmp_path, force=True)
    assert (tmp_path / "all.warc.gz").read_bytes() == b"mine"
    assert warc.export(filled, None, tmp_path / "all.warc.gz", force=True)["bytes"] > 1000
    assert [p.name for p in tmp_path.iterdir() if "unfinished" in p.name] == []


def test_nothing_to_write_is_said_and_leaves_nothing(filled, tmp_path):
    with pytest.raises(BadRequest, match="no capture shows"):
        warc.export(filled, PostQuery.build("nobodysaidthis"), tmp_path / "deep" / "none.warc.gz")
    assert list((tmp_path / "deep").iterdir()) == []
