"""Captures in the archive: what is stored of an answer, and what is found again."""

from core.page import HOPS, Page
from db import blobs, captures
from db.models import Blob, Capture
from tests.conftest import NOW
from tests.db.conftest import Room


def stored(room: Room, page: Page) -> int:
    with room.database.write() as session:
        return captures.store(session, None, page)


def test_no_key_of_an_address_is_stored_wherever_it_stands(room: Room) -> None:
    headers = {HOPS: "302 https://a.example/?api_key=hidden1 301 https://b.example/", "link": "</?token=hidden2>"}
    stored(room, Page("https://a.example/x?key=hidden3", b"x", NOW, headers=headers, tool="t"))
    (row,) = room.rows(Capture)
    assert "hidden" not in f"{row.url} {row.headers}"
    assert row.headers[HOPS] == "302 https://a.example/?api_key=*** 301 https://b.example/"
    room.assert_sound()


def test_equal_bytes_are_kept_once_and_each_capture_is_sealed(room: Room) -> None:
    numbers = [stored(room, Page(f"https://a.example/{n}", b"same", NOW, tool="t")) for n in range(3)]
    assert len(set(numbers)) == 3 and len(room.rows(Blob)) == 1
    assert len({row.digest for row in room.rows(Capture)}) == 3
    room.assert_sound()


def test_bytes_come_out_as_they_went_in_however_they_are_kept(room: Room) -> None:
    bodies = {"zlib": b"<html>" * 200_000, "plain": bytes(range(256)) * 3000}
    with room.database.write() as session:
        digests = {codec: blobs.keep(session, body, codec) for codec, body in bodies.items()}
        assert blobs.keep(session, b"") and blobs.keep(session, bodies["zlib"]) == digests["zlib"]
    with room.database.read() as session:
        for codec, body in bodies.items():
            row = blobs.find(session, digests[codec])
            assert (row["codec"], row["size"]) == (codec, len(body))
            assert blobs.opened(row) == body and blobs.intact(row)
            assert max(map(len, blobs.pieces(row))) <= 1 << 18 < len(body)
            assert not blobs.intact({**row, "sha256": "0" * 64})
            assert not blobs.intact({**row, "body": row["body"][:-3]})
            assert not blobs.intact({**row, "body": row["body"] + b"x"})
        assert blobs.find(session, "0" * 64) is None


def test_what_was_erased_opens_as_nothing(room: Room) -> None:
    erased = {"sha256": "0" * 64, "size": 5, "codec": blobs.ERASED, "body": b""}
    assert blobs.opened(erased) is None and blobs.intact(erased)
    assert not blobs.intact({**erased, "body": b"still"})
