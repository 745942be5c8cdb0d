"""/media/{sha256}: our own copy of a picture or film, in a way in which nothing in it runs.

Only what a post shows: other bytes of the archive have no address here. The type is the one that the content told
when it was fetched; what is no picture, film or sound that browsers just show leaves as a file.
"""

from typing import Annotated, Any

from fastapi import Path, Request
from starlette.responses import Response, StreamingResponse

from api.answers import resource
from api.conditional import holds
from api.deps import context, only
from api.routes.captures import SANDBOX, Erased, Insider, repr_digest
from core.errors import NotFound
from core.media import SHOWN
from db import blobs, media

router = resource("evidence")
Digest = Annotated[str, Path(pattern="^[0-9a-f]{64}$", description="SHA-256 in hex, as `media[].sha256` has it.")]
# An erased picture must not live on for long in a browser that saw it.
_KEPT = "private, max-age=86400, immutable"
_BYTES: dict[int | str, dict[str, Any]] = {
    200: {"content": {"*/*": {"schema": {"type": "string", "format": "binary"}}}},
    **{
        status: {
            "description": said,
            "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
        }
        for status, said in ((403, "Not for outside readers"), (404, "No post shows it"), (410, "It was erased"))
    },
}


@router.get("/media/{sha256}", response_class=Response, responses=_BYTES, dependencies=[only()])
def get_media(request: Request, _who: Insider, sha256: Digest) -> Response:
    """The bytes of a picture, film or sound that a post shows, as they were fetched. Not for outside readers."""
    with context(request).database.read() as session:
        content_type = media.find(session, sha256)
        blob = blobs.find(session, sha256) if content_type else None
    if blob is None:
        raise NotFound(f"no post shows a picture or film with the SHA-256 {sha256}")
    if blob["codec"] == blobs.ERASED:
        raise Erased(f"the picture or film with the SHA-256 {sha256} was erased")
    headers = {**SANDBOX, "ETag": f'"{sha256}"', "Cache-Control": _KEPT, "Repr-Digest": repr_digest(sha256)}
    if holds(request, headers["ETag"]):
        return Response(status_code=304, headers=headers)
    if content_type not in SHOWN:
        content_type = "application/octet-stream"
        headers["Content-Disposition"] = f'attachment; filename="{sha256[:16]}.bin"'
    headers["Content-Length"] = str(blob["size"])
    return StreamingResponse(blobs.pieces(blob), media_type=content_type, headers=headers)
