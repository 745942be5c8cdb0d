"""gzip for who takes it: what is packed, what never is, and how it is named."""

import asyncio
import gzip
from typing import Any

import pytest
from starlette.datastructures import Headers
from starlette.responses import Response, StreamingResponse

from api.access import COOKIE
from api.compression import Compress, takes_gzip

LONG = b"the same words again and again " * 200


def ask(answer: Response, **headers: str) -> tuple[int, dict[str, str], list[dict[str, Any]]]:
    """What leaves for one GET: status, headers and the messages after the start."""
    sent: list[Any] = []
    given = {"accept-encoding": "gzip", **{name.replace("_", "-"): value for name, value in headers.items()}}
    scope = {
        "type": "http",
        "method": "GET",
        "path": "/",
        "headers": [(name.encode(), value.encode()) for name, value in given.items()],
    }

    async def send(message: Any) -> None:
        sent.append(message)

    async def receive() -> Any:
        await asyncio.sleep(60)

    asyncio.run(Compress(answer)(scope, receive, send))
    start, *rest = sent
    return start["status"], dict(Headers(raw=start["headers"]).items()), rest


def body(messages: list[dict[str, Any]]) -> bytes:
    return b"".join(message.get("body", b"") for message in messages)


@pytest.mark.parametrize(
    "kind",
    ["application/json", "text/html; charset=utf-8", "application/problem+json", "application/feed+json",
     "application/atom+xml", "application/rss+xml", "text/css", "text/javascript", "image/svg+xml"],
)  # fmt: skip
def test_texts_are_packed(kind):
    _, headers, sent = ask(Response(LONG, media_type=kind))
    assert headers["content-encoding"] == "gzip" and headers["vary"] == "Accept-Encoding"
    assert int(headers["content-length"]) == len(body(sent)) < len(LONG) / 10
    assert gzip.decompress(body(sent)) == LONG


def test_a_large_answer_is_packed_too():
    _, headers, sent = ask(Response(LONG * 100, media_type="application/json"))
    assert headers["content-encoding"] == "gzip" and gzip.decompress(body(sent)) == LONG * 100


@pytest.mark.parametrize(
    "answer",
    [
        Response(LONG[:500], media_type="text/html"),
        Response(LONG, media_type="image/png"),
        Response(LONG, media_type="application/octet-stream"),
        Response(LONG, media_type="application/zip"),
        Response(LONG, 206, media_type="text/plain", headers={"Content-Range": "bytes 0-5/9"}),
        Response(LONG, media_type="text/html", headers={"Content-Encoding": "br"}),
        Response(LONG, media_type="text/html", headers={"Cache-Control": "no-transform"}),
        StreamingResponse(iter([LONG, LONG]), media_type="application/json"),
    ],
    ids=["small", "picture", "bytes", "packed", "range", "encoded", "no-transform", "stream"],
)
def test_the_rest_leaves_as_it_is(answer):
    status, headers, sent = ask(answer)
    assert status == answer.status_code
    assert headers.get("content-encoding", "none") in ("none", "br")
    assert body(sent).startswith(LONG[:500])


def test_of_events_nothing_is_held_back():
    """The reader of a stream has its start before there is any event."""
    seen: list[str] = []

    async def events() -> Any:
        seen.append("asked")
        yield LONG

    async def watch(_scope: Any, _receive: Any, send: Any) -> None:
        headers = [(b"content-type", b"text/event-stream; charset=utf-8")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        assert seen == ["http.response.start"]
        await send({"type": "http.response.body", "body": LONG, "more_body": True})

    async def send(message: Any) -> None:
        seen.append(message["type"])
        assert message.get("body", LONG) == LONG

    scope = {"type": "http", "method": "GET", "path": "/", "headers": [(b"accept-encoding", b"gzip")]}
    asyncio.run(Compress(watch)(scope, None, send))  # type: ignore[arg-type]
    assert seen == ["http.response.start", "http.response.body"]


@pytest.mark.parametrize(
    ("accepted", "packed"),
    [
        ("gzip", True),
        ("x-gzip", True),
        ("GZIP;q=0.5, identity;q=0.1", True),
        ("br, gzip;q=0.8", True),
        ("*", True),
        ("identity;q=0, *", True),
        ("gzip;q=0", False),
        ("gzip; q=0.0, *", False),
        ("br", False),
        ("identity", False),
        ("identity;q=1, gzip;q=0.5", False),
        ("gzip;q=nonsense", False),
        ("", False),
    ],
)
def test_the_reader_s_weights_count(accepted, packed):
    assert takes_gzip(Headers({"accept-encoding": accepted})) == packed
    _, headers, _ = ask(Response(LONG, media_type="text/plain"), accept_encoding=accepted)
    assert ("content-encoding" in headers) == packed and headers["vary"] == "Accept-Encoding"


@pytest.mark.parametrize("accepted", ["identity;q=0", "*;q=0", "identity;q=0.000, gzip;q=0", "br, *;q=0"])
def test_who_takes_no_form_at_all_hears_so(inside, accepted):
    for path in ("/api/v1/posts", "/healthz", "/", "/static/base.css"):
        answer = inside.get(path, headers={"Accept-Encoding": accepted})
        assert (answer.status_code, "content-encoding" in answer.headers) == (406, False)
        assert "Accept-Encoding" in answer.headers["vary"]
        assert answer.json()["type"] == "urn:kle:problem:not-acceptable" and "gzip" in answer.json()["detail"]
    assert inside.head("/healthz", headers={"Accept-Encoding": accepted}).status_code == 406


@pytest.mark.parametrize("accepted", ["identity;q=nonsense", "identity;q=nan", "*;q=0, identity;q=0.1", "br", ""])
def test_who_does_not_refuse_plain_bytes_gets_them(inside, accepted):
    assert inside.get("/healthz", headers={"Accept-Encoding": accepted}).status_code == 200


def test_nothing_that_was_done_is_refused_afterwards(site):
    said, path = {"decision": "tagged"}, "/api/v1/posts/file:office.example/1/tags/training"
    headers = {**site.key("annotate"), "Accept-Encoding": "*;q=0"}
    assert site.inside().put(path, json=said, headers=headers).status_code == 200


@pytest.mark.parametrize("accepted", ["gzip, identity;q=0", "gzip, *;q=0", "identity;q=0, *"])
def test_who_takes_gzip_alone_gets_what_is_small_packed_too(accepted):
    _, headers, sent = ask(Response(b"small", media_type="application/json"), accept_encoding=accepted)
    assert headers["content-encoding"] == "gzip" and gzip.decompress(body(sent)) == b"small"


def test_two_forms_of_one_answer_have_no_strong_name_in_common():
    strong = Response(LONG, media_type="text/css", headers={"ETag": '"abc"', "Accept-Ranges": "bytes"})
    _, packed, _ = ask(strong)
    assert packed["etag"] == 'W/"abc"' and "accept-ranges" not in packed
    _, plain, _ = ask(strong, accept_encoding="identity")
    assert plain["etag"] == '"abc"'


def test_a_304_names_the_form_that_the_reader_holds():
    unchanged = Response(status_code=304, headers={"ETag": '"abc"'})
    assert ask(unchanged, if_none_match='W/"abc"')[1]["etag"] == 'W/"abc"'
    unchanged = Response(status_code=304, headers={"ETag": '"abc"'})
    assert ask(unchanged, if_none_match='"abc"')[1]["etag"] == '"abc"'


def test_pages_with_a_form_s_token_are_not_packed():
    """What an address says and a secret must not be packed together (BREACH)."""
    page = Response(LONG, media_type="text/html")
    assert "content-encoding" not in ask(page, cookie=f"other=1; {COOKIE}=secret")[1]
    assert "content-encoding" in ask(Response(LONG, media_type="text/html"), cookie="other=1")[1]
    assert "content-encoding" in ask(Response(LONG, media_type="text/css"), cookie=f"{COOKIE}=secret")[1]


# -- as the application answers -----------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/api/v1/posts", "/", "/static/base.css", "/openapi.json", "/api/v1/posts?q=("])
def test_packed_and_plain_are_one_answer(inside, path):
    packed = inside.get(path, headers={"Accept-Encoding": "gzip"})
    plain = inside.get(path, headers={"Accept-Encoding": "identity"})
    assert "content-encoding" not in plain.headers
    if len(plain.content) >= 1000:
        assert packed.headers["content-encoding"] == "gzip"
    assert packed.headers.get("etag", "").removeprefix("W/") == plain.headers.get("etag", "").removeprefix("W/")
    for answer in (packed, plain):
        assert "Accept-Encoding" in answer.headers["vary"]
        if "etag" in answer.headers:
            again = inside.get(path, headers={"If-None-Match": answer.headers["etag"]})
            assert (again.status_code, again.headers["etag"]) == (304, answer.headers["etag"])


def test_a_range_leaves_byte_for_byte(inside):
    picture = inside.get("/static/base.css", headers={"Range": "bytes=0-1999"})
    assert (picture.status_code, len(picture.content)) == (206, 2000)
    assert "content-encoding" not in picture.headers
