"""Captures: the raw answers that posts were read from, kept with what an expert would ask about them.

Beside the headers that the server sent stand, under names that no header has, `:hops` (each redirect's status and
address), `:peer` (the address that answered), `:tls` (the connection's protocol and the SHA-256 of the server's
certificate) and `:file` (the name of a file that was read instead); names with x- are what a reader needed to know
beside the body. A capture's digest covers all of them.
"""

from typing import Any

from sqlalchemy import func, select
from sqlmodel import Session

from core import cursor, times
from core.errors import NotFound
from core.page import Page
from core.secrecy import masked
from core.text import storable
from db import blobs, ledger, posts
from db.models import Blob, Capture, Exhibit, Post, Run, Source, Version
from db.proof import digests
from db.upsert import Row, insert_all, table

_capture, _exhibit, _blob = table(Capture), table(Exhibit), table(Blob)
_version, _post, _run, _source = table(Version), table(Post), table(Run), table(Source)


def store(session: Session, run_id: int | None, page: Page) -> int:
    """Keep one response; equal bytes are kept once. Returns the capture's id."""
    row: Row = {
        "run_id": run_id,
        "url": masked(storable(page.url)),
        "fetched_at": page.fetched_at,
        "status": page.status,
        "headers": {storable(name): masked(storable(value)) for name, value in page.headers.items()},
        "sha256": blobs.keep(session, page.body),
        "tool": page.tool,
    }
    row["digest"] = digests.of_capture(row)
    (number,) = insert_all(session, Capture, [row])
    ledger.append(session, [ledger.Line("capture", f"capture/{number}", row["digest"], page.fetched_at)])
    return number


def sha256_of(session: Session, capture_id: int) -> str:
    return str(session.execute(select(_capture.c.sha256).where(_capture.c.id == capture_id)).scalar_one())


# -- reading ------------------------------------------------------------------------------------------------


def one(session: Session, public_id: str, version: int | None = None, capture: int | None = None) -> dict[str, Any]:
    """The capture of the post's current version, of another one, or this one of those that show it.

    Raises NotFound, which says why there is none.
    """
    key = posts.key_of(session, public_id)
    if capture is not None:
        number = _shown_in(session, key, public_id, capture)
    else:
        number = _of_version(session, key, public_id, version)
    return _forms(session, key, _capture.c.id == number)[0]


def page(
    session: Session, public_id: str, limit: int, after: str | None
) -> tuple[list[dict[str, Any]], str | None]:
    """All captures that show the post, newest first, with the cursor of the next page."""
    key = posts.key_of(session, public_id)
    wanted = _shows(key)
    if after:
        wanted &= _exhibit.c.capture_id < cursor.decode(after, "captures")[0]
    numbers = select(_exhibit.c.capture_id).where(wanted).order_by(_exhibit.c.capture_id.desc()).limit(limit + 1)
    found = list(session.execute(numbers).scalars())
    following = cursor.encode("captures", found[limit - 1]) if len(found) > limit else None
    return _forms(session, key, _capture.c.id.in_(found[:limit])), following


def of_versions(session: Session, public_id: str) -> dict[int, dict[str, Any]]:
    """By the number of the version that each brought; those that came without a capture have none."""
    key = posts.key_of(session, public_id)
    brought = select(_version.c.number, _version.c.capture_id).where(
        _version.c.post_id == key, _version.c.capture_id.is_not(None)
    )
    numbers = {row.number: row.capture_id for row in session.execute(brought)}
    found = {form["id"]: form for form in _forms(session, key, _capture.c.id.in_(set(numbers.values())))}
    return {number: found[capture] for number, capture in numbers.items()}


def _shows(key: int) -> Any:
    return _exhibit.c.post_id == key


def _shown_in(session: Session, key: int, public_id: str, capture: int) -> int:
    there = select(_exhibit.c.capture_id).where(_shows(key), _exhibit.c.capture_id == capture)
    if session.execute(there).first() is None:
        raise NotFound(f"no capture {capture} shows {public_id}; /posts/{public_id}/captures lists those that do")
    return capture


def _of_version(session: Session, key: int, public_id: str, version: int | None) -> int:
    number = version or session.execute(select(_post.c.current).where(_post.c.id == key)).scalar_one()
    wanted = select(_version.c.capture_id).where(_version.c.post_id == key, _version.c.number == number)
    row = session.execute(wanted).first()
    if row is None:
        raise NotFound(f"{public_id} has no version {number}; /posts/{public_id}/versions lists them")
    if row.capture_id is None:
        raise NotFound(
            f"version {number} of {public_id} came without a capture: nothing was fetched for it"
            f" (an import by an earlier version, or from another archive). /posts/{public_id}/captures lists others"
        )
    return int(row.capture_id)


def _forms(session: Session, key: int, wanted: Any) -> list[dict[str, Any]]:
    """In the API's form without their bodies, newest first."""
    brought = (
        select(func.max(_version.c.number))
        .where(_version.c.post_id == key, _version.c.capture_id == _capture.c.id)
        .scalar_subquery()
    )
    statement = (
        select(_capture, _blob.c.size, _blob.c.codec, _source.c.name, brought.label("version"))
        .join_from(_capture, _blob, _blob.c.sha256 == _capture.c.sha256)
        .join(_run, _run.c.id == _capture.c.run_id, isouter=True)
        .join(_source, _source.c.id == _run.c.source_id, isouter=True)
        .where(wanted)
        .order_by(_capture.c.id.desc())
    )
    return [_form(row) for row in session.execute(statement)]


def _form(row: Any) -> dict[str, Any]:
    return {
        "id": row.id,
        "url": row.url or None,
        "fetched_at": times.text(row.fetched_at),
        "status": row.status,
        "headers": row.headers,
        "sha256": row.sha256,
        "size": row.size,
        "tool": row.tool,
        "digest": row.digest,
        "source": row.name,
        "version": row.version,
        "erased": row.codec == blobs.ERASED,
    }
