"""archive(): posts as a source showed them -> posts, versions, sightings, metrics, ledger and index, idempotent.

Told in one go for a slice of at most 500 posts: put aside what contradicts itself, find the rows that are these
posts already, add the new ones, add versions to those that changed, note where each was seen.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import update
from sqlmodel import Session

from core import garbage, lang, times
from core.post import METRICS, Media, SeenPost, View
from db import accounts, admit, captures, clock, entries, find, keys, ledger, search, seen, sources, vectors
from db import media as files
from db.erasing import forgotten
from db.find import Known
from db.models import Post, Source, Tag, Version
from db.proof import digests
from db.seen import Counts, Look
from db.upsert import Row, insert_all, table

MOST = 500  # posts of one call, so that a write stays short
_ROUNDS = 20  # tries of a slice against writers who take the same keys (PostgreSQL)
_post, _version, _tag = table(Post), table(Version), table(Tag)


@garbage.paused()
def archive(
    session: Session,
    source: Source,
    run_id: int,
    posts: Sequence[SeenPost],
    capture_id: int | None,
    now: datetime,
    live: bool = True,
    file: str = "",
) -> Counts:
    """Take `posts` in; the same posts again change nothing. `live` work is tagged before bulk work.

    `file` is where they stood: what is put aside names it.
    """
    look = Look(session, source, capture_id, now, live)
    look.captured = captures.sha256_of(session, capture_id) if capture_id is not None else None
    sound, problems = admit.admit(posts, now)
    sources.quarantine(session, run_id, problems, now, file)
    look.counts.quarantined = len(problems)
    look.shared = admit.crowded(sound)
    find.wait_for_turn(session, sound)
    for once in admit.passes(sound, look.shared):
        _take(look, once)
    if look.forgotten and capture_id is not None:
        forgotten.hide(session, capture_id, look.forgotten, now)
    search.refresh(session, look.touched)
    return look.counts


def _take(look: Look, posts: Sequence[SeenPost]) -> None:
    waiting = list(posts)
    for _ in range(_ROUNDS):
        known = find.known(look.session, waiting, look.shared)
        waiting = _without_forgotten(look, waiting, known)
        rest = _add(look, [p for p in waiting if p.id not in known])
        pairs = {known[p.id].id: (p, known[p.id]) for p in reversed(waiting) if p.id in known}
        rest += _update(look, list(pairs.values()))
        rest += [p for p in waiting if p.id in known and pairs[known[p.id].id][0] is not p]  # by another id
        if not rest:
            return
        waiting = rest  # another writer was quicker: they are known now, or need another key
    raise RuntimeError(f"{len(waiting)} posts found no free row key in {_ROUNDS} tries")


def _without_forgotten(look: Look, posts: Sequence[SeenPost], known: dict[str, Known]) -> list[SeenPost]:
    """What was erased for good does not come back, under whichever of its ids it is shown; what was deleted there,
    not as a quotation, or as deleted once more."""
    erased = {p.id: known[p.id] for p in posts if p.id in known and known[p.id].erased}
    look.forgotten.update(row.id for row in erased.values() if row.forgotten)
    look.counts.forgotten += sum(row.forgotten for row in erased.values())
    back = {p.id for p in posts if p.id in erased and _is_back(p, erased[p.id])}
    return [p for p in posts if p.id not in erased or p.id in back]


def _is_back(post: SeenPost, old: Known) -> bool:
    return post.first_hand and not post.deleted and not old.forgotten


# -- new posts ----------------------------------------------------------------------------------------------


def _add(look: Look, posts: Sequence[SeenPost]) -> list[SeenPost]:
    """Insert new posts, in key order; those that lost a race come back."""
    if not posts:
        return []
    owners = accounts.ensure(look.session, [p.account for p in posts])
    seconds = [int((p.created_at or look.now).timestamp() // 1) for p in posts]
    made = zip(keys.allocate(look.session, seconds), posts, strict=True)
    rows = [(_post_row(look, key, post, owners), post) for key, post in made]
    rows.sort(key=lambda pair: pair[0]["id"])
    mine = keys.insert(look.session, [row for row, _ in rows])
    taken = [(row, post) for row, post in rows if row["id"] in mine]
    versions = _add_versions(look, [(row, post, 1, "first") for row, post in taken])
    new = [entries.of_new(row, *version) for (row, _), version in zip(taken, versions, strict=True)]
    search.add(look.session, new)
    seen.first(look, [(row["id"], post) for row, post in taken])
    look.counts.new += len(taken)
    look.counts.new_follows += [post.follow for _, post in taken if post.follow]
    return [post for row, post in rows if row["id"] not in mine]


def _post_row(look: Look, key: int, post: SeenPost, owners: dict[tuple[str, str], int]) -> Row:
    return {
        "id": key,
        "platform": post.platform,
        "platform_id": post.platform_id,
        "url": post.url,
        "url_key": address if (address := find.address(post)) not in look.shared else None,
        "kind": post.kind,
        "account_id": owners[accounts.key(post.account)] if post.account else None,
        "lang": post.lang or lang.detect(post.text),
        "created_at": post.created_at or look.now,
        "precision": post.precision,
        "synthetic": post.synthetic,
        "second_hand": not post.first_hand,
        "repeats": post.repeats,
        "first_seen_at": look.now,
        "changed_at": look.now,
        "deleted_at": look.now if post.deleted else None,
        "versions": 1,
        "current": 1,
        "edits": 0,
        "labels": list(post.labels),
        **{name: post.metrics.get(name) for name in METRICS},
        "measured_at": (post.measured_at or look.now) if post.metrics else None,
        "recheck_at": seen.next_recheck(look, post, post.created_at or look.now),
        "erasure_id": None,
    }


def _add_versions(look: Look, made: Sequence[tuple[Row, SeenPost, int, str]]) -> list[tuple[int, Row]]:
    """Versions and their ledger lines, with their ids; `made` holds (row of the post, as seen, number, change)."""
    rows = [_version_row(look, row, post, number, change) for row, post, number, change in made]
    numbers = insert_all(look.session, Version, rows)
    lines = [
        ledger.Line("version", f"version/{number}", row["digest"], row["seen_at"])
        for number, row in zip(numbers, rows, strict=True)
    ]
    ledger.append(look.session, lines)
    files.queue(look.session, look.source, [(row["id"], post) for row, post, _, _ in made])
    return list(zip(numbers, rows, strict=True))


def _version_row(look: Look, row: Row, post: SeenPost, number: int, change: str) -> Row:
    account = {"platform": post.account.platform, "handle": post.account.handle} if post.account else None
    facts = {
        "id": post.id,
        "url": row["url"],
        "kind": row["kind"],
        "account": account,
        "lang": row["lang"],
        "created_at": times.text(row["created_at"]),
        "precision": row["precision"],
        "synthetic": row["synthetic"],
        "source": look.source.name,
        "via": post.embedded_in,
        "labels": list(post.labels),
        "revised_at": times.text(post.revised_at) if post.revised_at else None,
        "capture": look.captured,
    }
    if change == "first" and post.deleted:
        facts["deleted"] = True  # no other version says that it was gone already
    made = {
        "post_id": row["id"],
        "number": number,
        "change": change,
        "text": post.text,
        "links": list(post.links),
        "media": media(post),
        "facts": facts,
        "view": int(post.view),
        "seen_at": row["changed_at"],
        "source_id": look.source.id,
        "capture_id": look.capture_id,
        "text_sha256": digests.of_text(post.text),
        "tag_priority": 0 if look.live else 1,
        "attempts": 0,
    }
    return {**made, "digest": digests.of_version(made)}


def media(post: SeenPost) -> list[dict[str, Any]]:
    return [{"type": m.type, "url": m.url, "alt": m.alt} for m in post.media]


# -- posts that are there already ---------------------------------------------------------------------------


def _update(look: Look, pairs: Sequence[tuple[SeenPost, Known]]) -> list[SeenPost]:
    """Sightings and new versions of known posts; those that moved away meanwhile come back."""
    accounts.refresh(look.session, [post.account for post, _ in pairs])
    sighted = seen.again(look, pairs)
    written = {old.id: old for post, old in pairs if old.id in sighted or _change(look, post, old)}
    held = find.hold(look.session, written)
    for post, old in pairs:
        current = held.get(old.id) if old.id in written else old
        change = _change(look, post, replace(current, moved=old.moved)) if current else None
        if current and change:
            _add_version(look, post, current, change)
        elif current:
            look.counts.unchanged += 1
    return [post for post, old in pairs if old.id in written and old.id not in held]


def _change(look: Look, post: SeenPost, old: Known) -> str | None:
    """What kind of new version this is; None where it shows nothing new. Of an erased post only that it is back."""
    if old.erased:
        return "restore" if _is_back(post, old) else None
    return _change_of(post, old, look.source.id)


def _change_of(post: SeenPost, old: Known, source_id: int | None) -> str | None:
    still_gone = old.deleted_at is not None and (post.deleted or not post.first_hand)
    if still_gone or _stale(post, old):
        return _better(post, old)
    if post.deleted or old.deleted_at:
        return "delete" if post.deleted else "restore"
    if _shows(post, old):
        return _better(post, old)
    if post.view > old.view:
        return "fuller"
    if post.view is View.QUOTE and old.view == View.QUOTE:
        return "fuller" if len(post.text) > len(old.text) else _better(post, old)
    same_eyes = post.view is View.FULL or source_id == old.source_id
    return "edit" if post.view == old.view and same_eyes else _better(post, old)


def _better(post: SeenPost, old: Known) -> str | None:
    """A better id or time, or an author whom nobody knew, is worth a version; a deleted post stays deleted."""
    gained = old.moved or _gains_account(post, old)
    return ("delete" if old.deleted_at else "fuller") if gained else None


def _gains_account(post: SeenPost, old: Known) -> bool:
    return old.account is None and post.account is not None


def _stale(post: SeenPost, old: Known) -> bool:
    """A state from before the one that is known: seen late, it is no edit."""
    return bool(post.revised_at and old.revised_at and post.revised_at < times.parse(old.revised_at))


def _shows(post: SeenPost, old: Known) -> bool:
    """Nothing that is not known. A source that tells of no labels takes none away."""
    same = post.text == old.text and list(post.links) == old.links and media(post) == old.media
    return same and set(post.labels) <= set(old.labels)


def _as_it_was(post: SeenPost, old: Known) -> SeenPost:
    """A deletion shows nothing; its version keeps what was there."""
    media_then = tuple(Media(**m) for m in old.media)
    kept = {"text": old.text, "links": tuple(old.links), "media": media_then, "labels": tuple(old.labels)}
    return replace(post, **kept, view=View(old.view))  # type: ignore[arg-type]


def _shows_less(post: SeenPost, old: Known, change: str) -> bool:
    """That it is back, or whose it is, is all that such a view tells."""
    shorter = change == "fuller" and post.view == old.view and len(post.text) < len(old.text)
    return change in ("restore", "fuller") and not old.erased and (post.view < old.view or shorter)


def _add_version(look: Look, post: SeenPost, old: Known, change: str) -> None:
    shown = _as_it_was(post, old) if change == "delete" or _shows_less(post, old, change) else post
    row: Row = {
        "id": old.id,
        "url": post.url or old.url,
        "kind": old.kind,
        "lang": post.lang or lang.detect(shown.text),
    }
    at = max(look.now, old.seen_at)  # a clock may have been set back
    row |= {"created_at": old.created_at, "precision": old.precision, "synthetic": old.synthetic, "changed_at": at}
    shown = replace(shown, account=shown.account or old.account)
    _add_versions(look, [(row, shown, old.versions + 1, change)])
    look.touched.add(old.id)
    changed = {
        "url": row["url"],
        "lang": row["lang"],
        "versions": old.versions + 1,
        "current": old.versions + 1,
        "edits": _post.c.edits + (1 if change == "edit" else 0),
        "changed_at": at,
        "deleted_at": (old.deleted_at or at) if change == "delete" else None,
        "labels": list(shown.labels),
        "doubt": None,
        "erasure_id": None,
    }
    if post.account and _gains_account(post, old):
        changed["account_id"] = accounts.ensure(look.session, [post.account])[accounts.key(post.account)]
    if change in ("delete", "restore"):
        changed["recheck_at"] = seen.next_recheck(look, post, old.created_at)
    look.session.execute(update(_post).where(_post.c.id == old.id).values(changed))
    outdate(look.session, old.id, at)
    look.counts.changed += 1


def outdate(session: Session, post_id: int, now: datetime) -> None:
    """What models said of the text before this one is not in force any more, and what it meant is forgotten."""
    judged = (_tag.c.post_id == post_id) & _tag.c.valid_to.is_(None) & _tag.c.model_id.is_not(None)
    session.execute(update(_tag).where(judged).values(valid_to=clock.not_before(_tag.c.valid_from, now)))
    before = (_version.c.post_id == post_id) & _version.c.campaign_id.is_not(None)
    session.execute(update(_version).where(before).values(campaign_id=None))
    vectors.drop(session, [post_id])
