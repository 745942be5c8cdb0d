"""Do the rows of posts say what their sealed versions say? What a version's facts hold is sealed with it."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import and_, func, select
from sqlalchemy.orm import aliased
from sqlmodel import Session

from core import times
from core.post import named
from db import accounts
from db.current import CURRENT
from db.models import Account, Alias, Correction, Post, Sighting, Source, Tag, Version
from db.proof import digests
from db.slices import slices
from db.upsert import table

_post, _version, _alias, _account = table(Post), table(Version), table(Alias), table(Account)
_sighting, _source, _correction, _tag = table(Sighting), table(Source), table(Correction), table(Tag)
_SAID = ("url", "kind", "lang", "precision", "synthetic", "labels")
_KEPT = ("kind", "precision", "synthetic")  # of these, what an erased version still says
Sighted = tuple[str, str]  # source, address


def problem(session: Session) -> str | None:
    """The first post whose row, account or first sighting is not what was archived, or corrections that do not
    stand as people said; None where all agree."""
    first = aliased(_version)
    statement = (
        select(
            _post, _account.c.platform.label("account_platform"), _account.c.handle, _account.c.handle_key,
            _version.c.facts, _version.c.change, _version.c.erasure_id.label("gone"),
            _version.c.seen_at.label("current_at"), first.c.seen_at.label("first_at"),
            first.c.facts.label("first_facts"), first.c.erasure_id.label("first_gone"),
        )
        .join_from(_post, _version, CURRENT, isouter=True)
        .join(first, and_(first.c.post_id == _post.c.id, first.c.number == 1), isouter=True)
        .join(_account, _account.c.id == _post.c.account_id, isouter=True)
    )  # fmt: skip
    for rows in slices(session, statement, _post.c.id):
        keys = [row["id"] for row in rows]
        aliases, sighted, authors = _aliases(session, keys), _sightings(session, keys), _authors(session, rows)
        for row in rows:
            name = f"{row['platform']}:{row['platform_id']}"
            known = {**row, "author": authors.get(row["id"])}
            found = _told(name, known, aliases.get(row["id"], set()), sighted.get(row["id"], set()))
            if found:
                return found
    return _corrections(session)


def _corrections(session: Session) -> str | None:
    """In force is the last word that people said of a post's topic, unless they withdrew it, and no other."""
    last = (
        select(func.max(_correction.c.id))
        .join_from(_correction, _version, _version.c.id == _correction.c.version_id)
        .group_by(_version.c.post_id, _correction.c.topic_id)
    )
    said = select(_correction.c.tag_id).where(_correction.c.id.in_(last), _correction.c.tag_id.is_not(None))
    there = select(_tag.c.id).where(_tag.c.model_id.is_(None), _tag.c.valid_to.is_(None))
    wrong = sorted({*session.execute(said).scalars()} ^ {*session.execute(there).scalars()})
    return f"the correction that made tag {wrong[0]} does not stand as it was said" if wrong else None


def _aliases(session: Session, keys: Sequence[int]) -> dict[int, set[str]]:
    found: dict[int, set[str]] = {}
    for row in session.execute(select(_alias).where(_alias.c.post_id.in_(keys))):
        found.setdefault(row.post_id, set()).add(row.public_id)
    return found


def _sightings(session: Session, keys: Sequence[int]) -> dict[int, set[Sighted]]:
    statement = select(_sighting.c.post_id, _source.c.name, _sighting.c.url).join_from(_sighting, _source)
    found: dict[int, set[Sighted]] = {}
    for row in session.execute(statement.where(_sighting.c.post_id.in_(keys))):
        found.setdefault(row.post_id, set()).add((row.name, row.url))
    return found


def _authors(session: Session, rows: Sequence[Any]) -> dict[int, Any]:
    """Of posts whose first version knew no author, or a release's pseudonym: the one of the first that did."""
    late = [r["id"] for r in rows if r["handle"] is not None and not _author(r["first_facts"] or {})]
    statement = select(_version.c.post_id, _version.c.facts).where(_version.c.post_id.in_(late))
    found: dict[int, Any] = {}
    for row in session.execute(statement.order_by(_version.c.post_id, _version.c.number)) if late else ():
        found[row.post_id] = found.get(row.post_id) or _author(row.facts)
    return found


def _author(facts: Any) -> Any:
    account = facts.get("account")
    return account if account and named(account["handle"]) else None


def _told(name: str, row: Any, aliases: set[str], sighted: set[Sighted]) -> str | None:
    try:
        return _disagreement(name, row, aliases) or _origin(name, row, sighted) or _moments(name, row)
    except (KeyError, TypeError, AttributeError):  # somebody changed their form
        return f"the facts of {name} cannot be read"


def _disagreement(name: str, row: Any, aliases: set[str]) -> str | None:
    facts = row["facts"]
    if facts is None:
        return f"the current version of {name} is not there"
    if facts["created_at"] != times.text(row["created_at"]):
        return f"the time of {name} is not the one that was archived"
    if facts["id"] != name and facts["id"] not in aliases:
        return f"{name} was archived as {facts['id']}"
    said = {"labels": [], **facts}  # versions of older archives have none
    fields = _SAID if row["gone"] is None else _KEPT
    changed = next((field for field in fields if said[field] != row[field]), None)
    if changed:
        return f"the {changed} of {name} is not the one that was archived"
    if row["change"] != "first" and (row["change"] == "delete") != (row["deleted_at"] is not None):
        return f"the deletion of {name} is not as it was archived"
    return None


def _origin(name: str, row: Any, sighted: set[Sighted]) -> str | None:
    """Who published it and where it was seen first: those of its first version. An author whom that one did not
    know stands in the first that did; a quotation that names another one later changes none."""
    facts = row["first_facts"]
    if facts is None:
        return f"the first version of {name} is not there"
    shown = accounts.key_of(row["account_platform"], row["handle"]) if row["handle"] is not None else None
    author = _author(facts) or row["author"] or facts["account"]
    said = accounts.key_of(author["platform"], author["handle"]) if author else None
    if said != shown or (shown and shown[1] != row["handle_key"]):
        return f"the account of {name} is not the one that was archived"
    if row["first_gone"] is not None:  # where it was seen is forgotten, but for the source
        return None if any(source == facts["source"] for source, _ in sighted) else _unseen(name, facts)
    address = facts["via"] or facts["url"] or ""
    if not {(facts["source"], address), (facts["source"], digests.of_address(address))} & sighted:
        return _unseen(name, facts)
    return None


def _moments(name: str, row: Any) -> str | None:
    if row["gone"] is not None and row["erasure_id"] is None:
        return f"{name} was erased and does not say so"
    if row["first_seen_at"] != row["first_at"]:
        return f"{name} was seen first when no version of it was"
    return None if row["changed_at"] == row["current_at"] else f"{name} changed when no version of it was seen"


def _unseen(name: str, facts: Any) -> str:
    return f"{name} was seen first through {facts['source']}, which no sighting says"
