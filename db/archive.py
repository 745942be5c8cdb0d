"""archive(): posts as a source showed them -> posts, versions, sightings, metrics, ledger and index, idempotent.

Told in one go for a slice of at most 500 posts: put aside what contradicts itself, find the rows that are these
posts already, add the new ones, add versions to those that changed, note where each was seen.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import update
from sqlmodel import Session

from core import garbage, lang, times
from core.post import METRICS, Media, SeenPost, View
from db import accounts, admit, captures, entries, find, hearsay, keys, search, seen, sources, versions
from db import media as files
from db.erasing import forgotten
from db.find import Known
from db.models import Post, Source
from db.moving.merging import released
from db.seen import Counts, Look
from db.upsert import Row, table

MOST = 500  # posts of one call, so that a write stays short
_ROUNDS = 20  # tries of a slice against writers who take the same keys (PostgreSQL)
_post = table(Post)


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
    released.say(look, look.spoken)
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
        rest += _update(look, [pair for pair in pairs.values() if not pair[0].elsewhere])
        rest += released.join(look, [pair for pair in pairs.values() if pair[0].elsewhere])
        rest += [p for p in waiting if p.id in known and pairs[known[p.id].id][0] is not p]  # by another id
        if not rest:
            return
        waiting = rest  # another writer was quicker: they are known now, or need another key
    raise RuntimeError(f"{len(waiting)} posts found no free row key in {_ROUNDS} tries")


def _without_forgotten(look: Look, posts: Sequence[SeenPost], known: dict[str, Known]) -> list[SeenPost]:
    """What was erased for good does not come back, under whichever of its ids it is shown; what was deleted there,
    not as a quotation, or as deleted once more, nor because another archive saw it while it was there."""
    erased = {p.id: known[p.id] for p in posts if p.id in known and known[p.id].erased}
    gone = [erased[p.id] for p in posts if p.id in erased and (p.elsewhere or erased[p.id].forgotten)]
    look.forgotten.update(row.id for row in gone)
    look.counts.forgotten += len(gone)
    back = {p.id for p in posts if p.id in erased and _is_back(p, erased[p.id])}
    return [p for p in posts if p.id not in erased or p.id in back]


def _is_back(post: SeenPost, old: Known) -> bool:
    return post.first_hand and not post.deleted and not old.forgotten and not post.elsewhere


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
    added = _add_versions(look, [(row, *step) for row, post in taken for step in _steps(post)])
    single = {row["id"]: row for row, _ in taken if row["versions"] == 1}
    new = [entries.of_new(single[v["post_id"]], n, v) for n, v in added if v["post_id"] in single]
    search.add(look.session, new)
    look.touched.update(row["id"] for row, _ in taken if row["versions"] > 1)
    seen.first(look, [(row["id"], post) for row, post in taken])
    look.counts.new += len(taken)
    look.counts.new_follows += [post.follow for _, post in taken if post.follow]
    look.spoken += [post for _, post in taken if post.words]
    return [post for row, post in rows if row["id"] not in mine]


def _steps(post: SeenPost) -> list[tuple[SeenPost, int, str]]:
    """Its versions with their numbers and changes: the one that is seen, or all that another archive saw."""
    history = [(state, state.elsewhere.change) for state in post.history if state.elsewhere]
    return [(s, n, change if n > 1 else "first") for n, (s, change) in enumerate(history or [(post, "first")], 1)]


def _post_row(look: Look, key: int, post: SeenPost, owners: dict[tuple[str, str], int]) -> Row:
    steps = _steps(post)
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
        "versions": len(steps),
        "current": max(number for _, number, change in steps if change != "late"),
        "edits": sum(change == "edit" for _, _, change in steps),
        "labels": list(post.labels),
        **{name: post.metrics.get(name) for name in METRICS},
        "measured_at": (post.measured_at or look.now) if post.metrics else None,
        "recheck_at": seen.next_recheck(look, post, post.created_at or look.now),
        "erasure_id": None,
    }


def _add_versions(look: Look, made: Sequence[tuple[Row, SeenPost, int, str]]) -> list[tuple[int, Row]]:
    """Versions with their ids; `made` holds (row of the post, as seen, number, change)."""
    rows = [versions.row_of(look, row, post, number, change) for row, post, number, change in made]
    numbers = versions.add(look.session, rows)
    files.queue(look.session, look.source, [(row["id"], post) for row, post, _, _ in made])
    return list(zip(numbers, rows, strict=True))


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
    if old.unconfirmed and hearsay.confirms(look.source, post):
        return "delete"
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
    """Of an author whom nobody knew, or by a release's pseudonym alone, the name is worth something."""
    known = old.account is not None and old.account.named
    return not known and post.account is not None and post.account.named


def _stale(post: SeenPost, old: Known) -> bool:
    """A state from before the one that is known: seen late, it is no edit."""
    return bool(post.revised_at and old.revised_at and post.revised_at < times.parse(old.revised_at))


def _shows(post: SeenPost, old: Known) -> bool:
    """Nothing that is not known. A source that tells of no labels takes none away."""
    same = post.text == old.text and list(post.links) == old.links and versions.media(post) == old.media
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


def _hearsay(look: Look, post: SeenPost, old: Known) -> bool:
    """Whether it is gone by an import's word alone, once this look is known too."""
    if old.deleted_at is None:
        return hearsay.tells(look.source, post)
    return old.unconfirmed and not hearsay.confirms(look.source, post)


def _add_version(look: Look, post: SeenPost, old: Known, change: str) -> None:
    shown = _as_it_was(post, old) if change == "delete" or _shows_less(post, old, change) else post
    row: Row = {
        "id": old.id,
        "url": post.url or old.url,
        "kind": old.kind,
        "lang": post.lang or lang.detect(shown.text),
    }
    row[hearsay.FACT] = _hearsay(look, post, old)
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
    if change == "restore" or post.deleted:
        changed["recheck_at"] = seen.next_recheck(look, post, old.created_at)
    look.session.execute(update(_post).where(_post.c.id == old.id).values(changed))
    versions.outdate(look.session, old.id, at)
    look.counts.changed += 1
