"""What was forgotten stays so: an answer that still shows it is kept as its digest alone."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import select, update
from sqlmodel import Session

from core import ids
from db.blobs import ERASED
from db.erasing.erase import Why, bury, empty_blobs
from db.models import Blob, Capture, Erasure, Post
from db.proof import digests
from db.upsert import table

_post, _erasure, _capture, _blob = table(Post), table(Erasure), table(Capture), table(Blob)


def hide(session: Session, capture_id: int, post_ids: Collection[int], now: datetime) -> None:
    """Empty what this capture holds: it shows these posts, which were erased for good.

    The tombstones of these posts are sealed already: a further one names the capture's digest.
    """
    wanted = select(_capture, _blob.c.codec).join_from(_capture, _blob).where(_capture.c.id == capture_id)
    shown = session.execute(wanted).mappings().one()
    columns = _post, _erasure.c.cause, _erasure.c.reason, _erasure.c.by
    known = select(*columns).join_from(_post, _erasure, _erasure.c.id == _post.c.erasure_id)
    posts = session.execute(known.where(_post.c.id.in_(post_ids)).order_by(_post.c.id)).mappings().all()
    if shown["codec"] != ERASED:
        first = posts[0]
        said = {"versions": [], "corrections": [], "captures": [shown["sha256"]], "media": []}
        bury(session, first, Why(first["cause"], first["reason"], first["by"]), now, said)
        empty_blobs(session, [shown["sha256"]])
    if ids.article_id(shown["url"]) in {post["url_key"] for post in posts}:
        bare = digests.addresses_hidden(shown)
        session.execute(update(_capture).where(_capture.c.id == capture_id).values(bare))
