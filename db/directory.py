"""What the configuration says, as rows: actors, accounts, references, topics, sources."""

import json
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import func, select, update
from sqlmodel import Session, SQLModel

from core.errors import SettingsError
from core.post import Account as SeenAccount
from core.settings import Settings
from core.tables import ActorConfig, SourceConfig
from db import accounts as account_rows
from db.models import IMPORT, Account, Actor, Meta, Post, Reference, Source, Tag, TagModel, Topic
from db.upsert import insert, table

_actor, _account, _source, _topic = table(Actor), table(Account), table(Source), table(Topic)
_reference, _post, _tag, _model = table(Reference), table(Post), table(Tag), table(TagModel)
_OWN, _RETIRED = "own_topics", "retired_topics"  # in Meta
TopicRow = tuple[str, str, str]  # slug, name, definition


def sync(session: Session, settings: Settings, topics: Sequence[TopicRow], now: datetime) -> None:
    """Make the rows say what the configuration says. Sources that left it are switched off, never deleted."""
    sync_topics(session, settings, topics)
    for actor in settings.actors:
        _put_actor(session, actor)
    for reference in settings.references:
        _put(session, Reference, "slug", reference.model_dump())
    for source in settings.sources:
        _put_source(session, source, now)
    kept = [s.name for s in settings.sources] + [IMPORT]
    session.execute(update(_source).where(_source.c.name.not_in(kept)).values(enabled=False))


def sync_topics(session: Session, settings: Settings, topics: Sequence[TopicRow]) -> None:
    """Topics that left the configuration stay for their older tags, and are named as retired."""
    for place, (slug, name, definition) in enumerate(topics):
        _put(session, Topic, "slug", {"slug": slug, "name": name, "definition": definition, "position": place})
    left = select(_topic.c.slug).where(_topic.c.slug.not_in([slug for slug, _, _ in topics]))
    _say(session, _RETIRED, list(session.execute(left).scalars()))
    known = _said(session, _OWN, {})
    _say(session, _OWN, {topic.slug: known.get(topic.slug) for topic in settings.topics})


def _put(session: Session, model: type[SQLModel], key: str, row: dict[str, Any]) -> None:
    statement = insert(session, model).values(row)
    changed = {name: value for name, value in row.items() if name != key}
    session.execute(statement.on_conflict_do_update(index_elements=[key], set_=changed))


def _put_actor(session: Session, actor: ActorConfig) -> None:
    _put(session, Actor, "slug", actor.model_dump(exclude={"accounts"}))
    number = session.execute(select(_actor.c.id).where(_actor.c.slug == actor.slug)).scalar_one()
    seen = [SeenAccount(platform, handle) for platform, handle in (a.split(":", 1) for a in actor.accounts)]
    mine = account_rows.ensure(session, seen).values()
    session.execute(update(_account).where(_account.c.actor_id == number, _account.c.id.not_in(mine))
                    .values(actor_id=None))  # fmt: skip
    session.execute(update(_account).where(_account.c.id.in_(mine)).values(actor_id=number))


def _put_source(session: Session, source: SourceConfig, now: datetime) -> None:
    if source.name == IMPORT:
        raise SettingsError("[[source]] name", IMPORT, "is taken by `kle import`; use another name")
    row: dict[str, Any] = {
        "kind": source.kind,
        "options": source.options,
        "every_seconds": int(source.every.total_seconds()),
        "actor_id": _actor_id(session, source),
        "enabled": source.enabled,
        "verified": source.verified,
        "synthetic": source.synthetic,
        "erase_deleted": source.erase_deleted,
        "keep_seconds": int(source.keep.total_seconds()) if source.keep else None,
    }
    first = {"next_due_at": now, "scheduled_at": now, "state": {}, "failures": 0, "attempts": 0}
    columns = (
        _source.c.kind, _source.c.options, _source.c.next_due_at, _source.c.failures, _source.c.keep_seconds,
    )  # fmt: skip
    known = session.execute(select(*columns).where(_source.c.name == source.name)).first()
    if known and (known.kind, known.options) != (source.kind, source.options):
        row |= {"next_due_at": now, "scheduled_at": now}
        if known.kind != source.kind or "path" in source.options:
            row |= {"state": {}}  # files are read again by their new options; readers of the web know their address
    elif known and known.next_due_at > now + source.every and not known.failures:
        row |= {"next_due_at": now + source.every, "scheduled_at": now}  # a shorter schedule counts at once
    if known and _shortened(known.keep_seconds, row["keep_seconds"]):
        row |= {"keep_announced_at": None}  # what will go is told a day before
    statement = insert(session, Source).values({"name": source.name, **first, **row})
    session.execute(statement.on_conflict_do_update(index_elements=["name"], set_=row))


def _shortened(before: int | None, now: int | None) -> bool:
    return now is None or before is None or now < before


def _actor_id(session: Session, source: SourceConfig) -> int | None:
    if source.actor is None:
        return None
    found = session.execute(select(_actor.c.id).where(_actor.c.slug == source.actor)).scalar()
    if found is None:
        known = ", ".join(session.execute(select(_actor.c.slug).order_by(_actor.c.slug)).scalars()) or "none"
        raise SettingsError(f"[[source]] {source.name}, actor", source.actor, f"is no [[actor]]; there are {known}")
    return int(found)


def topics(session: Session) -> list[dict[str, Any]]:
    """`own`: of kle.toml; `retired`: no longer there; `figures`: how good its head is, once it is fitted."""
    own, retired = _said(session, _OWN, {}), _said(session, _RETIRED, [])
    columns = _topic.c.slug, _topic.c.name, _topic.c.definition
    rows = session.execute(select(*columns).order_by(_topic.c.position, _topic.c.slug)).mappings()
    return [
        {**r, "own": r["slug"] in own, "retired": r["slug"] in retired, "figures": own.get(r["slug"])} for r in rows
    ]


def topics_by(session: Session, moment: datetime) -> list[dict[str, Any]]:
    """Those of the taxonomy that there were by then: shipped ones, then own ones on which anybody had decided."""
    every = topics(session)
    shipped = [topic for topic in every if not topic["own"] and not topic["retired"]]
    others = sorted((topic for topic in every if topic not in shipped), key=lambda topic: str(topic["slug"]))
    return shipped + [topic for topic in others if _decided_by(session, topic["slug"], moment)]


def _decided_by(session: Session, slug: str, moment: datetime) -> bool:
    """SQLite has an index for the open decisions and one for those that were closed."""
    topic = select(_topic.c.id).where(_topic.c.slug == slug).scalar_subquery()
    there = select(_tag.c.id).where(_tag.c.topic_id == topic, _tag.c.valid_from <= moment).limit(1)
    ways = _tag.c.valid_to.is_(None), _tag.c.valid_to.is_not(None)
    return any(session.execute(there.where(way)).first() for way in ways)


def cards(session: Session, digests: Collection[str]) -> list[dict[str, Any]]:
    """{"digest", "card"} of these models, in the order of their digests."""
    rows = session.execute(select(_model.c.digest, _model.c.card).where(_model.c.digest.in_(sorted(digests))))
    return sorted(({"digest": r.digest, "card": r.card} for r in rows), key=lambda row: str(row["digest"]))


def is_retired(session: Session, slug: str) -> bool:
    """Whether the configuration named this topic once and does so no more."""
    return slug in _said(session, _RETIRED, [])


def show_figures(session: Session, figures: dict[str, Any]) -> None:
    """What the heads of own topics are worth, by slug; of topics that the configuration does not name, nothing."""
    own = _said(session, _OWN, {})
    _say(session, _OWN, {slug: figures.get(slug) for slug in own})


def _said(session: Session, name: str, default: Any) -> Any:
    found = session.get(Meta, name)
    return json.loads(found.value) if found else default


def _say(session: Session, name: str, value: Any) -> None:
    _put(session, Meta, "name", {"name": name, "value": json.dumps(value)})


def actors(session: Session) -> list[dict[str, Any]]:
    owned: dict[int, list[dict[str, Any]]] = {}
    statement = (
        select(_account).where(_account.c.actor_id.is_not(None)).order_by(_account.c.platform, _account.c.handle)
    )
    for row in session.execute(statement):
        owned.setdefault(row.actor_id, []).append(
            {"platform": row.platform, "handle": row.handle, "name": row.name}
        )
    rows = session.execute(select(_actor).order_by(_actor.c.slug))
    return [
        {"slug": r.slug, "name": r.name, "kind": r.kind, "url": r.url, "accounts": owned.get(r.id, [])}
        for r in rows
    ]


def accounts(session: Session) -> list[dict[str, Any]]:
    """Every account that published, or that an actor names, with how many posts the archive has of it."""
    counts = select(_post.c.account_id, func.count().label("posts")).group_by(_post.c.account_id).subquery()
    columns = _account.c.platform, _account.c.handle, _account.c.name, _actor.c.slug, counts.c.posts
    statement = (
        select(*columns)
        .select_from(_account)
        .join(_actor, isouter=True)
        .join(counts, counts.c.account_id == _account.c.id, isouter=True)
        .order_by(_account.c.platform, _account.c.handle_key)
    )
    return [
        {"platform": r.platform, "handle": r.handle, "name": r.name, "actor": r.slug, "posts": r.posts or 0}
        for r in session.execute(statement)
    ]


def references(session: Session) -> list[dict[str, Any]]:
    names = ("slug", "title", "date", "date_precision", "url", "note", "figures", "verified")
    rows = session.execute(select(_reference).order_by(_reference.c.date.desc().nulls_last(), _reference.c.slug))
    return [{name: getattr(r, name) for name in names} for r in rows]
