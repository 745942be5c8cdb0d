"""Which sources could have shown what a query asks for: those of its account, actor, platform or source; or those
that did show it of late."""

from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import select, union
from sqlmodel import Session

from db.language import And, Field
from db.models import IMPORT, Account, Actor, Post, Sighting, Source
from db.query import PostQuery
from db.upsert import among, table

_SAMPLE = 1000  # newest posts that are asked which source saw them
_post, _account, _actor, _source, _sighting = (table(m) for m in (Post, Account, Actor, Source, Sighting))


def followers(session: Session, query: PostQuery) -> set[int] | None:
    """Ids of sources; None where the query names no account, actor, platform or source."""
    parts = query.tree.parts if isinstance(query.tree, And) else (query.tree,)
    found: set[int] | None = None
    for field in parts:
        rule = _RULES.get(field.name) if isinstance(field, Field) else None
        if rule and isinstance(field, Field):
            these = set(session.execute(rule(field.value)).scalars())
            found = these if found is None else found & these
    return found


def showing(session: Session, query: PostQuery, keys: Sequence[int]) -> set[int] | None:
    """Ids of the sources that saw these posts of the query; of its `followers` where none did."""
    seen = among(session, _sighting.c.post_id, keys), _source.c.name != IMPORT
    shown = select(_source.c.id).join_from(_sighting, _source, _source.c.id == _sighting.c.source_id).where(*seen)
    return set(session.execute(shown.distinct()).scalars()) or followers(session, query)


def _of_name(name: str) -> Any:
    return select(_source.c.id).where(_source.c.name == name)


def _of_platform(platform: str) -> Any:
    posts = select(_post.c.id).where(_post.c.platform == platform.lower()).limit(_SAMPLE)
    return union(select(_source.c.id).where(_source.c.kind == platform.lower()), _that_saw(posts))


def _of_handle(handle: str) -> Any:
    return _of_accounts([_account.c.handle_key == handle.lstrip("@").lower()])


def _of_actor(slug: str) -> Any:
    return _of_accounts([_account.c.actor_id == select(_actor.c.id).where(_actor.c.slug == slug).scalar_subquery()])


def _of_accounts(conditions: Sequence[Any]) -> Any:
    """Those that saw posts of these accounts, and those that are configured for their actor."""
    accounts = select(_account.c.id).where(*conditions)
    posts = select(_post.c.id).where(_post.c.account_id.in_(accounts)).order_by(_post.c.id.desc()).limit(_SAMPLE)
    actors = select(_account.c.actor_id).where(*conditions, _account.c.actor_id.is_not(None))
    return union(select(_source.c.id).where(_source.c.actor_id.in_(actors)), _that_saw(posts))


def _that_saw(posts: Any) -> Any:
    return select(_sighting.c.source_id).where(_sighting.c.post_id.in_(posts.subquery().select())).distinct()


_RULES: dict[str, Callable[[str], Any]] = {
    "source": _of_name,
    "platform": _of_platform,
    "from": _of_handle,
    "actor": _of_actor,
}
