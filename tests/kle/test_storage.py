"""A full disk: what collects, imports and tags stops with a clear state, and goes on when there is room."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from core.errors import NoRoom
from db import archive, coverage, room, sources
from db.database import Database
from db.query import PostQuery
from kle import runtime, storage
from kle.storage import Storage
from kle.worker import Worker
from tests.conftest import NOW
from tests.kle.conftest import Kle
from tests.kle.load import replace
from tests.kle.program import Program, environment, get, started, wait_until
from tests.kle.small_disk import Ballast, small_disk
from tests.kle.test_import import record, write_lines
from tests.kle.test_worker import archive_of, wait_for
from tests.postgres import Postgres

SOURCE = '[[source]]\nname = "file"\nkind = "file"\npath = "posts.jsonl"\nevery = "1s"\n'
PLENTY = 10**12


@pytest.fixture
def disk() -> Iterator[Path]:
    with small_disk(megabytes=40) as folder:
        yield folder


def publish(folder: Path, first: int, many: int) -> None:
    replace(folder / "posts.jsonl", [record(n) for n in range(first, first + many)])


def posts_in(address: str) -> int:
    status, said = get(f"{address}/api/v1/timeline")
    return sum(bucket["count"] for bucket in said["items"]) if status == 200 else 0


def stops_and_goes_on(program: Program, address: str, office: Path, ballast: Ballast) -> None:
    """Posts come, the disk fills up, more posts come, there is room again."""
    wait_until(lambda: posts_in(address) == 100, "the first posts")
    ballast.fill()
    publish(office, 100, 3000)
    wait_until(lambda: get(f"{address}/readyz")[0] == 503, "the state")
    said = get(f"{address}/readyz")[1]["parts"]["storage"]
    assert said.startswith("no room: the archive cannot be written") and "goes on by itself" in said
    listed = get(f"{address}/api/v1/sources")[1]
    assert listed["storage"].startswith("no room")
    assert (posts_in(address) - 100) % archive.MOST == 0, "nothing is half archived"
    ballast.drop()
    wait_until(lambda: posts_in(address) == 3100, "the rest")
    assert get(f"{address}/readyz")[0] == 200
    assert get(f"{address}/api/v1/sources")[1]["storage"] is None
    outcomes = [(run["outcome"], run["error"]) for run in get(f"{address}/api/v1/runs?limit=200")[1]["items"]]
    assert [error for outcome, error in outcomes if outcome == "failed" and error.startswith("no room")]
    assert {outcome for outcome, _ in outcomes} <= {"ok", "not_modified", "failed", None}
    log = program.log.read_text()
    stops = log.count("nothing more is collected")
    assert log.count("there is room again") == stops <= 3, "once a time; a server may free a little meanwhile"
    assert "Traceback" not in log


def office_in(folder: Path) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "kle.toml").write_text(SOURCE, "utf-8")
    publish(folder, 0, 100)
    return folder


def test_a_full_disk_stops_collecting_until_there_is_room(
    kle: Kle, disk: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    office = office_in(tmp_path / "office")
    knobs = {"KLE_MODEL": "none", "KLE_MIN_FREE": "0", "KLE_DATA_DIR": str(disk)}
    with started(office, "up", "--port", "0", **knobs) as program:
        stops_and_goes_on(program, program.address(), office, Ballast(disk))
    monkeypatch.setenv("KLE_DATA_DIR", str(disk))
    assert json.loads(kle("verify", "--json").stdout)["ok"]


def test_a_full_disk_of_postgresql_stops_collecting_until_there_is_room(
    kle: Kle, disk: Path, tmp_path: Path, postgres: Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    with postgres.database_on(disk) as url:
        office = office_in(tmp_path / "office")
        knobs = {"KLE_MODEL": "none", "KLE_DATABASE_URL": url}
        made = Database(url)
        made.migrate()
        made.close()
        with started(office, "up", "--port", "0", **knobs) as program:
            stops_and_goes_on(program, program.address(), office, Ballast(disk))
        monkeypatch.setenv("KLE_DATABASE_URL", url)
        assert json.loads(kle("verify", "--json").stdout)["ok"]


def test_an_import_that_finds_no_room_says_so_and_what_went_in_stays(
    kle: Kle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By a limit on the size of files, which is what a quota looks like."""
    write_lines(tmp_path / "posts.jsonl", [record(n, text=f"{n} " + "word " * 400) for n in range(6000)])
    assert kle("search", "x").exit_code == 0
    limited = f"ulimit -f 8000; exec {sys.executable} -m kle import posts.jsonl --json"
    done = subprocess.run(
        ["bash", "-c", limited], cwd=tmp_path, env=environment(), text=True, capture_output=True, check=False
    )
    assert done.returncode == 1 and "no room: the archive cannot be written" in done.stderr, done.stderr
    assert "the same import again brings the rest" in done.stderr and "Traceback" not in done.stderr
    assert json.loads(kle("verify", "--json").stdout)["ok"]
    again = json.loads(kle("import", "posts.jsonl", "--json").stdout)
    assert again["posts_unchanged"] > 0 and again["posts_new"] + again["posts_unchanged"] == 6000
    assert json.loads(kle("verify", "--json").stdout)["ok"]


# -- the reserve ------------------------------------------------------------------------------------------------


@pytest.fixture
def left(monkeypatch: pytest.MonkeyPatch) -> dict[str, int]:
    """How many bytes are free, as the archive is told."""
    said = {"free": PLENTY}
    monkeypatch.setattr(room, "free", lambda file: said["free"] if file else None)
    monkeypatch.setattr(storage, "EVERY", 0.2)
    return said


def gaps(database: Database, **asked: Any) -> list[str]:
    with database.read() as session:
        found = coverage.coverage(session, PostQuery.build("", **asked), runtime.times.now())
        return [gap["reason"] for source in found["sources"] for gap in source["gaps"]]


def test_collecting_stops_before_the_disk_is_full_and_coverage_says_why(office: Path, left: dict[str, int]) -> None:
    with runtime.archive(archive_of(office, min_free=1000), sync=True) as (knobs, database):
        worker = Worker(knobs, database)
        left["free"] = 999
        worker.start()
        wait_until(lambda: worker.storage.said, "the state")
        assert worker.storage.said and "KLE_MIN_FREE" in worker.storage.said
        assert (shown := Storage(knobs, database).look()) and "KLE_MIN_FREE" in shown
        with database.read() as session:
            assert session.execute(text("SELECT count(*) FROM run")).scalar() == 0
            assert room.since(session)
        assert gaps(database, since="2026-01-01") == ["no room"]
        left["free"] = PLENTY
        wait_for(database, "SELECT count(*) = 1 FROM run WHERE outcome = 'ok'")
        worker.stop()
        with database.read() as session:
            missed = session.execute(text("SELECT error FROM run WHERE outcome = 'failed'")).scalars().all()
            assert len(missed) == 1 and missed[0].startswith("no room: 0 MB are free"), missed
            assert room.since(session) is None


def test_another_process_learns_of_it_from_the_archive(office: Path, left: dict[str, int]) -> None:
    with runtime.archive(archive_of(office), sync=True) as (knobs, database):
        with database.write() as session:
            room.note(session, NOW)
        assert Storage(knobs, database).look() == (
            "no room since 2026-09-01T12:00:00Z; collecting goes on by itself"
        )


def test_what_a_process_noted_that_ended_is_over_when_the_next_finds_room(
    office: Path, left: dict[str, int]
) -> None:
    with runtime.archive(archive_of(office), sync=True) as (knobs, database):
        with database.write() as session:
            room.note(session, NOW)
        begun = Storage(knobs, database, "host:1:a")
        assert begun.has_room([]) and begun.look() is None
        with database.read() as session:
            assert room.since(session) is None


def test_no_command_that_brings_more_begins_without_the_reserve(
    kle: Kle, office: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(office)
    monkeypatch.setenv("KLE_MIN_FREE", str(10**18))
    write_lines(office / "posts.jsonl", [record(1)])
    monkeypatch.setenv("KLE_MODEL", "")
    for command in (("import", "posts.jsonl"), ("classify",)):
        done = kle(*command)
        assert done.exit_code == 1 and "KLE_MIN_FREE" in done.stderr, done.output
    assert "KLE_MIN_FREE" in kle("collect").output
    assert json.loads(kle("verify", "--json").stdout) | {"ok": True, "versions": 0} == json.loads(
        kle("verify", "--json").stdout
    )
    assert kle("keys", "add").exit_code == 0
    monkeypatch.setenv("KLE_MIN_FREE", "0")
    assert kle("import", "posts.jsonl").exit_code == 0


def test_a_run_whose_end_could_not_be_written_ends_when_there_is_room(office: Path) -> None:
    with runtime.archive(archive_of(office), sync=True) as (knobs, database):
        with database.write() as session:
            source = sources.claim_named(session, "office", "me:1:x", NOW)
            assert source.id
            run = sources.start_run(session, source.id, NOW)
        with database.write() as session:
            assert room.go_on(session, NOW, "no room: it was full", "me:1:x", [], runtime.times.now()) == 1
        with database.read() as session:
            row = session.execute(text(f"SELECT outcome, error FROM run WHERE id = {run}")).one()
            assert tuple(row) == ("failed", "no room: it was full")
            assert session.execute(text("SELECT count(*) FROM run")).scalar() == 1
            assert session.execute(text("SELECT claimed_by FROM source")).scalar() is None
        assert knobs.min_free == 200_000_000


def test_other_failures_of_the_database_are_no_want_of_room(office: Path) -> None:
    with runtime.archive(archive_of(office), sync=True) as (_, database):
        with pytest.raises(Exception, match="no such table") as found, database.write() as session:
            session.execute(text("INSERT INTO nowhere VALUES (1)"))
        assert not isinstance(found.value, NoRoom) and database.no_room is None
