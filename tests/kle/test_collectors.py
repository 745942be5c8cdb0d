"""Several collectors on one archive: no source runs twice at once, and what one leaves another takes up."""

import signal
import sqlite3
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlmodel import col

from core import times
from core.outcome import GOOD
from db.database import Database
from db.models import Run, Source, Version
from tests.collector.platforms.api import open_at
from tests.kle.program import Program, started, wait_until
from tests.kle.town import Town

COLLECTORS = 3


@pytest.fixture
def town() -> Iterator[Town]:
    with open_at(Town(slowness=0.05)) as made:
        yield made


class Team:
    """Three `kle up --role collector`, each known to the town by its contact."""

    def __init__(self, folder: Path, town: Town, database: Database, stack: ExitStack) -> None:
        (folder / "kle.toml").write_text(town.config, "utf-8")
        url = database.url.render_as_string(hide_password=False)
        self.town, self.database = town, database
        self.names = set(town.options)
        self.dead = ""  # the contact of the one that was killed
        self.members = {
            f"collector-{n}@office.example": stack.enter_context(
                started(folder, "up", "--role", "collector", KLE_MODEL="none", KLE_DATABASE_URL=url,
                        KLE_CONTACT=f"collector-{n}@office.example")
            )
            for n in range(COLLECTORS)
        }  # fmt: skip
        for member in self.members.values():
            member.line("kle-monitor works as collector")

    def rows(self, model: Any) -> list[Any]:
        with self.database.read() as session:
            return list(session.execute(select(model).order_by(model.id)).scalars())

    def wait_for_a_round_of_each(self, least: int = 1) -> None:
        """Until each source has so many more good runs, begun after now."""
        began = times.now()
        wait_until(lambda: self._good_since(began, least), f"{least} rounds of each source")

    def _good_since(self, moment: datetime, least: int) -> bool:
        good = [r for r in self.rows(Run) if r.outcome in GOOD and r.started_at > moment]
        found = [r.source_id for r in good]
        return all(found.count(source.id) >= least for source in self.rows(Source))

    def kill_one_that_asks(self) -> Program:
        """In the middle of a request, so of a run."""
        self.dead = self.halt_one_that_asks()
        member = self.members.pop(self.dead)
        member.send(signal.SIGKILL)
        member.end()
        return member

    def halt_one_that_asks(self) -> str:
        """The contact of one that stands still in the middle of a run, until it is told to go on."""
        halted: list[str] = []
        wait_until(lambda: any(self._halts(contact, halted) for contact in self.members), "a request")
        return halted[0]

    def _halts(self, contact: str, halted: list[str]) -> bool:
        member = self.members[contact]
        if self.town.asks(contact):
            member.send(signal.SIGSTOP)
            if self.held_by(member) and self._may_write():
                halted.append(contact)
            else:  # it had just ended, or another of its rounds stands in the middle of a write
                member.send(signal.SIGCONT)
        return bool(halted)

    def _may_write(self) -> bool:
        if not self.database.file:
            return True
        with closing(sqlite3.connect(self.database.file, timeout=1, isolation_level=None)) as other:
            try:
                other.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError:
                return False
        return True

    def held_by(self, member: Program) -> list[int]:
        return [s.id for s in self.rows(Source) if f":{member.pid}:" in (s.claimed_by or "")]

    def let_claims_run_out(self, sources: list[int]) -> None:
        """As if thirty seconds had passed."""
        ended = update(Source).where(col(Source.id).in_(sources)).values(claimed_until=times.now())
        with self.database.write() as session:
            session.execute(ended)

    def stop(self) -> None:
        for member in self.members.values():
            member.send(signal.SIGTERM)
        assert [member.end() for member in self.members.values()] == [0] * len(self.members)

    def assert_one_at_a_time(self) -> None:
        """At the servers, where the last request of a killed one may still be answered; and by the runs."""
        self.assert_runs_in_turn()
        met = [(name, a, b) for name, a, b in self.town.overlaps if a == b or not self.dead or self.dead not in a]
        assert met == []

    def assert_runs_in_turn(self, besides: Sequence[int] = ()) -> None:
        for source in self.rows(Source):
            runs = [r for r in self.rows(Run) if r.source_id == source.id and r.finished_at and r.id not in besides]
            assert all(a.finished_at <= b.started_at for a, b in pairwise(runs)), source.name


@pytest.fixture
def team(database: Database, town: Town, tmp_path: Path) -> Iterator[Team]:
    with ExitStack() as stack:
        yield Team(tmp_path, town, database, stack)


def test_no_source_runs_twice_at_once_and_each_is_collected(team: Team) -> None:
    team.wait_for_a_round_of_each(2)
    dead = team.kill_one_that_asks()
    held = team.held_by(dead)
    assert held
    team.let_claims_run_out(held)
    team.wait_for_a_round_of_each()
    team.stop()
    team.assert_one_at_a_time()
    assert set(team.town.askers) - {"robots.txt"} == team.names
    assert len(set().union(*team.town.askers.values())) > 1
    assert not [s.name for s in team.rows(Source) if s.claimed_by]


@pytest.mark.torture
def test_what_a_killed_collector_held_is_taken_over_when_its_claim_ends(team: Team) -> None:
    team.wait_for_a_round_of_each()
    dead = team.kill_one_that_asks()
    killed_at, held = times.now(), team.held_by(dead)
    assert held
    team.wait_for_a_round_of_each()
    for source_id in held:
        began = min(r.started_at for r in team.rows(Run) if r.source_id == source_id and r.started_at > killed_at)
        assert began - killed_at < timedelta(seconds=35), "a claim's 30, and a tick or a few"
    team.stop()
    team.assert_one_at_a_time()


@pytest.mark.torture
def test_a_collector_that_slept_longer_than_its_claims_brings_back_nothing_old(team: Team) -> None:
    team.wait_for_a_round_of_each()
    team.town.round = 1
    sleeper = team.members[team.halt_one_that_asks()]
    held = team.held_by(sleeper)
    cut = [r.id for r in team.rows(Run) if r.source_id in held and not r.finished_at]
    team.town.round = 2
    team.wait_for_a_round_of_each()
    sleeper.send(signal.SIGCONT)
    team.wait_for_a_round_of_each(2)
    team.stop()
    team.assert_runs_in_turn(besides=cut)
    assert all(r.finished_at for r in team.rows(Run))
    edits = Counter(v.post_id for v in team.rows(Version) if v.change == "edit")
    assert set(edits.values()) == {1}, "nothing is corrected twice, or back"
    assert not [s.name for s in team.rows(Source) if s.claimed_by]
