"""The ticks of alerts: match what came, make messages of what is due, hand them over, judge the rules."""

from dataclasses import dataclass, field
from threading import Event

from alerts import gather, opting, rules
from alerts.deliver import Outbox
from alerts.desk import Desk
from alerts.round import Matcher
from core import times
from db.database import Database


@dataclass
class Alerting:
    """Of one process. `tagging`: a model reads what comes in, here or elsewhere."""

    database: Database
    desk: Desk
    worker: str
    tagging: bool
    _matcher: Matcher = field(init=False)
    _outbox: Outbox = field(init=False)
    _memory: rules.Memory = field(default_factory=rules.Memory)
    _stopping: Event = field(default_factory=Event)

    def __post_init__(self) -> None:
        self._matcher = Matcher(self.database, self.tagging)
        self._outbox = Outbox(self.database, self.desk, self.worker)

    def match(self) -> None:
        """Until the ledger says no more, each round's messages being made before the next."""
        while not self._stopping.is_set():
            lines = self._matcher.round(times.now())
            while not self._stopping.is_set() and gather.take_up(self.database, self.desk, times.now()):
                pass
            if not lines:
                return

    def deliver(self) -> None:
        self._outbox.tick(times.now(), self._stopping.is_set)

    def judge(self) -> None:
        rules.look(self.database, self.desk.office, times.now(), self._memory)

    def tidy(self) -> None:
        with self.database.write() as session:
            opting.tidy(session, times.now())

    def stop(self) -> None:
        """Begin nothing more: ticks that run end soon."""
        self._stopping.set()

    def close(self, grace: float) -> None:
        self._outbox.close(grace)
