"""The whole program under load, killed at any moment: each time the archive verifies and nothing that was
acknowledged is missing; then it is started again."""

import json
import random
import signal
import sys
import time
from collections import Counter
from itertools import pairwise
from pathlib import Path

import pytest
from sqlalchemy import select

from db.database import Database
from db.models import IndexEntry, Post, Run, Source, Tag, Unsealed, Version
from db.upsert import table
from tests.kle.conftest import Kle
from tests.kle.load import SOURCES, TOPICS, Journal, Load, count
from tests.kle.program import Program, started, wait_until

PHASES = ("write", "start", "collect", "tag", "import", "seal", "any")
IMPORTS = len(SOURCES) + 1  # the id of the source of imports: those may run side by side
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
            while left := count(self.database, Version, waits):  # as long as it gets on
                wait_until(lambda left=left: count(self.database, Version, waits) < left, "a tag")
            program.send(signal.SIGTERM)
            assert program.end() == 0
        self.assert_nothing_is_lost(kle)
        posts = count(self.database, Post)
        assert count(self.database, IndexEntry) == posts
        assert not count(self.database, Source, table(Source).c.claimed_by.is_not(None))
        with self.database.read() as session:
            ends = set(session.execute(select(table(Run).c.outcome)).scalars())
        assert None not in ends

    def assert_one_at_a_time(self) -> None:
        """No source was looked at by two at once, no post is there twice, no topic has two decisions."""
        run, post, tag = table(Run), table(Post), table(Tag)
        with self.database.read() as session:
            looks = session.execute(select(run).where(run.c.source_id < IMPORTS).order_by(run.c.id)).all()
            ids = session.execute(select(post.c.platform, post.c.platform_id)).all()
            said = session.execute(select(tag.c.post_id, tag.c.topic_id).where(tag.c.valid_to.is_(None))).all()
        for source in {look.source_id for look in looks}:
            own = [look for look in looks if look.source_id == source]
            assert all(a.finished_at <= b.started_at for a, b in pairwise(own))
        assert len(set(ids)) == len(ids) and len(set(said)) == len(said)

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


def together(kle: Kle, house: House, kills: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two programs on one archive, one of which dies and is started anew, again and again."""
    monkeypatch.chdir(house.folder)
    monkeypatch.setenv("KLE_DATABASE_URL", house.url)
    knobs = {"KLE_MODEL": "", "KLE_DATABASE_URL": house.url}
    theirs = Journal()
    with started(house.folder, "up", "--port", "0", **knobs) as stays:
        address = stays.address()
        house.key = stays.line("Admin key, shown this once: ")
        load = Load(house.folder, address, house.key, house.journal, 1, house.url, TOPICS[1:])
        try:
            for number in range(kills):
                with started(house.folder, "up", "--port", "0", **knobs) as dies:
                    beside = Load(
                        house.folder, dies.address(), house.key, theirs, number + 2, house.url, TOPICS[:1]
                    )
                    time.sleep(house.dice.uniform(1, 4))
                    dies.send(signal.SIGKILL)
                    if clerk := beside.clerk:
                        clerk.kill()
                    dies.end()
                    beside.stop()
                assert theirs.missing(house.database) == []
        finally:
            load.stop()
        stays.send(signal.SIGTERM)
        assert stays.end() == 0
    house.assert_it_goes_on(kle)
    assert theirs.missing(house.database) == []
    house.assert_one_at_a_time()


@pytest.mark.torture
def test_two_programs_on_one_archive_one_of_them_killed(
    kle: Kle, tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = House(tmp_path / "house", database_url, seed=3)
    try:
        together(kle, house, 10, monkeypatch)
    finally:
        house.database.close()


@pytest.mark.torture
@pytest.mark.parametrize("seed", range(10))
def test_killed_two_hundred_times_under_load(
    kle: Kle, tmp_path: Path, database_url: str, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ten archives on each database, so that their verifying stays quick."""
    killed(kle, House(tmp_path / "house", database_url, seed), LIVES, monkeypatch)
