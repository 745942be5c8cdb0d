"""Where and how often posts were seen: sightings, counts over time, further ids, and when to ask again.

Written by `archive()` for the posts of one look, beside their versions.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import select, update
from sqlmodel import Session

from core import ids, rechecks
from core.post import METRICS, Counted, SeenPost, View
from db import find, hearsay
from db.find import Known
from db.models import Alias, Exhibit, Metrics, Post, Sighting, Source
from db.upsert import Row, insert_new, insert_quietly, table

_post, _sighting, _metrics = table(Post), table(Sighting), table(Metrics)


@dataclass(slots=True)
class Counts:
    """`new_follows` are the pages that entries name for their whole text, where they are new or have changed."""

    new: int = 0
    changed: int = 0
    unchanged: int = 0
    forgotten: int = 0
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
    captured: str | None = None  # SHA-256 of the capture's bytes
    forgotten: set[int] = field(default_factory=set)  # posts that were shown, and are to stay erased
    spoken: list[SeenPost] = field(default_factory=list)  # new ones of whose topics people said something


def first(look: Look, pairs: Sequence[tuple[int, SeenPost]]) -> None:
    """New posts, by their row keys."""
    insert_quietly(look.session, Sighting, [row for key, post in pairs for row in places(look, key, post)])
    _exhibit(look, [key for key, _ in pairs])
    told = [(key, one) for key, post in pairs for one in post.observed]
    insert_quietly(look.session, Metrics, [counted(key, one) for key, one in told])
    insert_quietly(look.session, Metrics, [_counted(look, key, post) for key, post in pairs if post.metrics])
    _name(look, pairs)


def again(look: Look, pairs: Sequence[tuple[SeenPost, Known]]) -> set[int]:
    """Known posts; the keys of those that this source had not shown before."""
    sighted = _sight(look, [(old.id, post) for post, old in pairs])
    _exhibit(look, [old.id for _, old in pairs])
    _follow(look, [(old.id, post) for post, old in pairs if post.follow], sighted)
    _measure(look, pairs)
    _checked(look, pairs)
    _name(look, [(old.id, post) for post, old in pairs])
    return sighted


def next_recheck(look: Look, post: SeenPost, created_at: datetime) -> datetime | None:
    """Only the platform's own record is asked for again; a quotation or a summary is not its. Of what an import
    says is gone, whether it is."""
    if hearsay.tells(look.source, post):
        return hearsay.asked_at(post.platform, look.now)
    whole = post.first_hand and post.view is View.FULL and not post.deleted
    return rechecks.next_at(post.platform, created_at, look.now) if whole else None


def _sight(look: Look, pairs: Sequence[tuple[int, SeenPost]]) -> set[int]:
    """Note where known posts were seen; the keys of those that were not seen there before."""
    rows = [row for key, post in sorted(pairs, key=lambda pair: pair[0]) for row in places(look, key, post)]
    sighted = insert_new(look.session, Sighting, rows, [_sighting.c.post_id, _sighting.c.first_hand])
    look.touched.update(row.post_id for row in sighted)
    first_hand = [row.post_id for row in sighted if row.first_hand]
    if first_hand:
        statement = update(_post).where(_post.c.id.in_(first_hand), _post.c.second_hand)
        look.session.execute(statement.values(second_hand=False))
    return {row.post_id for row in sighted}


def _exhibit(look: Look, keys: Sequence[int]) -> None:
    if look.capture_id is not None:
        rows = [{"post_id": key, "capture_id": look.capture_id} for key in sorted(keys)]
        insert_quietly(look.session, Exhibit, rows)


def places(look: Look, key: int, post: SeenPost) -> list[Row]:
    """Where it was seen, each address once, this view of it first."""
    first = post.embedded_in or post.url or ""
    rows = [_seen(look, key, post, first, post.first_hand)]
    if post.places:
        others = {place.url or "": place.first_hand for place in post.places}
        rows += [_seen(look, key, post, url, first_hand) for url, first_hand in others.items() if url != first]
    return rows


def _seen(look: Look, key: int, post: SeenPost, url: str, first_hand: bool) -> Row:
    return {
        "post_id": key,
        "source_id": look.source.id,
        "url": url,
        "first_hand": first_hand,
        "seen_at": look.now,
        "capture_id": look.capture_id,
        "shown": _shown(post) if post.follow else None,
    }


def _shown(post: SeenPost) -> str:
    return ids.short_hash("\x1f".join([post.text, *post.links, *(item.url for item in post.media)]))


def _follow(look: Look, pairs: Sequence[tuple[int, SeenPost]], sighted: set[int]) -> None:
    """The pages of entries that are new to the source, or that it shows otherwise than before."""
    look.counts.new_follows += [post.follow for key, post in pairs if post.follow and key in sighted]
    known = [(key, post) for key, post in pairs if key not in sighted]
    if not known:
        return
    mine = (_sighting.c.source_id == look.source.id) & _sighting.c.post_id.in_([key for key, _ in known])
    rows = {(r.post_id, r.url): r for r in look.session.execute(select(_sighting).where(mine))}
    for key, post in known:
        row, shown = rows.get((key, post.url or "")), _shown(post)
        if row is None or row.shown == shown:
            continue
        if row.shown is not None:
            look.counts.new_follows.append(post.follow or "")
        look.session.execute(update(_sighting).where(_sighting.c.id == row.id).values(shown=shown))


def _name(look: Look, pairs: Sequence[tuple[int, SeenPost]]) -> None:
    """The further ids of a post lead to it, unless another post has them."""
    rows = {other: key for key, post in pairs for other in find.other_ids(post)}
    if rows:
        named = [{"public_id": other, "post_id": key} for other, key in rows.items()]
        insert_quietly(look.session, Alias, named)


def _checked(look: Look, pairs: Sequence[tuple[SeenPost, Known]]) -> None:
    """A post that is due and was just seen need not be asked for; one that only a quotation showed is due later."""
    for post, old in pairs:
        at, unasked = old.recheck_at, old.recheck_at is None and old.view < View.FULL
        due = unasked or (at is not None and rechecks.is_due(post.platform, at, look.now))
        if old.deleted_at is None and due and (moment := next_recheck(look, post, old.created_at)):
            look.session.execute(update(_post).where(_post.c.id == old.id).values(recheck_at=moment))


def _measure(look: Look, pairs: Sequence[tuple[SeenPost, Known]]) -> None:
    """Counts are kept when they differ from the last ones; what a source does not count stays as it is known.

    Counts of another day are kept as of that day, and stand at the post where they are the newest. An import that
    does not tell the day counts where there are no counts yet.
    """
    told = [(post, old) for post, old in pairs if post.metrics and (look.live or post.measured_at or _none(old))]
    changed = [(post, old) for post, old in told if _newest(post, old) != old.counts]
    rows = [_counted(look, old.id, post) for post, old in changed]
    kept = insert_new(look.session, Metrics, rows, [_metrics.c.post_id, _metrics.c.observed_at])
    noted = {(row.post_id, row.observed_at) for row in kept}  # of two counts of one moment the first stands
    for post, old in changed:
        observed = post.measured_at or look.now
        of_now = look.live and post.measured_at is None  # whatever time a clock said before that was set back
        newer = of_now or old.measured_at is None or observed >= old.measured_at
        if newer and (old.id, observed) in noted:
            newest = {**_newest(post, old), "measured_at": observed}
            look.session.execute(update(_post).where(_post.c.id == old.id).values(newest))


def _none(old: Known) -> bool:
    return all(count is None for count in old.counts.values())


def _newest(post: SeenPost, old: Known) -> dict[str, int | None]:
    found = {name: post.metrics.get(name) for name in METRICS}
    return {name: old.counts[name] if value is None else value for name, value in found.items()}


def _counted(look: Look, key: int, post: SeenPost) -> Row:
    return counted(key, Counted(post.measured_at or look.now, post.metrics))


def counted(key: int, observed: Counted) -> Row:
    return {"post_id": key, "observed_at": observed.at, **{name: observed.counts.get(name) for name in METRICS}}
