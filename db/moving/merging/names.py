"""What posts refer to, found here by its natural key, or added: sources, accounts, topics, models, captures.

Keys of rows mean nothing in another archive: a source is its name, an account its platform and handle, a topic its
slug, a model and a capture their digests.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any

from sqlalchemy import select
from sqlmodel import Session, SQLModel

from core.post import Account as SeenAccount
from db import accounts, campaigns, credentials, ledger
from db.blobs import ERASED
from db.models import Account, Actor, Blob, Capture, Credential, Exhibit, Source, TagModel, Topic
from db.moving.merging.other import Other
from db.upsert import Row, insert_all, insert_quietly, table

NAMED = "merged"  # the purpose of a credential that only names who spoke in another archive
_BODIES = 20  # blobs may be large
_account, _actor, _capture, _blob = table(Account), table(Actor), table(Capture), table(Blob)
_credential, _exhibit = table(Credential), table(Exhibit)


@dataclass
class Names:
    """`there` is the other archive, `here` this one; of one transaction, since what is added may be undone.

    `hidden` are posts there that were forgotten here: captures that show them do not come, nor those whose bytes
    were erased there.
    """

    there: Session
    here: Session
    archive_id: str
    now: datetime
    hidden: Collection[int] = ()
    captures: dict[int, int] = field(default_factory=dict)
    campaigns: dict[int, int] = field(default_factory=dict)
    added_captures: int = 0
    hidden_captures: int = 0

    @cached_property
    def actors(self) -> dict[int, int]:
        return self._by(Actor, "slug", lambda row: row)

    @cached_property
    def sources(self) -> dict[int, int]:
        return self._by(Source, "name", self._disabled)

    @cached_property
    def topics(self) -> dict[int, int]:
        return self._by(Topic, "slug", lambda row: row)

    @cached_property
    def slugs(self) -> dict[int, str]:
        """Topic here -> its slug."""
        topic = table(Topic)
        return {r.id: r.slug for r in self.here.execute(select(topic.c.id, topic.c.slug))}

    @cached_property
    def models(self) -> dict[int, int]:
        return self._by(TagModel, "digest", lambda row: row)

    def campaign(self, model: int) -> int:
        """The campaign in which this model of there judges here."""
        if model not in self.campaigns:
            self.campaigns[model] = campaigns.join(self.here, self.models[model], self.now)
        return self.campaigns[model]

    def _by(self, model: type[SQLModel], key: str, made: Callable[[Row], Row]) -> dict[int, int]:
        """Id there -> id here; those that are not here are added as `made` of their row."""
        rows = table(model)
        known = {r[1]: r[0] for r in self.here.execute(select(rows.c.id, rows.c[key]))}
        found = [dict(r) for r in self.there.execute(select(rows).order_by(rows.c.id)).mappings()]
        new = [row for row in found if row[key] not in known]
        numbers = insert_all(self.here, model, [{n: v for n, v in made(row).items() if n != "id"} for row in new])
        known |= dict(zip([row[key] for row in new], numbers, strict=True))
        return {row["id"]: known[row[key]] for row in found}

    def _disabled(self, row: Row) -> Row:
        """Whoever collects here decides what is looked at from here."""
        fresh = {"enabled": False, "next_due_at": self.now, "state": {}, "failures": 0, "attempts": 0}
        fresh |= {"scheduled_at": None, "keep_announced_at": None}
        free = {"claimed_by": None, "claimed_until": None, "not_before": None}
        return {**row, **fresh, **free, "actor_id": self.actors.get(row["actor_id"])}

    def accounts(self, posts: Sequence[Other]) -> dict[int, int]:
        """Account there -> account here; known ones stay as they are known."""
        rows = {post.account["id"]: post.account for post in posts if post.account}
        seen = {key: SeenAccount(row["platform"], row["handle"]) for key, row in rows.items()}
        handles = {row["handle_key"] for row in rows.values()}
        mine = select(_account.c.platform, _account.c.handle_key).where(_account.c.handle_key.in_(handles))
        known = {(r.platform, r.handle_key) for r in self.here.execute(mine)}
        new = [row for key, row in sorted(rows.items()) if accounts.key(seen[key]) not in known]
        made = [{**row, "actor_id": self.actors.get(row["actor_id"])} for row in new]
        insert_quietly(self.here, Account, [{n: v for n, v in row.items() if n != "id"} for row in made])
        found = accounts.ensure(self.here, seen.values())
        return {key: found[accounts.key(account)] for key, account in seen.items()}

    def credentials(self, wanted: Collection[int]) -> dict[int, int]:
        """Credential there -> a revoked one here that opens nothing, and only names who spoke."""
        rows = self.there.execute(select(_credential).where(_credential.c.id.in_(wanted))).mappings()
        return {row["id"]: self.speaker(row["name"]) for row in rows}

    def speaker(self, name: str) -> int:
        """The credential here that only names who spoke there."""
        return credentials.named(self.here, NAMED, f"{name} (archive {self.archive_id})", self.now)

    def heard(self, at: datetime) -> datetime:
        """Since when a word counts here that was said there then."""
        return min(at, self.now)

    def take_captures(self, posts: Sequence[Other]) -> None:
        """Fill `captures`: capture there -> capture here, of all that these posts refer to."""
        shown = [row for post in posts for row in (*post.versions, *post.sightings, *post.exhibits)]
        wanted = {row["capture_id"] for row in shown if row["capture_id"] is not None}
        hidden = select(_exhibit.c.capture_id).where(_exhibit.c.post_id.in_(self.hidden))
        secret = wanted & set(self.there.execute(hidden).scalars()) if self.hidden else set()
        gone = select(_capture.c.id).join_from(_capture, _blob).where(_blob.c.codec == ERASED)
        secret |= {*self.there.execute(gone.where(_capture.c.id.in_(wanted))).scalars()}
        self.hidden_captures += len(secret)
        statement = select(_capture).where(_capture.c.id.in_(wanted - secret)).order_by(_capture.c.id)
        rows = [dict(row) for row in self.there.execute(statement).mappings()]
        mine = select(_capture.c.id, _capture.c.digest).where(_capture.c.sha256.in_({r["sha256"] for r in rows}))
        known = {r.digest: r.id for r in self.here.execute(mine)}
        new = {row["digest"]: row for row in rows if row["digest"] not in known}
        self.take_blobs({row["sha256"] for row in new.values()})
        made = [{**row, "run_id": None} for row in new.values()]
        numbers = insert_all(self.here, Capture, [{n: v for n, v in row.items() if n != "id"} for row in made])
        lines = [
            ledger.Line("capture", f"capture/{number}", row["digest"], self.now)
            for number, row in zip(numbers, made, strict=True)
        ]
        ledger.append(self.here, lines)
        known |= dict(zip(new, numbers, strict=True))
        self.captures |= {row["id"]: known[row["digest"]] for row in rows}
        self.added_captures += len(new)

    def take_blobs(self, wanted: Collection[str]) -> None:
        """Bytes that are not here; what was erased here stays so."""
        mine = self.here.execute(select(_blob.c.sha256).where(_blob.c.sha256.in_(wanted))).scalars()
        missing = sorted(set(wanted) - set(mine))
        for start in range(0, len(missing), _BODIES):
            part = select(_blob).where(_blob.c.sha256.in_(missing[start : start + _BODIES]))
            insert_quietly(self.here, Blob, [dict(row) for row in self.there.execute(part).mappings()])

    def new(self, model: type[SQLModel], key: Sequence[str], rows: Sequence[Row]) -> list[Row]:
        """Those of these rows that are not here yet, by the columns in `key`, of which the first leads to them."""
        columns = [table(model).c[name] for name in key]
        mine = select(*columns).where(columns[0].in_({row[key[0]] for row in rows}))
        known = {tuple(row) for row in self.here.execute(mine)} if rows else set()
        found = {tuple(row[name] for name in key): row for row in reversed(rows)}
        return [row for row in reversed(found.values()) if tuple(row[name] for name in key) not in known]

    def put(self, model: type[SQLModel], rows: Sequence[Row]) -> int:
        """Insert those that are not here yet, by their primary key; how many."""
        new = self.new(model, [column.name for column in table(model).primary_key.columns], rows)
        insert_quietly(self.here, model, new)
        return len(new)

    def child(self, row: Row, post_id: int, **more: Any) -> Row:
        """A row that hangs on a post, as it is to stand here: without its id, and with our keys."""
        made = {name: value for name, value in row.items() if name != "id"} | {"post_id": post_id}
        if made.get("source_id") is not None:
            made["source_id"] = self.sources[made["source_id"]]
        if made.get("capture_id") is not None:
            made["capture_id"] = self.captures.get(made["capture_id"])
        return made | more
