"""Exports are built by a process of their own, which may die at any moment; files end when they should."""

import signal
import socket
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from sqlalchemy import text

from core import settings as knobs
from core.times import now
from db import exports, work
from db.erasing.erase import REQUEST, Why, erase
from db.models import Export
from db.posts import key_of
from exports import release, store
from kle import building, exporting, forgetting
from kle.worker import Worker
from tests.db.conftest import Room, post
from tests.kle.program import environment, wait_until

WHY = Why(REQUEST, "asked by its author", "a test")
ME = "host:1:a"


@pytest.fixture
def settings(database, tmp_path):
    found = {"data_dir": tmp_path / "data", "min_free": 0}
    if database.dialect != "sqlite":
        found["database_url"] = database.url.render_as_string(hide_password=False)
    else:
        found["database_url"] = f"sqlite:///{database.file}"
    return knobs.load().model_copy(update=found)


@pytest.fixture
def room(database):
    made = Room(database, now=now() - timedelta(days=1))
    made.topics()
    made.archive(*(post(n, f"Talks on reform, part {n}") for n in range(1, 8)))
    return made


def ask(room: Room, **more: Any) -> int:
    row = {"query": "", "format": "csv", "as_of": now(), "audience": "public", "options": {}, "owner": "analyst"}
    with room.database.write() as session:
        return exports.ask(session, {**row, **more}, now())


def row_of(room: Room, number: int) -> Any:
    with room.database.read() as session:
        return exports.get(session, number)


def state(room: Room, number: int) -> str:
    return exports.state(row_of(room, number), now())


def build(settings, room, stop=None):
    building.build_all(settings, room.database, stop or Event())


def folders(settings):
    return sorted(entry.name for entry in store.root(settings.data_dir).iterdir())


def forget(room, number):
    with room.database.write() as session:
        erase(session, key_of(session, f"mastodon:m.example/{number}"), WHY, now())


def test_all_that_waits_is_built_and_each_has_its_folder(settings, room):
    numbers = [ask(room, format=name) for name in ("csv", "jsonl", "parquet")]
    build(settings, room)
    assert [state(room, number) for number in numbers] == ["done"] * 3
    assert folders(settings) == sorted(row_of(room, number).result["folder"] for number in numbers)
    row = row_of(room, numbers[0])
    assert (row.posts, row.total, row.listed) == (7, 7, 7)
    assert row.bytes == sum(one["bytes"] for one in row.result["files"]) + row.result["zip"]["bytes"]


def test_left_folders_of_dead_processes_go_and_those_that_are_in_use_stay(settings, room):
    done = ask(room)
    build(settings, room)
    held = ask(room)
    with room.database.write() as session:
        exports.claim(session, "otherhost:1:abc", now())
    root = store.root(settings.data_dir)
    for name in (f"{held}-abc", f"{done}-zzz", "99-abc", "notes"):
        (root / name).mkdir()
    build(settings, room)
    assert folders(settings) == sorted([row_of(room, done).result["folder"], f"{held}-abc", "notes"])


def test_a_failure_is_told_and_leaves_no_file(settings, room, monkeypatch):
    number = ask(room)

    def broken(*_: Any, **__: Any) -> Any:
        raise OSError("the disk went away")

    monkeypatch.setattr(release, "export", broken)
    build(settings, room)
    row = row_of(room, number)
    assert state(room, number) == "failed" and "OSError" in row.error and folders(settings) == []


def test_a_query_whose_topic_is_no_more_fails_in_clear_words(settings, room):
    number = ask(room, query="topic:nonsense")
    build(settings, room)
    assert "nonsense" in row_of(room, number).error


def test_without_room_it_fails_at_once_and_says_what_to_do(settings, room):
    number = ask(room)
    store.root(settings.data_dir).mkdir(parents=True)
    build(settings.model_copy(update={"min_free": 1 << 60}), room)
    assert state(room, number) == "failed" and "KLE_MIN_FREE" in row_of(room, number).error


def test_what_is_stopped_goes_on_with_the_next_start(settings, room, monkeypatch):
    number, stop, real = ask(room), Event(), release.export

    def stopping(*given: Any, **more: Any) -> Any:
        stop.set()
        return real(*given, **more)

    monkeypatch.setattr(release, "export", stopping)
    build(settings, room, stop)
    row = row_of(room, number)
    assert (state(room, number), row.attempts) == ("waiting", 0) and folders(settings) == []
    monkeypatch.setattr(release, "export", real)
    build(settings, room)
    assert state(room, number) == "done"


def test_a_text_that_is_erased_while_it_is_built_is_not_in_it(settings, room, monkeypatch):
    number, real, began = ask(room), release.export, []

    def erasing(*given: Any, **more: Any) -> Any:
        made = real(*given, **more)
        if not began:
            began.append(True)
            forget(room, 3)
        return made

    monkeypatch.setattr(release, "export", erasing)
    build(settings, room)
    assert state(room, number) == "done"
    (folder,) = (store.root(settings.data_dir) / name for name in folders(settings))
    assert not any(b"part 3" in path.read_bytes() for path in folder.rglob("*.csv"))
    assert any(b"part 4" in path.read_bytes() for path in folder.rglob("*.csv"))
    with room.database.read() as session:
        assert exports.uncleared(session) == []


def test_a_text_that_is_erased_later_takes_the_files_along(settings, room):
    number = ask(room)
    build(settings, room)
    forget(room, 3)
    assert state(room, number) == "withdrawn" and folders(settings)
    assert forgetting.purge_traces(room.database, settings.data_dir / "elsewhere") is False
    wait_until(lambda: forgetting.purge_traces(room.database, settings.data_dir), "the purge")
    assert folders(settings) == []


def test_whatever_is_read_is_on_the_list_before(settings, room, monkeypatch):
    """Also a post that came to the query since the list was made, or a sample that is drawn otherwise by then."""
    number = ask(room)
    everything = building.asked.keys
    with room.database.read() as session:
        keys = everything(session, building.asked.order(building.asked.form_of(row_of(room, number)), None))
    monkeypatch.setattr(building.asked, "keys", lambda *_: keys[:1])
    build(settings, room)
    with room.database.read() as session:
        assert len(keys) > 1 and exports.posts_of(session, number).tolist() == keys.tolist()


def test_what_is_begun_anew_keeps_the_folder_of_the_process_that_builds_it(settings, room):
    number = ask(room)
    with room.database.write() as session:
        exports.claim(session, "host:1:live", now())
    for process in ("dead", "live"):
        store.fresh(settings.data_dir, store.name(number, f"host:1:{process}"))
    exporting._remove(settings.data_dir, room.database, [number])  # whose list was read before that claim
    assert folders(settings) == [f"{number}-live"]


def test_files_expire_and_lost_ones_are_told(settings, room):
    old, lost, kept = (ask(room, query=f"part {n}") for n in (1, 2, 3))
    build(settings, room)
    with room.database.write() as session:
        work.finish(session, Export, [old], finished_at=now() - timedelta(days=31))
    store.remove(settings.data_dir, lost, set)
    exporting.expire(settings.data_dir, settings.exports_kept, room.database)
    assert [state(room, number) for number in (old, lost, kept)] == ["expired", "expired", "done"]
    assert folders(settings) == [row_of(room, kept).result["folder"]]


def test_killed_at_any_moment_it_is_whole_or_not_there(settings, room):
    """The builder is killed after ever more time; each next one goes on, and the last one is done."""
    number = ask(room)
    variables = environment(**exporting.environment(settings))
    for step in range(1, 12):
        builder = subprocess.Popen(
            [sys.executable, "-m", "kle.building"], stdin=subprocess.PIPE, env=variables, start_new_session=True
        )
        try:
            builder.wait(0.25 * step)
        except subprocess.TimeoutExpired:
            builder.kill()
            builder.wait()
        assert builder.stdin
        builder.stdin.close()
        done = state(room, number) == "done"
        whole = list(store.root(settings.data_dir).glob(f"*/{store.ZIP}"))
        assert len(whole) <= 1 and (whole or not done)
        with room.database.write() as session:  # tries are counted: a person would not kill it ten times
            work.finish(session, Export, [number], attempts=0) if not done else None
        if done:
            break
    build(settings, room)
    assert state(room, number) == "done" and folders(settings) == [row_of(room, number).result["folder"]]


def _started(monkeypatch, *codes):
    """Builders as `exporting.start` would start them, which end by these codes; those that were started."""
    left, started = list(codes), []

    def start(_settings):
        started.append(subprocess.Popen([sys.executable, "-c", left.pop(0)], stdin=subprocess.PIPE))
        return started[-1]

    monkeypatch.setattr(exporting, "start", start)
    return started


_SLEEPS = "input()"


def test_a_builder_that_is_killed_over_an_export_is_followed_by_another_at_once(settings, room, monkeypatch):
    started = _started(monkeypatch, _SLEEPS, _SLEEPS)
    ticks = exporting.Exporting(settings, room.database)
    number = ask(room)
    ticks.tick()
    with room.database.write() as session:
        exports.claim(session, f"{socket.gethostname()}:{started[0].pid}:abc", now())
    started[0].kill()
    started[0].wait()
    ticks.tick()
    row = row_of(room, number)
    assert len(started) == 2 and (row.claimed_by, row.attempts) == (None, 1)
    assert exports.is_anew(row, now()) and state(room, number) == "waiting"
    started[1].communicate(b"\n")


def test_one_that_cannot_even_begin_is_given_time(settings, room, monkeypatch):
    started = _started(monkeypatch, "raise SystemExit(3)", _SLEEPS)
    ticks = exporting.Exporting(settings, room.database)
    ask(room)
    ticks.tick()
    started[0].wait()
    ticks.tick()
    assert len(started) == 1


def test_a_builder_that_has_nothing_more_to_do_ends_well(settings, room):
    number = ask(room)
    builder = subprocess.Popen(
        [sys.executable, "-m", "kle.building"],
        stdin=subprocess.PIPE,
        env=environment(**exporting.environment(settings)),
    )
    assert builder.wait(60) == 0 and state(room, number) == "done"
    assert builder.stdin
    builder.stdin.close()


def test_the_builder_ends_with_its_parent(settings, room):
    ask(room)
    parent = subprocess.Popen(
        [sys.executable, "-c", "import time; from kle import exporting; from core import settings;"
         "child = exporting.start(settings.load()); print(child.pid, flush=True); time.sleep(60)"],
        stdout=subprocess.PIPE, text=True, env=environment(**exporting.environment(settings)),
    )  # fmt: skip
    assert parent.stdout
    with room.database.write() as session:  # as long as this lasts the builder cannot come to its own end
        if room.database.dialect == "postgresql":
            session.execute(text("LOCK TABLE export"))
        child = int(parent.stdout.readline())
        assert _runs(child)
        parent.send_signal(signal.SIGKILL)
        parent.wait()
        wait_until(lambda: not _runs(child), "the end of the builder")
    parent.stdout.close()


def _runs(pid: int) -> bool:
    """A zombie does not: in a container nobody may reap it."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def test_the_worker_has_it_built_and_stops_quickly(settings, room):
    worker = Worker(settings, room.database, collecting=False, exporting=True)
    worker.start()
    try:
        first = ask(room)
        wait_until(lambda: state(room, first) == "done", "the export")
    finally:
        worker.stop()
    assert not worker.running


def test_the_builder_has_the_settings_of_the_one_that_started_it(settings):
    said = exporting.environment(settings.model_copy(update={"secret_key": "s" * 40, "config": settings.config}))
    assert said["KLE_SECRET_KEY"] == "s" * 40 and said["KLE_MIN_FREE"] == "0"
    assert Path(said["KLE_DATA_DIR"]).is_absolute() and "KLE_CONFIG" not in said
