"""Looks in memory: they follow the rows, whoever writes them, and whatever was under way."""

from datetime import timedelta

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.outcome import Outcome
from db import looks, sources
from db.database import Database
from db.looks import History, Looks
from tests.conftest import NOW
from tests.db.conftest import Room

STEP = st.tuples(
    st.sampled_from(["one", "two"]), st.integers(-50, 50), st.sampled_from(["ok", "failed", "open", "close"])
)


def told(found: dict[int, History]) -> dict[int, list[list[int]]]:
    return {key: np.array([h.id, h.start, h.end, h.state]).tolist() for key, h in found.items()}


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(STEP, min_size=1, max_size=12))
def test_what_is_followed_is_what_a_fresh_reading_finds(room: Room, steps: list[tuple[str, int, str]]) -> None:
    under_way: list[tuple[int, int]] = []
    for name, minutes, what in steps:
        origin, _ = room.source(name)
        assert origin.id
        at = NOW + timedelta(minutes=minutes)
        with room.database.write() as session:
            if what == "close" and under_way:
                source_id, run = under_way.pop()
                sources.finish_run(session, source_id, run, "w", Outcome("ok"), {}, at, at)
            else:
                run = sources.start_run(session, origin.id, at, alone=False)
                under_way += [(origin.id, run)] if what in ("open", "close") else []
                if what in ("ok", "failed"):
                    sources.finish_run(session, origin.id, run, "w", Outcome(what), {}, at, at)
        with room.database.read() as session:
            assert told(looks.histories(session)) == told(Looks().of(session))


def test_another_process_is_followed(room: Room) -> None:
    origin, _ = room.source("one")
    assert origin.id
    with room.database.read() as session:
        before = len(looks.histories(session)[origin.id])
    other = Database(room.database.url.render_as_string(hide_password=False))
    with other.write() as session:
        sources.start_run(session, origin.id, NOW, alone=False)
    other.close()
    with room.database.read() as session:
        assert len(looks.histories(session)[origin.id]) == before + 1


def test_errors_are_read_for_the_runs_that_are_asked_for(room: Room) -> None:
    origin, _ = room.source("one")
    assert origin.id
    with room.database.write() as session:
        run = sources.start_run(session, origin.id, NOW)
        sources.finish_run(session, origin.id, run, "w", Outcome("failed", error="no answer"), {}, NOW, NOW)
        silent = sources.start_run(session, origin.id, NOW)
        sources.finish_run(session, origin.id, silent, "w", Outcome("failed"), {}, NOW, NOW)
    with room.database.read() as session:
        assert looks.errors(session, [run, silent]) == {run: "no answer", silent: "failed"}
        assert looks.errors(session, []) == {}
