"""The whole program under load, killed at any moment: each time the archive verifies and nothing that was
acknowledged is missing; then it is started again."""

import json
import random
import signal
import sys
import time
from collections import Counter
from pathlib import Path

import pytest
from sqlalchemy import select

from db.database import Database
from db.models import IndexEntry, Post, Run, Source, Tag, Unsealed, Version
from db.upsert import table
from tests.kle.conftest import Kle
from tests.kle.load import SOURCES, Journal, Load, count
from tests.kle.program import Program, started, wait_until

PHASES = ("write", "start", "collect", "tag", "import", "seal", "any")
LIVES = 20  # of one archive, so that verifying it stays quick
KLE_TOML = "".join(f'[[source]]\nname = "{s}"\nkind = "file"\npath = "{s}.jsonl"\nevery = "1s"\n' for s in SOURCES)
MOST_STARTING = 4.0  # seconds


class House:
    """One archive, and the lives of the program on it."""

    def __init__(self, folder: Path, url: str, seed: int) -> None:
        folder.mkdir()
        self.folder, self.url = folder, url
        self.dice = random.Random(seed)
        self.journal = Journal()
        self.killed: Counter[str] = Counter()
        self.database = Database(url)
        self.database.migrate()
        self.key = ""
        (folder / "kle.toml").write_text(KLE_TOML, "utf-8")

    def live_and_die(self, phase: str) -> None:
        """Start, let the clients at it, kill it and the clerk's process in the middle of `phase`."""
        with started(self.folder, "up", "--port", "0", KLE_MODEL="", KLE_DATABASE_URL=self.url) as program:
            if phase == "start":
                time.sleep(self.dice.uniform(0, MOST_STARTING))
                program.send(signal.SIGKILL)
            else:
                self._under_load(program, phase)
        self.killed[phase] += 1

    def _under_load(self, program: Program, phase: str) -> None:
        address = program.address()
        if not self.key:
            self.key = program.line("Admin key, shown this once: ")
        seed = self.dice.getrandbits(30)
        load = Load(self.folder, address, self.key, self.journal, seed, self.url)
        try:
            self._wait_for(phase, load)
        finally:
            program.send(signal.SIGKILL)
            clerk = load.clerk
            if clerk:
                clerk.kill()
            program.end()
            load.stop()

    def _wait_for(self, phase: str, load: Load) -> None:
        tags = count(self.database, Tag)
        within = {
            "write": lambda: self.journal.asking > 0 and self.journal.answers,
            "collect": lambda: count(self.database, Run, table(Run).c.outcome.is_(None)),
            "tag": lambda: count(self.database, Tag) > tags,
            "import": lambda: load.clerk is not None,
            "seal": lambda: count(self.database, Unsealed),
        }
        patience = {"write": 0.02, "collect": 0.2, "tag": 0.5, "import": 3.0, "seal": 1.0}
        if phase in within:
            wait_until(within[phase], phase)  # type: ignore[arg-type]
        time.sleep(self.dice.uniform(0, patience.get(phase, 3.0)))

    def assert_nothing_is_lost(self, kle: Kle) -> None:
        found = json.loads(kle("verify", "--json").stdout)
        assert found["ok"], found
        assert self.journal.missing(self.database) == []

    def assert_it_goes_on(self, kle: Kle) -> None:
        """A last life that nobody ends: all that waits is tagged, all that died is let go of."""
        with started(self.folder, "up", "--port", "0", KLE_MODEL="", KLE_DATABASE_URL=self.url) as program:
            program.ready(program.address())
            waits = table(Version).c.tag_priority.is_not(None)
            wait_until(lambda: not count(self.database, Version, waits), "the last tag")
            program.send(signal.SIGTERM)
            assert program.end() == 0
        self.assert_nothing_is_lost(kle)
        posts = count(self.database, Post)
        assert count(self.database, IndexEntry) == posts
        assert not count(self.database, Source, table(Source).c.claimed_by.is_not(None))
        with self.database.read() as session:
            ends = set(session.execute(select(table(Run).c.outcome)).scalars())
        assert None not in ends

    def told(self) -> str:
        said, posts = self.journal, count(self.database, Post)
        return (
            f"{said.answers} writes answered and {said.unanswered} not, {len(said.imported)} posts imported,"
            f" {len(said.keys)} keys made, {len(said.runs)} runs and {len(said.seen)} posts of {posts} seen"
        )


def killed(kle: Kle, house: House, kills: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(house.folder)
    monkeypatch.setenv("KLE_DATABASE_URL", house.url)
    phases = [phase for phase in PHASES if phase != "seal" or house.database.dialect == "postgresql"]
    try:
        for number in range(kills):
            house.live_and_die(phases[number % len(phases)])
            house.assert_nothing_is_lost(kle)
        house.assert_it_goes_on(kle)
        assert house.journal.answers, "somebody was answered"
    finally:
        sys.stderr.write(f"\nkilled {dict(house.killed)}; {house.told()}\n")  # shown by pytest -s
        house.database.close()


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_killed_under_load(kle: Kle, tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    killed(kle, House(tmp_path / "house", database_url, seed=1), 5, monkeypatch)


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_killed_under_load_on_postgresql(
    kle: Kle, tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    killed(kle, House(tmp_path / "house", database_url, seed=2), 3, monkeypatch)


@pytest.mark.torture
@pytest.mark.parametrize("seed", range(10))
def test_killed_two_hundred_times_under_load(
    kle: Kle, tmp_path: Path, database_url: str, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ten archives on each database, so that their verifying stays quick."""
    killed(kle, House(tmp_path / "house", database_url, seed), LIVES, monkeypatch)
