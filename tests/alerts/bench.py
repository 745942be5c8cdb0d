"""An archive with alerts, a desk, and a channel that only remembers: the ticks of a worker, one after the other."""

from collections.abc import Callable
from concurrent.futures import wait
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from alerts import channel, gather, saving
from alerts.channel import Address, Answer, Letter, Office
from alerts.deliver import Outbox
from alerts.desk import Desk
from alerts.round import Matcher
from core import settings
from core.alert import AlertForm
from core.errors import BadRequest
from core.post import SeenPost
from core.sealed import Sealer
from db.models import Attempt, Delivery, Subscriber, Told
from tests.db.conftest import Room, Score, post


@dataclass
class Fake:
    """A channel whose `url` is any word; `does` decides what becomes of a letter."""

    CONFIRMS: bool = False
    SIGNS: bool = False
    FIELD: str = "url"
    letters: list[Letter] = field(default_factory=list)
    does: Callable[[Letter], Answer] = lambda letter: Answer(200, "thank you")
    secrets: int = 0

    def address(self, said: str) -> Address:
        if " " in said:
            raise BadRequest(f"{said!r} is no word", parameter="channels")
        return Address(said.lower(), said)

    def new_secret(self) -> str:
        self.secrets += 1
        return f"secret-{self.secrets}"

    def send(self, letter: Letter, office: Office) -> Answer:
        answer = self.does(letter)
        self.letters.append(letter)
        return answer


class Bench:
    """`now` is the room's clock; what is sent at the wall clock's time is not looked at."""

    def __init__(self, room: Room, folder: Path, monkeypatch: Any, *, tagging: bool = False) -> None:
        self.room, self.monkeypatch = room, monkeypatch
        self.knobs = settings.load().model_copy(update={"base_url": "https://kle.example"})
        self.desk = Desk(Sealer.of("", folder), Office.of(self.knobs))
        self.fake, self.mail = Fake(SIGNS=True), Fake(FIELD="to", CONFIRMS=True)
        kinds = {"webhook": self.fake, "email": self.mail}
        monkeypatch.setattr(channel, "module", lambda kind: kinds[kind])
        self.matcher = Matcher(room.database, tagging)
        self.outbox = Outbox(room.database, self.desk, "host:1:a")
        self.number = 0

    def alert(self, query: str = "", to: str = "me", **more: Any) -> int:
        form = {"name": query or "all", "query": query, "channels": [{"kind": "webhook", "url": to}], **more}
        with self.room.database.write() as session:
            made = saving.make(session, AlertForm.model_validate(form), self.desk, "ana", self.room.tick())
        return made.id

    def comes(self, text: str, **more: Any) -> str:
        """A post that was published just now."""
        self.number += 1
        seen = self.seen(text, self.number, **more)
        self.room.archive(seen)
        return f"{seen.platform}:{seen.platform_id}"

    def seen(self, text: str, number: int, **more: Any) -> SeenPost:
        return replace(post(number, text), **{"created_at": self.room.now, **more})

    def tag(self, *scores: Score, model: str = "digest-of-model") -> None:
        self.room.tag(*scores, model=model)

    def match(self, span: timedelta = timedelta(0)) -> None:
        self.room.tick(span)
        if self.room.database.dialect == "postgresql":
            self.room.verify()  # seals
        while self.matcher.round(self.room.now):
            pass

    def gather(self, span: timedelta = timedelta(0)) -> int:
        return gather.take_up(self.room.database, self.desk, self.room.tick(span))

    def deliver(self) -> int:
        self._stand_still()
        return self.outbox.tick(self.room.now)

    def tell(self, span: timedelta = timedelta(0)) -> list[Letter]:
        """One turn of all; the letters that it sent."""
        before = len(self.fake.letters) + len(self.mail.letters)
        self.match(span)
        self.gather()
        while self.deliver() or wait(list(self.outbox._lanes), 0.5).done:  # a busy machine is slow to begin a lane
            pass
        return sorted([*self.fake.letters, *self.mail.letters], key=lambda letter: letter.sent_at)[before:]

    def _stand_still(self) -> None:
        now = self.room.now
        self.monkeypatch.setattr("core.times.now", lambda: now)

    def waiting(self) -> list[Any]:
        return [row for row in self.room.rows(Told) if row.delivery_id is None]

    def messages(self) -> list[Any]:
        return sorted(self.room.rows(Delivery), key=lambda row: row.id)

    def tries(self) -> list[Any]:
        return self.room.rows(Attempt)

    def who(self) -> Any:
        (one,) = self.room.rows(Subscriber)
        return one

    def replay(self, alert_id: int, delivery_id: int) -> None:
        with self.room.database.write() as session:
            saving.replay(session, alert_id, delivery_id, self.room.tick())


def posts(letter: Letter) -> list[str]:
    return [one["id"] for one in letter.body["data"]["posts"]]


def why(letter: Letter, number: int = 0) -> list[tuple[str, str]]:
    """(alert, kind) of the reasons of a post."""
    return [(r["alert"]["name"], r["kind"]) for r in letter.body["data"]["posts"][number]["reasons"]]
