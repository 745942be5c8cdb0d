"""What is kept beside the rows that it follows from, for speed: does it still follow from them?"""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Select, and_, func, literal, or_, select
from sqlmodel import Session

from core.post import METRICS
from db import vectors
from db.doubt import doubt, unsure
from db.models import Capture, Embedding, Erasure, Exhibit, Metrics, Post, Sighting, Tag, Version
from db.slices import slices
from db.upsert import table

_post, _version, _tag = table(Post), table(Version), table(Tag)
_sighting, _metrics, _exhibit, _erasure = (table(m) for m in (Sighting, Metrics, Exhibit, Erasure))
_capture, _embedding = table(Capture), table(Embedding)
_of_post = _post.c.platform, _post.c.platform_id


def problem(session: Session) -> str | None:
    """The first post or row that does not follow from what it is counted from; None where all do."""
    for what, statement in _statements().items():
        if row := session.execute(statement.limit(1)).mappings().first():
            return _said(what, row)
    return _doubts(session) or _vectors(session)


def _said(what: str, row: Mapping[Any, Any]) -> str:
    name = f"{row['platform']}:{row['platform_id']}" if "platform" in row else f"{row['kind']}/{row['id']}"
    return f"the {what} of {name} is not what its rows say"


def _statements() -> dict[str, Select[Any]]:
    counts = (
        select(
            _version.c.post_id,
            func.count().label("versions"),
            func.max(_version.c.number).label("last"),
            func.count().filter(_version.c.change == "edit").label("edits"),
        )
        .group_by(_version.c.post_id)
        .subquery()
    )
    posts = select(*_of_post).join(counts, counts.c.post_id == _post.c.id, isouter=True).select_from(_post)
    numbered = or_(
        counts.c.post_id.is_(None), _post.c.versions != counts.c.versions, _post.c.versions != counts.c.last
    )
    first_hand = _seen(_sighting.c.first_hand)
    return {
        "count of versions": posts.where(numbered),
        "count of edits": posts.where(_post.c.edits != counts.c.edits),
        "mark as second hand": select(*_of_post).where(_post.c.second_hand == first_hand),
        "erasure": _unerased(),
        "post": _strays(),
        "capture": _unshown(),
        "evidence": _swapped(),
        "vector": _homeless(),
        **{f"count of {name}": _counted(name) for name in METRICS},
    }


def _seen(condition: Any) -> Any:
    return select(_sighting.c.id).where(_sighting.c.post_id == _post.c.id, condition).exists()


def _strays() -> Select[Any]:
    """Tags that stand at another post than their version."""
    other = and_(_version.c.id == _tag.c.version_id, _version.c.post_id != _tag.c.post_id)
    return select(literal("tag").label("kind"), _tag.c.id).join_from(_tag, _version, other)


def _unerased() -> Select[Any]:
    """Posts that name an erasure which is none of theirs."""
    own = and_(_erasure.c.id == _post.c.erasure_id, _erasure.c.post_id == _post.c.id)
    statement = select(*_of_post).select_from(_post).join(_erasure, own, isouter=True)
    return statement.where(_post.c.erasure_id.is_not(None), _erasure.c.id.is_(None))


def _unshown() -> Select[Any]:
    """Versions whose capture is not known to show their post."""
    shown = and_(_exhibit.c.post_id == _version.c.post_id, _exhibit.c.capture_id == _version.c.capture_id)
    statement = select(literal("version").label("kind"), _version.c.id)
    statement = statement.join_from(_version, _exhibit, shown, isouter=True)
    return statement.where(_version.c.capture_id.is_not(None), _exhibit.c.post_id.is_(None))


def _swapped() -> Select[Any]:
    """Versions that hang on another capture than the one that was sealed with them."""
    sealed = _version.c.facts["capture"].as_string()
    statement = select(literal("version").label("kind"), _version.c.id)
    statement = statement.join_from(_version, _capture, _capture.c.id == _version.c.capture_id)
    return statement.where(sealed.is_not(None), _capture.c.sha256 != sealed)


def _homeless() -> Select[Any]:
    """Vectors of what is not a post's current text, or waits for its tags, or was erased."""
    own = and_(_version.c.id == _embedding.c.version_id, _version.c.post_id == _embedding.c.post_id)
    current = and_(_post.c.id == _embedding.c.post_id, _post.c.current == _version.c.number)
    statement = select(literal("vector").label("kind"), _embedding.c.id)
    statement = statement.join_from(_embedding, _version, own, isouter=True).join(_post, current, isouter=True)
    return statement.where(or_(_post.c.id.is_(None), vectors.READY.is_not(True)))


def _vectors(session: Session) -> str | None:
    """The first vector that is not as it was written, or of another length than the others of its encoder."""
    widths: dict[int, int] = {}
    for rows in slices(session, _embedding, _embedding.c.id):
        for row in rows:
            width = widths.setdefault(row["encoder_id"], len(row["vector"]))
            if row["checksum"] != vectors.checksum(row) or len(row["vector"]) != width:
                return f"the vector of version/{row['version_id']} is not as it was written"
    return None


def _counted(name: str) -> Select[Any]:
    """Counts that nobody ever observed."""
    observed = select(_metrics.c.post_id).where(_metrics.c.post_id == _post.c.id, _metrics.c[name] == _post.c[name])
    return select(*_of_post).where(_post.c[name].is_not(None), ~observed.exists())


def _doubts(session: Session) -> str | None:
    statement = select(_post.c.id, *_of_post, _post.c.doubt)
    for rows in slices(session, statement, _post.c.id):
        least: dict[int, int] = {}
        inside = _tag.c.post_id.between(rows[0]["id"], rows[-1]["id"])
        for tag in session.execute(unsure().where(inside)):
            found = doubt(tag.probability, tag.threshold)
            least[tag.post_id] = min(found, least.get(tag.post_id, found))
        for row in rows:
            if row["doubt"] != least.get(row["id"]):
                return _said("doubt", row)
    return None
