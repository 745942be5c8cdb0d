"""Where and how often posts were seen: sightings, counts over time, further ids, and when to ask again.

Written by `archive()` for the posts of one look, beside their versions.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import update
from sqlmodel import Session

from core import rechecks
from core.post import METRICS, SeenPost, View
from db import find
from db.find import Known
from db.models import Alias, Metrics, Post, Sighting, Source
from db.upsert import Row, insert_new, insert_quietly, table

_post, _sighting = table(Post), table(Sighting)


@dataclass(slots=True)
class Counts:
    """`new_follows` are the pages that posts which are new to the source name for their whole text."""

    new: int = 0
    changed: int = 0
    unchanged: int = 0
    quarantined: int = 0
    new_follows: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Look:
    """What the posts of one call have in common."""

    session: Session
    source: Source
    capture_id: int | None
    now: datetime
    live: bool
    counts: Counts = field(default_factory=Counts)
    touched: set[int] = field(default_factory=set)
    shared: set[str] = field(default_factory=set)  # addresses that name no single post


def first(look: Look, pairs: Sequence[tuple[int, SeenPost]]) -> None:
    """New posts, by their row keys."""
    insert_quietly(look.session, Sighting, [_seen(look, key, post) for key, post in pairs])
    insert_quietly(look.session, Metrics, [_counted(look, key, post) for key, post in pairs if post.metrics])
    _name(look, pairs)


def again(look: Look, pairs: Sequence[tuple[SeenPost, Known]]) -> set[int]:
    """Known posts; the keys of those that this source had not shown before."""
    sighted = _sight(look, [(old.id, post) for post, old in pairs])
    _measure(look, pairs)
    _checked(look, pairs)
    _name(look, [(old.id, post) for post, old in pairs])
    return sighted


def next_recheck(look: Look, post: SeenPost, created_at: datetime) -> datetime | None:
    """Only the platform's own record is asked for again; a quotation or a summary is not its."""
    whole = post.first_hand and post.view is View.FULL and not post.deleted
    return rechecks.next_at(post.platform, created_at, look.now) if whole else None


def _sight(look: Look, pairs: Sequence[tuple[int, SeenPost]]) -> set[int]:
    """Note where known posts were seen; the keys of those that were not seen there before."""
    rows = [_seen(look, key, post) for key, post in sorted(pairs, key=lambda pair: pair[0])]
    sighted = insert_new(look.session, Sighting, rows, [_sighting.c.post_id, _sighting.c.first_hand])
    look.touched.update(row.post_id for row in sighted)
    first_hand = [row.post_id for row in sighted if row.first_hand]
    if first_hand:
        statement = update(_post).where(_post.c.id.in_(first_hand), _post.c.second_hand)
        look.session.execute(statement.values(second_hand=False))
    return {row.post_id for row in sighted}


def _seen(look: Look, key: int, post: SeenPost) -> Row:
    return {
        "post_id": key,
        "source_id": look.source.id,
        "url": post.embedded_in or post.url or "",
        "first_hand": post.first_hand,
        "seen_at": look.now,
        "capture_id": look.capture_id,
    }


def _name(look: Look, pairs: Sequence[tuple[int, SeenPost]]) -> None:
    """The further ids of a post lead to it, unless another post has them."""
    rows = {other: key for key, post in pairs for other in find.other_ids(post)}
    if rows:
        named = [{"public_id": other, "post_id": key} for other, key in rows.items()]
        insert_quietly(look.session, Alias, named)


def _checked(look: Look, pairs: Sequence[tuple[SeenPost, Known]]) -> None:
    """A post that is due and was just seen need not be asked for; one that only a quotation showed is due later."""
    due = [(post, old) for post, old in pairs if old.deleted_at is None and (
        old.recheck_at <= look.now if old.recheck_at else old.view < View.FULL)]  # fmt: skip
    for post, old in due:
        if moment := next_recheck(look, post, old.created_at):
            look.session.execute(update(_post).where(_post.c.id == old.id).values(recheck_at=moment))


def _measure(look: Look, pairs: Sequence[tuple[SeenPost, Known]]) -> None:
    """Counts are kept when they differ from the last ones; what a source does not count stays as it is known.

    A bulk import holds counts of another day: they count where there are none yet.
    """
    counted = [(post, old) for post, old in pairs if post.metrics and (look.live or not any(old.counts.values()))]
    changed = [(post, old) for post, old in counted if _newest(post, old) != old.counts]
    insert_quietly(look.session, Metrics, [_counted(look, old.id, post) for post, old in changed])
    for post, old in changed:
        newest = {**_newest(post, old), "measured_at": look.now}
        look.session.execute(update(_post).where(_post.c.id == old.id).values(newest))


def _newest(post: SeenPost, old: Known) -> dict[str, int | None]:
    found = {name: post.metrics.get(name) for name in METRICS}
    return {name: old.counts[name] if value is None else value for name, value in found.items()}


def _counted(look: Look, key: int, post: SeenPost) -> Row:
    return {"post_id": key, "observed_at": look.now, **{name: post.metrics.get(name) for name in METRICS}}
