"""What labels made elsewhere are held against: their posts, and what models and people said of these."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from sqlalchemy import select
from sqlmodel import Session

from core import ids
from core.text import storable
from db.current import CURRENT
from db.models import Alias, Correction, Credential, Post, Tag, Topic, Version
from db.slices import chunks
from db.upsert import among, table

PURPOSE = "labels"  # of a credential that only names who labelled
_post, _version, _alias, _tag, _topic = (table(m) for m in (Post, Version, Alias, Tag, Topic))
_correction, _credential = table(Correction), table(Credential)


@dataclass(frozen=True, slots=True)
class Place:
    """A post that a label names, by whichever of its ids; its current version and the digest of that one's text."""

    key: int
    id: str
    version_id: int
    text_sha256: str
    lang: str | None
    erased: bool


@dataclass(frozen=True, slots=True)
class Word:
    """What a person says of a topic; `labelled`: by a label, not by a key or a session."""

    decision: str
    name: str
    labelled: bool


def find(session: Session, wanted: Collection[str]) -> dict[str, Place]:
    """Public id as given -> its post; of ids that the archive does not know nothing."""
    found: dict[str, Place] = {}
    for some in chunks(sorted({storable(public_id) for public_id in wanted})):
        keys = {**_by_alias(session, some), **_by_id(session, some)}
        places = _places(session, set(keys.values()))
        found |= {public_id: places[key] for public_id, key in keys.items()}
    return found


def _by_id(session: Session, wanted: Iterable[str]) -> dict[str, int]:
    named: dict[str, list[str]] = defaultdict(list)
    for public_id in wanted:
        platform, _, platform_id = public_id.partition(":")
        named[platform].append(platform_id)
    columns = _post.c.id, _post.c.platform_id
    return {
        ids.public_id(platform, row.platform_id): row.id
        for platform, some in named.items()
        for row in session.execute(
            select(*columns).where(_post.c.platform == platform, among(session, _post.c.platform_id, some))
        )
    }


def _by_alias(session: Session, wanted: Collection[str]) -> dict[str, int]:
    statement = select(_alias.c.public_id, _alias.c.post_id).where(among(session, _alias.c.public_id, wanted))
    return {row.public_id: row.post_id for row in session.execute(statement)}


def _places(session: Session, keys: Collection[int]) -> dict[int, Place]:
    of_version = _version.c.id.label("version_id"), _version.c.text_sha256, _version.c.erasure_id
    statement = (
        select(_post.c.id, _post.c.platform, _post.c.platform_id, _post.c.lang, *of_version)
        .join_from(_post, _version, CURRENT)
        .where(among(session, _post.c.id, keys))
    )
    return {
        r.id: Place(r.id, ids.public_id(r.platform, r.platform_id), r.version_id, r.text_sha256, r.lang,
                    r.erasure_id is not None)
        for r in session.execute(statement)
    }  # fmt: skip


def read_by(session: Session, texts: Mapping[int, str]) -> dict[int, int]:
    """Post -> its newest version with the text of this digest, for those that have one."""
    found: dict[int, int] = {}
    for some in chunks(sorted(texts)):
        statement = select(_version.c.post_id, _version.c.id, _version.c.text_sha256)
        rows = session.execute(
            statement.where(among(session, _version.c.post_id, some)).order_by(_version.c.number)
        )
        found |= {row.post_id: row.id for row in rows if row.text_sha256 == texts[row.post_id]}
    return found


def said_by_models(session: Session, version_ids: Collection[int]) -> dict[tuple[int, str], str]:
    """(version, topic) -> the last decision of a model, also where a person's word stands in its place."""
    found: dict[tuple[int, str], str] = {}
    for some in chunks(sorted(version_ids)):
        statement = (
            select(_tag.c.version_id, _topic.c.slug, _tag.c.decision)
            .join_from(_tag, _topic, _topic.c.id == _tag.c.topic_id)
            .where(among(session, _tag.c.version_id, some), _tag.c.model_id.is_not(None))
            .order_by(_tag.c.id)
        )
        found |= {(row.version_id, row.slug): row.decision for row in session.execute(statement)}
    return found


def said_by_people(session: Session, keys: Collection[int]) -> dict[tuple[int, str], Word]:
    """(post, topic) -> the correction in force."""
    statement = (
        select(_tag.c.post_id, _topic.c.slug, _tag.c.decision, _correction.c.name, _credential.c.purpose)
        .join_from(_tag, _correction, _correction.c.tag_id == _tag.c.id)
        .join(_topic, _topic.c.id == _tag.c.topic_id)
        .join(_credential, _credential.c.id == _correction.c.credential_id)
        .where(among(session, _tag.c.post_id, keys), _tag.c.model_id.is_(None), _tag.c.valid_to.is_(None))
    )
    return {
        (row.post_id, row.slug): Word(row.decision, row.name, row.purpose == PURPOSE)
        for row in session.execute(statement)
    }
