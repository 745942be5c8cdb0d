"""Alerts, subscribers and messages of a room, made as the rooms that tell make them."""

from typing import Any

from sqlalchemy import func, select, update
from sqlmodel import Session

from core import times
from db import alerts, deliveries, forms, subscribers, told
from db.models import Attempt, Delivery, Post, Told
from db.told import Group, Match
from db.upsert import insert_all, table
from tests.db.conftest import Room

ALERT = {"name": "Reform", "query": "reform", "rule": {}, "cadence": "at_once", "lang": "en", "owner": "desk",
         "max_age_seconds": 604_800}  # fmt: skip


class Letters:
    """One alert with a subscriber; more may be added."""

    def __init__(self, room: Room) -> None:
        self.room = room
        with room.database.write() as session:
            self.alert = alerts.make(session, ALERT, room.tick())
            self.subscriber = self._subscribed(session, "one")

    def subscriber_too(self, name: str) -> int:
        with self.room.database.write() as session:
            return self._subscribed(session, name)

    def _subscribed(self, session: Session, name: str) -> int:
        made = {"kind": "webhook", "address_key": name, "address": f"sealed {name}", "shown": name,
                "made_at": self.room.tick()}  # fmt: skip
        number = int(subscribers.add(session, made).id)
        alerts.subscribe(session, self.alert, number, self.room.now, self.room.now)
        return number

    def match(self, public_id: str, *, edition: int = 0, subscriber: int | None = None, late: bool = False) -> int:
        """What matching notes; how many rows are new."""
        reason = {"kind": "words", "words": "reform", "text": "It has the word reform."}
        with self.room.database.write() as session:
            key = self.key(session, public_id)
            found = Match(subscriber or self.subscriber, key, edition, self.alert, [reason], late, self.room.tick())
            return told.tell(session, [found])

    def take_up(self, *, subscriber: int | None = None, late: bool = False) -> int:
        """The message of all that is due."""
        now = self.room.now
        group = Group(subscriber or self.subscriber, self.alert, late, 1, now, now)
        with self.room.database.write() as session:
            rows = told.waiting(session, group, self.room.tick(), hold=True)
            assert rows
            number = self._make(
                session, "late" if late else "posts", group.subscriber_id, [r.post_id for r in rows]
            )
            told.take(session, [row.id for row in rows], number)
        return number

    def _make(self, session: Session, kind: str, subscriber: int, keys: list[int]) -> int:
        row = {"key": f"msg_{self.room.tick():%H%M%S}", "kind": kind, "subscriber_id": subscriber,
               "alert_id": self.alert, "body": self.body(session, keys), "made_at": self.room.now,
               "not_before": self.room.now}  # fmt: skip
        (number,) = deliveries.make(session, [row])
        return number

    def tell(self, *public_ids: str, **more: Any) -> int:
        for public_id in public_ids:
            self.match(public_id, **more)
        return self.take_up(**more)

    def enclose(self, *public_ids: str, kind: str = "test") -> int:
        """A message that tells nobody of its posts."""
        with self.room.database.write() as session:
            keys = [self.key(session, public_id) for public_id in public_ids]
            return self._make(session, kind, self.subscriber, keys)

    def body(self, session: Session, keys: list[int]) -> dict[str, Any]:
        posts = [
            {
                **post,
                "rights": {"policy": "full", "text_withheld": False},
                "page": f"https://kle.example/posts/{post['id']}",
                "edited": False,
                "reasons": [self._reason(post)],
            }
            for post in forms.posts(session, keys)
        ]
        said = {"alert": {"id": self.alert, "name": "Reform"}, "late": False, "posts": posts}
        return {"type": "alert.matched", "timestamp": times.text(self.room.now), "data": said}

    def _reason(self, post: dict[str, Any]) -> dict[str, Any]:
        spoken = {"start": 0, "end": len(post["text"]), "text": post["text"]}
        return {"alert": {"id": self.alert, "name": "Reform"}, "kind": "topic", "topic": "reform", "name": "Reform",
                "probability": 0.9, "evidence": spoken, "text": f"It says: {post['text']}"}  # fmt: skip

    def ended(self, delivery_id: int, *, parked: bool = False, answer: str | None = None) -> None:
        """Tried once, and sent or given up."""
        now = self.room.tick()
        outcome = "failed" if parked else "sent"
        tried = {"delivery_id": delivery_id, "at": now, "seconds": 0.1, "outcome": outcome, "status": 200,
                 "answer": answer}  # fmt: skip
        values = {"ended_at": now, "outcome": "parked" if parked else "sent", "answer": answer, "attempts": 1}
        deliveries = table(Delivery)
        with self.room.database.write() as session:
            insert_all(session, Attempt, [tried])
            session.execute(update(deliveries).where(deliveries.c.id == delivery_id).values(values))

    def key(self, session: Session, public_id: str) -> int:
        platform, _, number = public_id.partition(":")
        posts = table(Post)
        mine = posts.c.platform == platform, posts.c.platform_id == number
        return int(session.execute(select(posts.c.id).where(*mine)).scalar_one())

    def get(self, delivery_id: int) -> Any:
        return next(row for row in self.room.rows(Delivery) if row.id == delivery_id)

    def posts(self, delivery_id: int) -> list[dict[str, Any]]:
        return list(self.get(delivery_id).body["data"]["posts"])

    def waiting(self) -> int:
        rows = table(Told)
        with self.room.database.read() as session:
            mine = select(func.count()).where(rows.c.delivery_id.is_(None))
            return int(session.execute(mine.select_from(rows)).scalar_one())
