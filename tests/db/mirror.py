"""A mirror as docs/live.md has it, and an archive to which anything may happen."""

import random
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from core.post import SeenPost, View
from db import corrections, credentials, ledger, mirror, posts
from db.corrections import Author
from db.erasing.erase import Why, erase
from db.query import PostQuery
from tests.conftest import NOW
from tests.db.conftest import OFFICE, TOPICS, Room, Score, every_post, post, snowflake

LONG = "Advisors and leaders of the brigade met to speak about the reform of all the forces"
WORDS = ("meeting", "reform", "training", "payroll")
LEFT_OUT = ("metrics", "sightings")


def settled(room: Room) -> None:
    """What a sealer does on PostgreSQL each second."""
    with room.database.write() as session:
        while ledger.seal(session):
            pass


def told(item: dict[str, Any]) -> dict[str, Any]:
    """What the change feed keeps up to date of a post."""
    tags = sorted((tag["topic"], tag["decision"], tag["by"]) for tag in item["tags"])
    erasure = item["erasure"] and {**item["erasure"], "erased_at": None}
    return {**{k: v for k, v in item.items() if k not in LEFT_OUT}, "tags": tags, "erasure": erasure}


@dataclass
class Mirror:
    """Follows one query by the cursor that it was given last, whole or a few changes at a time."""

    room: Room
    query: PostQuery
    cursor: str | None = None
    posts: dict[str, dict[str, Any]] = field(default_factory=dict)
    seen: list[tuple[int, str, str]] = field(default_factory=list)

    def step(self, limit: int = 200) -> bool:
        """One page; whether that was all."""
        with self.room.database.read() as session:
            page = mirror.page(session, self.query, mirror.place(session, self.cursor), limit)
        assert len(page.items) <= limit
        for item, shown in zip(page.items, page.posts, strict=True):
            self.seen.append((item["seq"], item["change"], item["id"]))
            for other in item["other_ids"]:
                self.posts.pop(other, None)
            if shown:
                assert shown["id"] == item["id"]
                self.posts[item["id"]] = told(shown)
            else:
                self.posts.pop(item["id"], None)
        self.cursor = page.place.cursor
        return page.end

    def catch_up(self) -> None:
        while not self.step():
            pass

    def wanted(self) -> dict[str, dict[str, Any]]:
        with self.room.database.read() as session:
            return {post["id"]: told(post) for post in every_post(session, self.query)}


class Happening:
    """Any step that an archive may take, by the dice."""

    def __init__(self, room: Room, dice: random.Random) -> None:
        self.room, self.dice, self.models = room, dice, 0
        room.topics()
        with room.database.write() as session:
            credentials.issue(session, "key", "analyst", ["annotate"], NOW)
        self.seen: dict[int, SeenPost] = {}

    def step(self) -> None:
        self.dice.choice((self.new, self.new, self.edit, self.edit, self.delete, self.restore, self.tag, self.tag,
                          self.retag, self.correct, self.withdraw, self.erase, self.quote, self.found, self.other,
                          self.clock))()  # fmt: skip

    def _text(self) -> str:
        said = " ".join(self.dice.sample(WORDS, self.dice.randint(1, 3))) + f" {self.dice.randint(1, 3)}"
        return f"{said} https://m.example/b" if self.dice.random() < 0.3 else said

    def _known(self) -> SeenPost | None:
        return self.dice.choice(list(self.seen.values())) if self.seen else None

    def _show(self, seen: SeenPost, source: str = "one") -> None:
        self.room.archive(seen, source=source)

    def new(self) -> None:
        number = len(self.seen) + 1
        links = ("https://m.example/a",) if self.dice.random() < 0.3 else ()
        self.seen[number] = post(number, self._text(), links=links)
        self._show(self.seen[number])

    def edit(self) -> None:
        if seen := self._known():
            self._show(replace(seen, text=self._text()))

    def delete(self) -> None:
        if seen := self._known():
            self._show(replace(seen, deleted=True))

    restore = edit

    def other(self) -> None:
        """Another source shows less of it, or the same."""
        if seen := self._known():
            self._show(replace(seen, view=View.QUOTE, embedded_in="https://n.example/a"), source="two")

    def tag(self) -> None:
        said = self.dice.choice((("not",), ("tagged", "unsure", "not"), ("tagged", "unsure", "not")))
        scores = [Score(t, decision=self.dice.choice(said)) for t in TOPICS]
        self.room.tag(*scores, model=f"model {self.models}", limit=self.dice.randint(1, 4))

    def retag(self) -> None:
        self.models += self.dice.random() < 0.5
        self.room.adopt(f"model {self.models}")
        self.tag()

    def _say(self, withdraw: bool) -> None:
        if seen := self._known():
            with self.room.database.write() as session:
                topic, author, now = self.dice.choice(TOPICS), Author(1, "analyst"), self.room.tick()
                if withdraw:
                    corrections.withdraw(session, seen.id, topic, author, now)
                else:
                    said = self.dice.choice(("tagged", "not"))
                    corrections.put(session, seen.id, topic, said, "a note", author, now)

    def correct(self) -> None:
        self._say(withdraw=False)

    def withdraw(self) -> None:
        self._say(withdraw=True)

    def erase(self) -> None:
        if (seen := self._known()) and self.dice.random() < 0.4:
            cause = self.dice.choice(("request", "deleted"))
            with self.room.database.write() as session:
                erase(session, posts.key_of(session, seen.id), Why(cause, "asked", "operator"), self.room.tick())

    def quote(self) -> None:
        """A post without id, in an article."""
        number = self.dice.randint(1, 3)
        day = (NOW - timedelta(days=number)).replace(hour=0)
        self._show(replace(self._status(number), platform_id=f"~{number:016x}", created_at=day, precision="day",
                           view=View.QUOTE, embedded_in="https://n.example/a"), source="two")  # fmt: skip

    def found(self) -> None:
        """The same first hand: it gets its own id and its exact time."""
        self._show(self._status(self.dice.randint(1, 3)))

    def _status(self, number: int) -> SeenPost:
        made = NOW - timedelta(days=number)
        return post(text=f"{LONG} {number}", platform="x", platform_id=snowflake(made), account=OFFICE,
                    created_at=made, url=None)  # fmt: skip

    def clock(self) -> None:
        """Set back, seldom far enough to be older than what was said last."""
        self.room.tick(timedelta(seconds=-self.dice.randint(0, 4)))
