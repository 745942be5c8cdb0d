"""What people say of topics: their word wins over the model's until they withdraw it.

A correction is a tag without a model that is in force for the post, whatever models say before or after and
whatever version comes next, so that whoever reads tags follows it without knowing. Who said it, when and why stands
beside it in `Correction`; every step adds a row there, and a line in the ledger. What a model says of a corrected
topic is kept, and closed at once (`db.tags`).
"""

import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from types import SimpleNamespace
from typing import Any

from sqlalchemy import and_, func, or_, select, update
from sqlmodel import Session

from core.errors import NotFound
from core.text import storable
from db import clock, directory, doubt, ledger, posts, search
from db.current import CURRENT
from db.models import Correction, Post, Tag, Topic, Version
from db.proof import digests
from db.upsert import Row, among, insert_all, table

WITHDRAWN = "withdrawn"
LONGEST_NOTE = 2000  # characters
_tag, _topic, _correction = table(Tag), table(Topic), table(Correction)
_post, _version = table(Post), table(Version)
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")  # a note goes to terminals, through CSV files too
_HALF = 0.5  # a person's threshold: the word is 1 or 0
_JUDGED = ("model_id", "probability", "threshold", "decision", "evidence_start", "evidence_end")
_in_force = _tag.c.valid_to.is_(None)
_by_person, _by_model = _tag.c.model_id.is_(None), _tag.c.model_id.is_not(None)


@dataclass(frozen=True, slots=True)
class Author:
    """Whose word it is: the row of the key or session, and its name."""

    credential_id: int
    name: str


@dataclass(frozen=True, slots=True)
class _Place:
    """A topic of a post's current version."""

    post_id: int
    version_id: int
    topic_id: int
    topic: str


@dataclass(frozen=True, slots=True)
class Standing:
    """A correction in force, with the text that it was made on."""

    version_id: int
    text: str
    lang: str | None
    topic: str
    decision: str


def put(
    session: Session, public_id: str, topic: str, decision: str, note: str | None, author: Author, now: datetime
) -> bool:
    """This topic is `tagged` or `not`, says `author`; False where the same stood there already.

    Raises NotFound for a post or a topic that is none, and for one that has left the configuration.
    """
    if directory.is_retired(session, topic):
        raise NotFound(f"the topic {topic!r} has left kle.toml: put it back there to tag posts with it")
    place = _place(session, public_id, topic)
    said = (
        decision,
        _CONTROL.sub("", storable(note or "")).strip() or None,
        author.credential_id,
        place.version_id,
    )
    if _standing(session, place) == said:
        return False
    model, at = _last_of_models(session, place), _after(session, place, now)
    spoken = model if model and decision == "tagged" else {"evidence_start": None, "evidence_end": None}
    _close(session, place, at)
    sure = {"model_id": None, "probability": float(decision == "tagged"), "threshold": _HALF, "decision": decision}
    made = _add_tag(session, place, {**spoken, **sure}, at)
    _note_down(session, place, made, decision, said[1], author, at)
    _follow(session, place)
    return True


def withdraw(session: Session, public_id: str, topic: str, author: Author, now: datetime) -> bool:
    """The model's decision is current again; False where no correction stood. Raises NotFound as `put` does."""
    place = _place(session, public_id, topic)
    if _standing(session, place) is None:
        return False
    model, at = _last_of_models(session, place), _after(session, place, now)
    _close(session, place, at)
    if model:  # from now on again: a closed row is not opened, or the history would say that it held all along
        _add_tag(session, place, model, at)
    _note_down(session, place, None, WITHDRAWN, None, author, at)
    _follow(session, place)
    return True


def held_by_people(session: Session, post_ids: Collection[int]) -> set[tuple[int, int]]:
    """(post, topic) of the corrections in force among these posts."""
    mine = among(session, _tag.c.post_id, post_ids)
    statement = select(_tag.c.post_id, _tag.c.topic_id).where(mine, _by_person, _in_force)
    return {(row.post_id, row.topic_id) for row in session.execute(statement)}


def said_by_models(session: Session, public_id: str) -> dict[str, dict[str, Any]]:
    """Topic -> {"decision", "probability"} of the newest model that read the current version, `not` too."""
    statement = (
        select(_topic.c.slug, _tag.c.decision, _tag.c.probability)
        .join_from(_post, _version, CURRENT)
        .join(_tag, and_(_tag.c.version_id == _version.c.id, _by_model))
        .join(_topic, _topic.c.id == _tag.c.topic_id)
        .where(*_is_post(session, public_id))
        .order_by(_tag.c.id)
    )
    return {r.slug: {"decision": r.decision, "probability": r.probability} for r in session.execute(statement)}


def standing(session: Session) -> list[Standing]:
    """Every correction in force on a text that is still there, oldest version first."""
    statement = (
        select(_tag.c.version_id, _version.c.text, _version.c.facts, _topic.c.slug, _tag.c.decision)
        .join_from(_tag, _version, _version.c.id == _tag.c.version_id)
        .join(_topic, _topic.c.id == _tag.c.topic_id)
        .where(_by_person, _in_force, _version.c.erasure_id.is_(None))
        .order_by(_tag.c.version_id, _topic.c.position)
    )
    rows = session.execute(statement)
    return [Standing(r.version_id, r.text, r.facts.get("lang"), r.slug, r.decision) for r in rows]


def to_look_at(session: Session) -> dict[str, int]:
    """Topic -> posts on which somebody said something about it: a model `tagged` or `unsure`, or a person."""
    statement = (
        select(_topic.c.slug, func.count())
        .join_from(_tag, _topic, _topic.c.id == _tag.c.topic_id)
        .where(_in_force, or_(_tag.c.decision != "not", _by_person))
        .group_by(_topic.c.slug)
    )
    return {row[0]: row[1] for row in session.execute(statement)}


def waiting(session: Session) -> int | dict[str, int]:
    """Posts with an unsure topic that nobody decided, counted as `posts.page` counts."""
    return posts.counted(session, select(_post.c.id).where(_post.c.doubt.is_not(None)))


def _place(session: Session, public_id: str, topic: str) -> _Place:
    """Nobody else changes the post's tags until we are done; it may have moved to a better key meanwhile."""
    known = {r.slug: r.id for r in session.execute(select(_topic.c.slug, _topic.c.id).order_by(_topic.c.position))}
    key = None
    while key is None:
        held = select(_post.c.id).where(*_is_post(session, public_id)).with_for_update(key_share=True)
        key = session.execute(held).scalar()
    if topic not in known:
        there = ", ".join(known) or "none yet"
        raise NotFound(f"there is no topic {topic!r}; there are {there}", known=list(known))
    version = select(_version.c.id).join_from(_version, _post, CURRENT).where(_post.c.id == key)
    return _Place(key, session.execute(version).scalar_one(), known[topic], topic)


def _is_post(session: Session, public_id: str) -> tuple[Any, Any]:
    platform, _, platform_id = posts.resolve(session, public_id).partition(":")
    return _post.c.platform == platform, _post.c.platform_id == platform_id


def _of(place: _Place) -> Any:
    return and_(_tag.c.post_id == place.post_id, _tag.c.topic_id == place.topic_id)


def _standing(session: Session, place: _Place) -> tuple[str, str | None, int, int] | None:
    """Decision, note, credential and version of the correction in force."""
    columns = _correction.c.decision, _correction.c.note, _correction.c.credential_id, _correction.c.version_id
    joined = select(*columns).join_from(_correction, _tag, _tag.c.id == _correction.c.tag_id)
    row = session.execute(joined.where(_of(place), _by_person, _in_force)).first()
    return (row.decision, row.note, row.credential_id, row.version_id) if row else None


def _last_of_models(session: Session, place: _Place) -> Row | None:
    """The newest decision of a model on this version."""
    columns = [_tag.c[name] for name in _JUDGED]
    said = _tag.c.version_id == place.version_id, _tag.c.topic_id == place.topic_id, _by_model
    row = session.execute(select(*columns).where(*said).order_by(_tag.c.id.desc()).limit(1)).mappings().first()
    return dict(row) if row else None


def _after(session: Session, place: _Place, now: datetime) -> datetime:
    """Later than all that was said of this post, so that the ledger's line names one round."""
    return clock.after_all_said(session, {place.version_id: place.post_id}, now)[place.version_id]


def _close(session: Session, place: _Place, at: datetime) -> None:
    session.execute(update(_tag).where(_of(place), _in_force).values(valid_to=at))


def _add_tag(session: Session, place: _Place, judged: Row, at: datetime) -> int:
    row = {
        **{name: judged[name] for name in _JUDGED},
        "version_id": place.version_id,
        "post_id": place.post_id,
        "topic_id": place.topic_id,
        "valid_from": at,
    }
    digest = digests.of_tags([SimpleNamespace(**row, slug=place.topic)])
    ledger.append(session, [ledger.Line("tags", ledger.tags_subject(place.version_id, at), digest, at)])
    return insert_all(session, Tag, [row])[0]


def _note_down(
    session: Session,
    place: _Place,
    tag_id: int | None,
    decision: str,
    note: str | None,
    author: Author,
    at: datetime,
) -> None:
    row = {
        "version_id": place.version_id,
        "topic_id": place.topic_id,
        "tag_id": tag_id,
        "decision": decision,
        "note": note,
        "credential_id": author.credential_id,
        "name": author.name,
        "at": at,
    }
    number = insert_all(session, Correction, [row])[0]
    digest = digests.of_correction({**row, "slug": place.topic})
    ledger.append(session, [ledger.Line("correction", f"correction/{number}", digest, at)])


def _follow(session: Session, place: _Place) -> None:
    doubt.refresh(session, [place.post_id])
    search.refresh(session, [place.post_id])
