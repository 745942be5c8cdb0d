"""Deletions that an import alone tells of. Whoever writes a file could have our own evidence erased by it: such a
post is shown as deleted, its platform is asked for it at once, and its text stays until that, or any source of ours
that looks there, finds it gone too."""

from datetime import datetime

from sqlalchemy import ColumnElement, exists, func

from core import rechecks
from core.post import SeenPost
from db.models import IMPORT, Post, Source, Version
from db.upsert import Row, table

FACT = "unconfirmed"  # of a version by which the post is gone
_post, _version = table(Post), table(Version)


def tells(source: Source, post: SeenPost) -> bool:
    return post.deleted and source.name == IMPORT


def confirms(source: Source, post: SeenPost) -> bool:
    """A look of our own at the platform, which does not have it any more."""
    return post.deleted and post.first_hand and source.name != IMPORT


def asked_at(platform: str, now: datetime) -> datetime | None:
    """At once, where the platform can be asked."""
    return now if platform in rechecks.followed() else None


def is_one(facts: Row) -> bool:
    return bool(facts.get(FACT))


def alone() -> ColumnElement[bool]:
    """Posts that are gone by an import's word and nobody else's."""
    current = (_version.c.post_id == _post.c.id) & (_version.c.number == _post.c.current)
    unconfirmed = func.coalesce(_version.c.facts[FACT].as_boolean(), False)
    found: ColumnElement[bool] = exists().where(current, unconfirmed).correlate(_post)
    return found
