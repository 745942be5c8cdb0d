"""Many rows at once are written as SQLAlchemy writes one."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from sqlalchemy import Text, cast, select

from db.models import Run, Source
from db.upsert import insert_keyed, table
from tests.conftest import NOW
from tests.db.conftest import Room

_EAST = timezone(timedelta(hours=3))
_run, _source = table(Run), table(Source)


@pytest.mark.parametrize(
    "moment",
    [
        datetime(2025, 8, 18, 14, 30, tzinfo=UTC),
        datetime(2025, 8, 18, 14, 30, 0, 5, tzinfo=UTC),
        datetime(2025, 8, 18, 1, 30, tzinfo=_EAST),
        datetime(101, 1, 2, tzinfo=UTC),
        None,
    ],
)
def test_a_time_is_one_text_whichever_way_it_was_written(room: Room, moment: datetime | None) -> None:
    source, _ = room.source("one")
    shared: dict[str, Any] = {"source_id": source.id, "started_at": NOW, "finished_at": moment}
    counts = {"posts": 0, "posts_new": 0, "posts_changed": 0, "problems": 0}
    with room.database.write() as session:
        insert_keyed(session, Run, [{"id": 1001, **shared, **counts}])
        session.execute(_run.insert().values(id=1002, **shared, **counts))
        said = select(cast(_run.c.finished_at, Text), _run.c.finished_at).where(_run.c.id > 1000)
        many, one = session.execute(said).all()
    assert many == one and many[1] == moment


def test_values_are_written_under_their_names_whatever_the_order(room: Room) -> None:
    state = {"b": [1, None], "a": "ë"}
    rows = [
        {"id": 1000 + n, "name": f"name {n}", "kind": f"kind {n}", "options": {}, "every_seconds": n,
         "enabled": n == 1, "verified": True, "synthetic": False, "next_due_at": NOW, "state": state,
         "failures": 0, "attempts": 0, "erase_deleted": False}
        for n in (1, 2)
    ]  # fmt: skip
    rows[1] = dict(reversed(rows[1].items()))
    with room.database.write() as session:
        insert_keyed(session, Source, rows)
        columns = _source.c.name, _source.c.kind, _source.c.every_seconds, _source.c.enabled, _source.c.state
        found = session.execute(select(*columns).where(_source.c.id > 1000).order_by(_source.c.id)).all()
    assert found == [("name 1", "kind 1", 1, True, state), ("name 2", "kind 2", 2, False, state)]
