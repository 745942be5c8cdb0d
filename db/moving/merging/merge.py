"""`kle merge`: what another archive knows is added to this one, in slices, while everything runs.

Each slice is one transaction that asks what is here already, so that a merge that was killed goes on when it is
called again, and one that is called again changes nothing.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlmodel import Session

from core import ids, times
from core.errors import BadRequest, KleError
from db import admit, audit, doubt, find, search, vectors
from db.database import Database
from db.erasing.erase import REQUEST, Why, erase
from db.models import Alert, Alias, Meta, Post
from db.moving import opened
from db.moving.copying import Progress
from db.moving.merging import joined, whole
from db.moving.merging.names import Names
from db.moving.merging.other import SLICE, Other, slices
from db.moving.tables import Said, count, heads
from db.proof import verify
from db.upsert import Row, insert_quietly, table

COUNTED = ("added", "joined", "erased", "versions", "late", "sightings", "captures", "tags", "corrections",
           "metrics", "aliases", "media")  # fmt: skip
FORGOTTEN_HERE = "forgotten here"
ERASED_THERE = "erased there"
HIDDEN = "captures that show what was forgotten"
ALERTS = "alerts, whose addresses only its own secret.key opens"
_ROUNDS = 20  # tries of a slice against writers who take the same keys (PostgreSQL)
_post, _alias = table(Post), table(Alias)


class Broken(KleError):
    title = "The other archive does not verify"


class _Undone(Exception):
    """Ends the transaction of a dry run."""


@dataclass(slots=True)
class Report:
    """How many of each were added (`joined`: posts that are in both), and what was left out, by reason."""

    archive: str
    heads: Said
    verified: bool | None
    counts: Counter[str] = field(default_factory=Counter)
    left_out: Counter[str] = field(default_factory=Counter)
    dry_run: bool = False

    @property
    def changed(self) -> bool:
        return any(count for name, count in self.counts.items() if name != "joined")

    def as_json(self) -> dict[str, Any]:
        counts = {name: self.counts[name] for name in COUNTED}
        told = {"archive": self.archive, "heads": self.heads, "verified": self.verified, "dry_run": self.dry_run}
        return {**told, **counts, "left_out": dict(self.left_out)}


def merge(
    database: Database,
    other: str,
    *,
    check: bool = True,
    dry_run: bool = False,
    size: int = SLICE,
    clock: Callable[[], datetime] = times.now,
    progress: Progress = None,
) -> Report:
    """Add what the archive `other` knows, a file or a URL. Raises BadRequest, NewerArchive, or Broken where it
    does not verify."""
    with opened.archive(other) as source, source.read() as there:
        _refuse_itself(database, source)
        report = Report(_name(there), heads(there), _verified(there, progress) if check else None, dry_run=dry_run)
        if left := count(there, Alert):
            report.left_out[ALERTS] = left
        hidden = _forgotten(database, there)
        for posts in slices(there, size):
            try:
                with database.write() as here:
                    names = Names(there, here, report.archive, clock(), hidden)
                    _Slice(names, report).take(posts)
                    if dry_run:
                        raise _Undone
            except _Undone:
                pass
            if progress:
                progress(len(posts))
    if report.changed and not dry_run:
        with database.write() as here:
            told = {"heads": report.heads, "verified": report.verified, "counts": {**report.counts}}
            audit.append(here, "merge", report.archive, {**told, "left_out": {**report.left_out}}, clock())
    return report


def _refuse_itself(database: Database, source: Database) -> None:
    same_file = database.file and source.file and database.file.exists() and source.file.samefile(database.file)
    if same_file or database.url == source.url:
        raise BadRequest("that is this archive itself: there is nothing to merge")


def _verified(there: Session, progress: Progress) -> bool:
    found = verify.verify(there, progress)
    if not found["ok"]:
        raise Broken(
            f"the other archive does not verify, and nothing was taken from it: {found['first_problem']}. "
            "With --unverified it is merged all the same"
        )
    return True


def _name(session: Session) -> str:
    found = session.get(Meta, "archive_id")
    return found.value if found else ""


def _forgotten(database: Database, there: Session) -> set[int]:
    """Keys there of the posts that were forgotten here."""
    with database.read() as here:
        columns = _post.c.id, _post.c.platform, _post.c.platform_id
        rows = here.execute(select(*columns).where(_post.c.erasure_id.is_not(None)))
        mine = {row.id: ids.public_id(row.platform, row.platform_id) for row in rows}
        others = here.execute(select(_alias.c.public_id).where(_alias.c.post_id.in_(mine))).scalars()
        names = {*mine.values(), *others} if mine else set()
    found: set[int] = set()
    for name in sorted(names):
        platform, _, number = name.partition(":")
        own = select(_post.c.id).where(_post.c.platform == platform, _post.c.platform_id == number)
        found |= {*there.execute(own).scalars()}
        found |= {*there.execute(select(_alias.c.post_id).where(_alias.c.public_id == name)).scalars()}
    return found


def _keys(session: Session, public_ids: Sequence[str]) -> dict[str, int]:
    """Those of these ids under which a post stands."""
    numbers = {name.partition(":")[2] for name in public_ids}
    columns = _post.c.id, _post.c.platform, _post.c.platform_id
    rows = session.execute(select(*columns).where(_post.c.platform_id.in_(numbers)))
    found = {ids.public_id(row.platform, row.platform_id): row.id for row in rows}
    return {name: found[name] for name in public_ids if name in found}


@dataclass(frozen=True, slots=True)
class _Slice:
    """Some posts of the other archive, in one transaction."""

    names: Names
    report: Report

    def take(self, posts: Sequence[Other]) -> None:
        here, by_id = self.names.here, {post.public_id: post for post in posts}
        seen = [post.seen for post in posts]
        shared = {key for post in seen if (key := find.address(post)) and by_id[post.id].row["url_key"] is None}
        find.wait_for_turn(here, seen)
        self._by_names(posts)
        touched: set[int] = set()
        for once in admit.passes(seen, shared):
            touched |= self._once([by_id[post.id] for post in once], shared)
        self.report.counts["captures"] += self.names.added_captures
        self.report.left_out[HIDDEN] += self.names.hidden_captures
        doubt.refresh(here, touched)
        search.refresh(here, touched)
        vectors.bring(self.names.there, here, [post.row["id"] for post in posts], sorted(touched))

    def _by_names(self, posts: Sequence[Other]) -> None:
        """A post that one of its further names leads to here, in whichever direction, gets its id as one more."""
        here = self.names.here
        wanted = {name: post for post in posts for name in post.names[1:]}
        mine = {r.public_id: r.post_id for r in here.execute(select(_alias).where(_alias.c.public_id.in_(wanted)))}
        for name, key in _keys(here, list(wanted)).items():
            if not name.startswith(f"{wanted[name].row['platform']}:"):
                mine[name] = key  # of the same platform: db.find decides which id is the better one
        known = _keys(here, [post.public_id for post in posts])
        leads = {wanted[name].public_id: key for name, key in mine.items() if wanted[name].public_id not in known}
        insert_quietly(here, Alias, [{"public_id": name, "post_id": key} for name, key in leads.items()])

    def _once(self, posts: Sequence[Other], shared: set[str]) -> set[int]:
        """Posts no two of which may be one."""
        touched: set[int] = set()
        waiting = list(posts)
        for _ in range(_ROUNDS):
            if not waiting:
                return touched
            known = find.known(self.names.here, [post.seen for post in waiting], shared)
            touched |= self._join([(post, known[post.public_id]) for post in waiting if post.public_id in known])
            new = [post for post in waiting if post.public_id not in known]
            keys, waiting = whole.add(self.names, new, self.report.counts) if new else (set(), [])
            touched |= keys
        raise RuntimeError(f"{len(waiting)} posts found no free row key in {_ROUNDS} tries")

    def _join(self, found: Sequence[tuple[Other, find.Known]]) -> set[int]:
        """Two posts there may be one here: they are taken one after the other."""
        held = find.hold(self.names.here, {known.id: known for _, known in found})
        waiting = [(post, known) for post, known in found if known.id in held]
        touched: set[int] = set()
        while waiting:
            once: dict[int, tuple[Other, bool]] = {}
            rest = []
            for post, known in waiting:
                if known.id in once:
                    rest.append((post, known))
                else:
                    once[known.id] = post, known.moved
            made = [pair for pair in joined.pairs(self.names.here, once) if not self._left_out(pair)]
            if made:
                joined.add(self.names, made, self.report.counts)
            touched |= {pair.key for pair in made}
            waiting = rest
        return touched

    def _left_out(self, pair: joined.Pair) -> bool:
        theirs = pair.theirs
        if pair.ours["erasure_id"] is not None:
            self.report.left_out[FORGOTTEN_HERE] += theirs.row["erasure_id"] is None
            return True
        if theirs.row["erasure_id"] is None:
            return False
        last: Row = theirs.erasures[-1]
        if last["cause"] != REQUEST:
            self.report.left_out[ERASED_THERE] += 1
            return True
        why = Why(REQUEST, last["reason"], f"{last['by']} (archive {self.names.archive_id})")
        self.report.counts["erased"] += erase(self.names.here, pair.key, why, self.names.now) is not None
        return True
