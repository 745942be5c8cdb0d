"""The worker's ticks: due sources are read, what waits is tagged, and stopping lets go of everything."""

import re
import socket
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from classifier.model import Prediction, TopicScore
from core import settings
from core.settings import Settings
from db import directory, sources
from db.database import Database
from kle import claims, jumps, runtime
from kle import worker as workers
from kle.worker import Worker
from tests.collector.platforms.api import open_at
from tests.kle.town import Town
from tests.postgres import Postgres

HANGING = '[[source]]\nname = "{0}"\nkind = "feed"\nurl = "http://127.0.0.1:{1}/{0}"\nevery = "1h"\n'


@pytest.fixture
def silent_server() -> Iterator[int]:
    """Takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def wait_for(database: Database, statement: str) -> None:
    until = time.monotonic() + 30
    while time.monotonic() < until:
        with database.read() as session:
            if session.execute(text(statement)).scalar():
                return
        time.sleep(0.02)
    raise AssertionError(f"never so: {statement}")


def archive_of(office: Path, port: int | None = None, **more: object) -> Settings:
    if port:
        hanging = "".join(HANGING.format(name, port) for name in ("slow-a", "slow-b"))
        (office / "kle.toml").write_text((office / "kle.toml").read_text("utf-8") + hanging, "utf-8")
    return settings.load().model_copy(update={"pace": 0.0, "allow_private_networks": "127.0.0.0/8", **more})


def test_due_sources_are_collected_and_not_again_before_they_are_due(office: Path) -> None:
    with runtime.archive(archive_of(office), sync=True) as (knobs, database):
        worker = Worker(knobs, database)
        worker.start()
        assert worker.running
        wait_for(database, "SELECT count(*) = 1 FROM run WHERE outcome = 'ok'")
        time.sleep(1.2)
        worker.stop()
        assert not worker.running
        with database.read() as session:
            assert session.execute(text("SELECT count(*) FROM run")).scalar() == 1


def test_slow_source_keeps_no_other_from_being_read(office: Path, silent_server: int) -> None:
    with runtime.archive(archive_of(office, silent_server), sync=True) as (knobs, database):
        worker = Worker(knobs, database)
        worker.start()
        wait_for(database, "SELECT count(*) = 3 FROM run")
        wait_for(database, "SELECT count(*) = 1 FROM run WHERE outcome = 'ok'")
        worker.stop(grace=0.1)


def test_round_that_cannot_finish_is_free_for_others_after_the_stop(office: Path, silent_server: int) -> None:
    with runtime.archive(archive_of(office, silent_server), sync=True) as (knobs, database):
        worker = Worker(knobs, database)
        worker.start()
        wait_for(database, "SELECT count(*) = 2 FROM source WHERE claimed_by IS NOT NULL AND name LIKE 'slow%'")
        worker.stop(grace=0.1)
        with database.read() as session:
            assert session.execute(text("SELECT count(*) FROM source WHERE claimed_by IS NOT NULL")).scalar() == 0


def test_a_round_that_outlasts_its_claim_is_not_begun_a_second_time_here(office: Path, silent_server: int) -> None:
    """As after a sleep of the machine: the claim ran out before anybody could renew it."""
    with runtime.archive(archive_of(office, silent_server), sync=True) as (knobs, database):
        worker = Worker(knobs, database)
        worker.start()
        wait_for(database, "SELECT count(*) = 3 FROM run")
        with database.write() as session:
            session.execute(text("UPDATE source SET claimed_until = '2026-01-01' WHERE claimed_by IS NOT NULL"))
        time.sleep(2.2)
        worker.stop(grace=0.1)
        with database.read() as session:
            assert session.execute(text("SELECT count(*) FROM run")).scalar() == 3


def test_source_that_leaves_the_configuration_while_it_runs_ends_its_round_and_comes_no_more(
    tmp_path: Path,
) -> None:
    with open_at(Town(slowness=0.2)) as town:
        (tmp_path / "kle.toml").write_text(town.config, "utf-8")
        with runtime.archive(settings.load(), sync=True) as (knobs, database):
            worker = Worker(knobs, database)
            worker.start()
            wait_for(database, "SELECT count(*) = 1 FROM source WHERE name = 'sky' AND claimed_by IS NOT NULL")
            without = knobs.model_copy(update={"tables": {"source": knobs.tables["source"][:-2]}})
            with database.write() as session:
                directory.sync(session, without, [], runtime.times.now())
            wait_for(database, RUNS_OF_SKY.format("= 1", "AND outcome = 'ok'"))
            wait_for(database, "SELECT count(*) > 6 FROM run")
            worker.stop()
            wait_for(database, RUNS_OF_SKY.format("= 1", ""))
            wait_for(database, "SELECT count(*) = 0 FROM source WHERE claimed_by IS NOT NULL")


RUNS_OF_SKY = "SELECT count(*) {} FROM run JOIN source ON source.id = source_id WHERE source.name = 'sky' {}"


def test_what_a_dead_process_held_is_free_after_a_start(office: Path) -> None:
    with runtime.archive(archive_of(office), sync=True) as (knobs, database):
        host = claims.worker_name().split(":")[0]
        with database.write() as session:
            sources.claim_named(session, "office", f"{host}:{2**22 + 1}:dead", runtime.times.now())
        worker = Worker(knobs, database)
        worker.start()
        wait_for(database, "SELECT count(*) = 1 FROM run WHERE outcome = 'ok'")
        worker.stop()


def test_tick_that_fails_is_told_and_the_next_comes(office: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    failures = iter([RuntimeError("first try")])

    def breaking(*arguments: object) -> object:
        for failure in failures:
            raise failure
        return sources_claim(*arguments)

    sources_claim = sources.claim_due
    monkeypatch.setattr(sources, "claim_due", breaking)
    with runtime.archive(archive_of(office), sync=True) as (knobs, database):
        worker = Worker(knobs, database)
        worker.start()
        wait_for(database, "SELECT count(*) = 1 FROM run WHERE outcome = 'ok'")
        worker.stop()


def test_a_clock_that_is_set_back_stops_no_tick(office: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """APScheduler would sleep until the time that it had planned."""
    with runtime.archive(archive_of(office), sync=True) as (knobs, database):
        worker = Worker(knobs, database)
        worker.start()
        wait_for(database, "SELECT count(*) = 1 FROM run WHERE outcome = 'ok'")
        for job in worker._scheduler.get_jobs():
            job.modify(next_run_time=runtime.times.now() + timedelta(hours=1))
        with database.write() as session:
            session.execute(text("UPDATE source SET next_due_at = '2026-01-01'"))
        monkeypatch.setattr(jumps, "wall", lambda: time.time() - 3600)
        wait_for(database, "SELECT count(*) = 2 FROM run WHERE finished_at IS NOT NULL")
        worker.stop()


@dataclass
class Reader:
    """Stands in for the model: tags every text."""

    digest: str
    card: dict[str, str] = field(default_factory=dict)
    reader: None = None
    topics: tuple[str, ...] = ("reform",)
    thresholds: tuple[float, ...] = (0.5,)

    def predict(self, texts: Sequence[str]) -> list[Prediction]:
        score = TopicScore("reform", 0.9, 0.5, "tagged", 0, 4)
        return [Prediction((score,), None) for _ in texts]  # type: ignore[arg-type]


def test_another_model_than_before_judges_again_and_the_weeks_are_counted(
    office: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workers, "MINUTE", 1)
    this_week = runtime.times.now().strftime("%a, %d %b %Y %H:%M:%S +0000")
    feed = (office / "office.rss").read_text("utf-8")
    (office / "office.rss").write_text(re.sub(r"<pubDate>.*?<", f"<pubDate>{this_week}<", feed), "utf-8")
    with runtime.archive(archive_of(office), sync=True) as (knobs, database):
        for digest in ("a" * 64, "b" * 64):
            worker = Worker(knobs, database, model=Reader(digest))  # type: ignore[arg-type]
            worker.start()
            judged = "SELECT count(*) = 2 FROM tag JOIN tag_model m ON m.id = model_id WHERE valid_to IS NULL AND"
            wait_for(database, f"{judged} digest = '{digest}'")
            wait_for(database, "SELECT count(*) = 0 FROM campaign WHERE finished_at IS NULL")
            wait_for(database, "SELECT max(posts) = 2 FROM week")
            worker.stop()
        with database.read() as session:
            assert session.execute(text("SELECT count(*) FROM tag")).scalar() == 4


def test_postgresql_ledger_is_sealed_while_it_runs(office: Path, postgres: Postgres) -> None:
    with postgres.empty_database() as url:
        migrated = Database(url)
        migrated.migrate()
        migrated.close()
        with runtime.archive(archive_of(office, database_url=url), sync=True) as (knobs, database):
            worker = Worker(knobs, database)
            worker.start()
            wait_for(database, "SELECT count(*) >= 2 FROM ledger")
            wait_for(database, "SELECT count(*) = 0 FROM unsealed")
            worker.stop()


def test_the_index_is_merged_in_a_minute_in_which_nothing_was_written(
    office: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tidied: list[Database] = []
    monkeypatch.setattr(workers.segments, "tidy", lambda database, going: tidied.append(database))
    with runtime.archive(archive_of(office), sync=True) as (knobs, database):
        worker = Worker(knobs, database)
        worker._tidy()
        assert tidied == []
        worker._tidy()
        assert tidied == [database]
        worker.start()
        wait_for(database, "SELECT count(*) = 1 FROM run WHERE outcome = 'ok'")
        worker.stop()
        worker._tidy()
        assert tidied == [database]
