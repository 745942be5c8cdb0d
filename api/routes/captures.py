"""/posts/{id}/capture: the raw answer that a post was read from, as it came, for those who must prove it.

It holds what others said too, whose terms nobody has asked about here: it is never for the public. Bodies go out
bit by bit, so that no second copy of them is in memory, and in a way in which no browser would run them.
"""

import base64
import codecs
from collections.abc import Iterator
from typing import Annotated, Any, ClassVar

import orjson
from fastapi import Depends, Query, Request
from starlette.responses import Response, StreamingResponse

from api.access import HOW, Caller, Reader
from api.answers import Json, listing, resource
from api.conditional import holds
from api.deps import context, only
from api.moved import own_id
from api.schemas import of_posts
from api.search import OneCapture, Paging
from core.errors import BadRequest, Forbidden, KleError
from db import blobs, captures

router = resource("evidence")
SANDBOX = {"Content-Security-Policy": "default-src 'none'; sandbox", "X-Content-Type-Options": "nosniff"}
_WHY = (
    "Raw evidence is not for outside readers: a capture is the whole answer of a server and holds texts of other"
    f" posts, and pictures belong to who made them; their platforms' terms may keep both from you. {HOW}"
)
_REFUSED: dict[int | str, dict[str, Any]] = {
    403: {
        "description": "Not for outside readers",
        "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }
}
_BYTES: dict[int | str, dict[str, Any]] = {
    200: {"content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}},
    **_REFUSED,
}


class Erased(KleError):
    """It was here, and was erased."""

    status: ClassVar[int] = 410
    title: ClassVar[str] = "Erased"


async def insider(who: Reader) -> Caller:
    if who.internal:
        return who
    raise Forbidden(_WHY)


Insider = Annotated[Caller, Depends(insider)]


@router.get(
    "/posts/{id:path}/captures", response_model=of_posts.Captures, responses=_REFUSED, dependencies=[only(Paging)]
)
def list_captures(request: Request, _who: Insider, id: str, asked: Annotated[Paging, Query()]) -> Response:  # noqa: A002
    """Every capture that shows the post, newest first, without their bodies. Not for outside readers."""
    with context(request).database.read() as session:
        own = own_id(session, id)
        found, following = captures.page(session, own, asked.limit, asked.cursor)
    return listing(found, following)


@router.get(
    "/posts/{id:path}/capture", response_model=of_posts.Capture, responses=_REFUSED, dependencies=[only(OneCapture)]
)
def get_capture(request: Request, _who: Insider, id: str, asked: Annotated[OneCapture, Query()]) -> Response:  # noqa: A002
    """The answer from which the post's current version was read, with its body; `version` and `capture` name
    others.

    `digest` is the SHA-256 over url, status, headers, sha256, tool and fetched_at that stands in the ledger. The
    body is a text where it is UTF-8, else base64; null where it was erased. Not for outside readers.
    """
    found, blob = _asked_for(request, id, asked)
    if found["erased"]:
        return Json({**found, "encoding": None, "body": None})
    _check(found, blob)
    encoding = "utf-8" if _is_text(blob) else "base64"
    return StreamingResponse(_json({**found, "encoding": encoding}, blob), media_type="application/json")


@router.get(
    "/posts/{id:path}/capture/body", response_class=Response, responses=_BYTES, dependencies=[only(OneCapture)]
)
def get_capture_body(
    request: Request,
    _who: Insider,
    id: str,  # noqa: A002
    asked: Annotated[OneCapture, Query()],
) -> Response:
    """The bytes of that capture as they were fetched, unpacked, as a file that no browser runs.

    Repr-Digest (RFC 9530) is their SHA-256. Not for outside readers; 410 where they were erased.
    """
    found, blob = _asked_for(request, id, asked)
    if found["erased"]:
        raise Erased(f"the bytes of capture {found['id']} were erased; their SHA-256 was {found['sha256']}")
    _check(found, blob)
    headers = {
        **SANDBOX,
        "ETag": f'"{found["sha256"]}"',
        "Content-Disposition": f'attachment; filename="capture-{found["id"]}.bin"',
        "Content-Length": str(found["size"]),
        "Repr-Digest": repr_digest(found["sha256"]),
    }
    if holds(request, headers["ETag"]):
        return Response(status_code=304, headers=headers)
    return StreamingResponse(blobs.pieces(blob), media_type="application/octet-stream", headers=headers)


def repr_digest(sha256: str) -> str:
    return f"sha-256=:{base64.b64encode(bytes.fromhex(sha256)).decode()}:"


def _asked_for(request: Request, public_id: str, asked: OneCapture) -> tuple[Any, Any]:
    """The capture and the row of its bytes."""
    if asked.version is not None and asked.capture is not None:
        raise BadRequest("version and capture both name one; leave one of them out", parameter="capture")
    with context(request).database.read() as session:
        found = captures.one(session, own_id(session, public_id), asked.version, asked.capture)
        return found, blobs.find(session, found["sha256"])


# -- JSON, bit by bit ---------------------------------------------------------------------------------------


def _json(found: dict[str, Any], blob: Any) -> Iterator[bytes]:
    """The capture with its body behind it."""
    yield orjson.dumps(found)[:-1] + b',"body":"'
    yield from _escaped(blob) if found["encoding"] == "utf-8" else _base64(blob)
    yield b'"}'


def _check(found: dict[str, Any], blob: Any) -> None:
    """Raises KleError where these are not the bytes that were fetched: nobody must take them for evidence."""
    if not blobs.intact(blob):
        raise KleError(f"the bytes of capture {found['id']} are not those that were fetched; run `kle verify`")


def _is_text(blob: Any) -> bool:
    """Whether it is UTF-8."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    return all(_decodes(decoder, piece) for piece in blobs.pieces(blob)) and _decodes(decoder, b"", final=True)


def _decodes(decoder: codecs.IncrementalDecoder, piece: bytes, *, final: bool = False) -> bool:
    try:
        decoder.decode(piece, final)
    except UnicodeDecodeError:
        return False
    return True


def _escaped(blob: Any) -> Iterator[bytes]:
    decoder = codecs.getincrementaldecoder("utf-8")()
    for piece in blobs.pieces(blob):
        yield orjson.dumps(decoder.decode(piece))[1:-1]


def _base64(blob: Any) -> Iterator[bytes]:
    rest = b""
    for piece in blobs.pieces(blob):
        whole = rest + piece
        end = len(whole) - len(whole) % 3
        rest = whole[end:]
        yield base64.b64encode(whole[:end])
    yield base64.b64encode(rest)
