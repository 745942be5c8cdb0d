"""What a release of another archive tells of posts that are here: its states, counts and words, by the rules of
`kle merge`.

A release has no rows: its posts are made into what `other.py` reads of an archive. All of it came through our own
source and stands under its name.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from sqlalchemy import select

from core.post import Counted, SeenPost, Word
from db import accounts, find, seen, versions
from db.find import Known
from db.models import Sighting, Topic
from db.moving.merging import joined
from db.moving.merging.names import Names
from db.moving.merging.other import Other
from db.seen import Look
from db.upsert import Row, among, table

_sighting, _topic = table(Sighting), table(Topic)
Pairs = Sequence[tuple[SeenPost, Known]]


@dataclass
class Released(Names):
    """Of a release: whatever its posts refer to is our source, our capture, or an account that was looked up."""

    look: Look | None = None

    @cached_property
    def sources(self) -> dict[int, int]:
        assert self.look is not None and self.look.source.id is not None
        return {self.look.source.id: self.look.source.id}

    @cached_property
    def topics(self) -> dict[Any, int]:
        return {row.slug: row.id for row in self.here.execute(select(_topic.c.slug, _topic.c.id))}

    def accounts(self, posts: Sequence[Other]) -> dict[int, int]:
        return {post.account["id"]: post.account["id"] for post in posts if post.account}

    def heard(self, at: datetime) -> datetime:
        """From the import on: what this archive said of a moment before, it says still."""
        return self.now

    def take_captures(self, posts: Sequence[Other]) -> None:
        assert self.look is not None
        self.captures = {self.look.capture_id: self.look.capture_id} if self.look.capture_id is not None else {}

    def credentials(self, wanted: Collection[Any]) -> dict[Any, int]:
        return {name: self.speaker(name) for name in wanted}


def join(look: Look, pairs: Pairs) -> list[SeenPost]:
    """Add what is told of these posts; those that moved away meanwhile come back."""
    if not pairs:
        return []
    held = find.hold(look.session, {old.id: old for _, old in pairs})
    changed = _add(look, [(post, old) for post, old in pairs if old.id in held])
    look.counts.changed += changed
    look.counts.unchanged += len(held) - changed
    return [post for post, old in pairs if old.id not in held]


def say(look: Look, posts: Iterable[SeenPost]) -> None:
    """What people said of these posts, which are new here."""
    waiting = [post for post in posts if post.words]
    if not waiting:
        return
    known = find.known(look.session, waiting, look.shared)
    _add(look, [(post, known[post.id]) for post in waiting if post.id in known])


def _add(look: Look, pairs: Pairs) -> int:
    """How many of these posts got a state that was not here."""
    others = _others(look, pairs)
    found = joined.pairs(look.session, {old.id: (others[old.id], old.moved) for _, old in pairs})
    counts: Counter[str] = Counter()
    for archive, some in _by_archive(found, pairs):
        joined.add(Released(look.session, look.session, archive, look.now, look=look), some, counts)
    added = {pair.key for pair in found if pair.added}
    look.touched |= {pair.key for pair in found} if counts["sightings"] else added
    return len(added)


def _by_archive(found: Sequence[joined.Pair], taken: Pairs) -> Iterable[tuple[str, list[joined.Pair]]]:
    archive_of = {old.id: post.elsewhere.archive for post, old in taken if post.elsewhere}
    for archive in sorted(set(archive_of.values())):
        yield archive, [pair for pair in found if archive_of[pair.key] == archive]


# -- a release's post as another archive's ------------------------------------------------------------------


def _others(look: Look, pairs: Pairs) -> dict[int, Other]:
    """By our row key."""
    seen_here = _seen_here(look, [old.id for _, old in pairs])
    gaining = [post.account for post, old in pairs if not (old.account and old.account.named)]
    owners = accounts.ensure(look.session, gaining)
    return {old.id: _other(look, post, old, owners, seen_here.get(old.id, set())) for post, old in pairs}


def _seen_here(look: Look, keys: Sequence[int]) -> dict[int, set[tuple[str, bool]]]:
    """Where these posts were seen by whatever source: nobody needs to be told that again."""
    columns = _sighting.c.post_id, _sighting.c.url, _sighting.c.first_hand
    found: dict[int, set[tuple[str, bool]]] = {}
    for row in look.session.execute(select(*columns).where(among(look.session, _sighting.c.post_id, keys))):
        found.setdefault(row.post_id, set()).add((row.url, row.first_hand))
    return found


def _other(
    look: Look, post: SeenPost, old: Known, owners: dict[accounts.Key, int], known: set[tuple[str, bool]]
) -> Other:
    owner = owners.get(accounts.key(post.account)) if post.account else None
    account = {"id": owner, "handle": post.account.handle} if owner and post.account else None
    states = [_version(look, post, old, state) for state in post.history or (post,)]
    current = post.elsewhere.number if post.elsewhere else 1
    sightings = [row for row in seen.places(look, old.id, post) if not _is_known(row, known)]
    return Other(
        {"current": current, "recheck_at": None, "platform": post.platform, "platform_id": post.platform_id},
        account,
        versions=states,
        sightings=sightings,
        exhibits=[{"post_id": old.id, "capture_id": look.capture_id}],
        metrics=[seen.counted(old.id, observed) for observed in _observed(look, post)],
        corrections=[_word(word) for word in post.words],
    )


def _is_known(sighting: Row, known: set[tuple[str, bool]]) -> bool:
    """One without an address, as releases with pseudonyms have them, says no more than any other."""
    url, first_hand = sighting["url"], sighting["first_hand"]
    return (url, first_hand) in known or (not url and any(same == first_hand for _, same in known))


def _version(look: Look, post: SeenPost, old: Known, state: SeenPost) -> Row:
    """As it stood there: its number, time and digest are those of that archive."""
    row = {"id": old.id, "url": post.url, "kind": old.kind, "lang": post.lang, "created_at": old.created_at}
    row |= {"precision": old.precision, "synthetic": old.synthetic}
    there = state.elsewhere
    assert there is not None
    made = versions.row_of(look, row | {"changed_at": there.seen_at}, state, there.number, there.change)
    return {**made, "id": None, "erasure_id": None, "digest": there.digest}


def _observed(look: Look, post: SeenPost) -> Sequence[Counted]:
    if post.observed or not post.metrics:
        return post.observed
    return (Counted(post.measured_at or look.now, post.metrics),)


def _word(word: Word) -> Row:
    """Its topic and its speaker are known by their names."""
    said = {"decision": word.decision, "note": word.note, "name": word.name, "at": word.at}
    return {**said, "topic_id": word.topic, "credential_id": word.name}
