"""A worker's ticks of alerts that kill themselves at a step: `python -m tests.kle.dying STEP` in its folder.

A step is a statement that writes, a commit, or a message on its way: the process ends by SIGKILL right before that
one, without a chance to tidy. Without a number it goes on until nothing waits, and says how many steps there were.
"""

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import event
from sqlalchemy.engine import Engine
from sqlmodel import Session

from alerts.channels import webhook
from alerts.desk import Desk
from core import settings
from db.database import Database
from db.models import Delivery, Told
from db.upsert import table
from kle import claims
from kle.alerting import Alerting

_steps, _last = 0, int(sys.argv[1]) if len(sys.argv) > 1 else 0


def step() -> None:
    global _steps  # noqa: PLW0603
    _steps += 1
    if _steps == _last:
        os.kill(os.getpid(), signal.SIGKILL)


def count_steps() -> None:
    sent, write = webhook.send, Database.write

    def send(*arguments: Any) -> Any:
        step()
        answer = sent(*arguments)
        step()
        return answer

    @contextmanager
    def written(database: Database, **more: Any) -> Iterator[Session]:
        with write(database, **more) as session:
            yield session
            step()
        step()

    @event.listens_for(Engine, "before_cursor_execute")
    def executed(connection: Any, cursor: Any, statement: str, *more: Any) -> None:
        if statement.lstrip().upper().startswith(("INSERT", "UPDATE", "DELETE")):
            step()

    webhook.send, Database.write = send, written  # type: ignore[assignment, method-assign]


def main() -> None:
    knobs = settings.load()
    database = Database(knobs.url)
    count_steps()
    claims.release_dead(database)
    alerting = Alerting(database, Desk.of(knobs), claims.worker_name(), tagging=False)
    while True:
        alerting.match()
        alerting.deliver()
        with database.read() as session:
            rows = session.execute(table(Delivery).select().where(table(Delivery).c.ended_at.is_(None))).all()
            rows += session.execute(table(Told).select().where(table(Told).c.delivery_id.is_(None))).all()
        if not rows:
            break
    alerting.close(10)
    print(_steps)  # noqa: T201


if __name__ == "__main__":
    main()
