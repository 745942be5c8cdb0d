"""`kle forget`, `kle retention` and the worker's ticks: asked for, told, done, and done again after a kill."""

import json
import signal
import sqlite3
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from core import settings, times
from db import alert_retention
from kle import forgetting, runtime
from kle.worker import Worker
from tests.db.conftest import Room
from tests.db.letters import Letters
from tests.kle.conftest import Kle
from tests.kle.program import started, wait_until
from tests.kle.test_import import record, write_lines
from tests.kle.test_worker import wait_for

REASON = ("--reason", "asked by its author")
ONE, TWO = "file:a.example/1", "file:a.example/2"


def posted(number: int, **more: Any) -> dict[str, Any]:
    own = {"platform": "file", "platform_id": f"a.example/{number}", "text": f"Unmistakable{number} talks"}
    return {**record(number), **own, **more}


def deleted(number: int) -> dict[str, Any]:
    return posted(number, platform="mastodon", deleted_at="2025-08-20T00:00:00Z")


@pytest.fixture
def archive(kle: Kle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Three posts, imported from one file in the folder where we are; the archive's file."""
    monkeypatch.chdir(tmp_path)
    write_lines(tmp_path / "posts.jsonl", [posted(n) for n in (1, 2, 3)])
    assert kle("import", "posts.jsonl").exit_code == 0
    return tmp_path / "data" / "kle.sqlite"


def said(kle: Kle, *arguments: object) -> dict[str, Any]:
    found = kle(*arguments, "--json")
    assert found.exit_code == 0, found.output
    answer: dict[str, Any] = json.loads(found.stdout)
    return answer


def texts(archive: Path) -> list[str]:
    with sqlite3.connect(archive) as rows:
        return sorted(text for (text,) in rows.execute("SELECT text FROM version"))


def test_forgets_posts_and_tells_what_went(kle: Kle, archive: Path) -> None:
    beside = archive.with_name("kle.sqlite.before-0003")
    beside.write_bytes(b"an older archive")
    done = said(kle, "forget", ONE, *REASON, "--yes")
    (item,) = done["items"]
    assert (item["id"], item["cause"], item["reason"]) == (ONE, "request", "asked by its author")
    assert len(item["versions"]) == 1 and len(item["captures"]) == 1
    assert item["shared_with"] == [TWO, "file:a.example/3"]
    assert done["purged"] is True and done["backups"] == [str(beside)]
    assert texts(archive) == ["", "Unmistakable2 talks", "Unmistakable3 talks"]
    assert b"nmistakable1 " not in b"".join(part.read_bytes() for part in archive.parent.glob("kle.sqlite*"))


def test_it_says_before_what_will_go_and_takes_no_for_an_answer(kle: Kle, archive: Path) -> None:
    found = kle("forget", ONE, *REASON)
    assert found.exit_code == 1 and "1 versions" in found.output and TWO in found.output
    assert len(texts(archive)[0]) > 0


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ((ONE,), "--reason TEXT"),
        ((ONE, "--reason", "  ", "--yes"), "--reason TEXT"),
        ((*REASON, "--yes"), "by their ids"),
        (("x:404", *REASON, "--yes"), "no post 'x:404'"),
        ((ONE, "x:404", *REASON, "--yes"), "no post 'x:404'"),
        ((ONE, *REASON, "--json"), "add --yes"),
        ((ONE, "--report"), "leave the posts out"),
    ],
)
def test_wrong_use_is_told_and_erases_nothing(
    kle: Kle, archive: Path, arguments: tuple[str, ...], reason: str
) -> None:
    found = kle("forget", *arguments)
    assert found.exit_code == 2 and reason in " ".join(found.stderr.split())
    assert "" not in texts(archive)


def test_each_place_where_a_copy_lies_is_named(kle: Kle, archive: Path, tmp_path: Path) -> None:
    for name in ("one", "two"):
        assert kle("export", "", "--format", "jsonl", "--out", name).exit_code == 0
    assert (tmp_path / "one" / "manifest.json").read_bytes() == (tmp_path / "two" / "manifest.json").read_bytes()
    told = " ".join(kle("forget", ONE, TWO, *REASON, "--yes").stdout.split())
    assert told.count(f"release {tmp_path / 'one'},") == told.count(f"release {tmp_path / 'two'},") == 1


def test_forgotten_twice_is_told(kle: Kle, archive: Path) -> None:
    said(kle, "forget", ONE, *REASON, "--yes")
    again = kle("forget", ONE, *REASON, "--yes")
    assert again.exit_code == 0 and "forgotten before" in again.stdout


def test_an_import_does_not_bring_it_back(kle: Kle, archive: Path, tmp_path: Path) -> None:
    said(kle, "forget", ONE, *REASON, "--yes")
    write_lines(tmp_path / "more.jsonl", [posted(1), posted(4)])
    assert said(kle, "import", "more.jsonl")["posts_new"] == 1
    assert texts(archive) == ["", "Unmistakable2 talks", "Unmistakable3 talks", "Unmistakable4 talks"]


def look(kle: Kle, folder: Path, lines: list[dict[str, Any]]) -> None:
    """What a source of ours shows: an import's word alone erases nothing."""
    write_lines(folder / "seen.jsonl", lines)
    source = '[[source]]\nname = "seen"\nkind = "file"\npath = "seen.jsonl"\nevery = "1d"\n'
    (folder / "kle.toml").write_text(source, "utf-8")
    found = kle("collect", "seen")
    assert found.exit_code == 0, found.stderr


def test_the_report_tells_how_long_a_deletion_waited(kle: Kle, archive: Path, tmp_path: Path) -> None:
    look(kle, tmp_path, [deleted(5)])
    waiting = said(kle, "forget", "--report")
    assert waiting["items"] == [] and waiting["waiting"]["posts"] == 1
    assert "1 deleted posts wait" in kle("forget", "--report").stdout
    found = said(kle, "retention", "--apply")
    assert (found["terms"]["posts"], found["erased"], found["purged"]) == (1, 1, True)
    (item,) = said(kle, "forget", "--report")["items"]
    assert item["cause"] == "deleted" and 0 <= item["seconds"] < 60
    assert item["erased_at"] >= item["at"] >= item["deleted_at"]
    assert item["id"] in kle("forget", "--report").stdout.replace("\n", "")


def test_retention_looks_first_and_erases_when_told(kle: Kle, office: Path) -> None:
    config = office / "kle.toml"
    config.write_text(config.read_text("utf-8") + 'keep = "1s"\n', "utf-8")
    assert kle("collect").exit_code == 0
    wait_until(lambda: said(kle, "retention")["sources"][0]["posts"] == 2, "two posts past their time")
    found = said(kle, "retention")
    assert found["sources"][0]["source"] == "office" and found["sources"][0]["from"] is None
    assert "office (keep 1s): 2 posts" in kle("retention").stdout
    assert "" not in texts(office / "data" / "kle.sqlite")
    assert said(kle, "retention", "--apply")["erased"] == 2
    assert texts(office / "data" / "kle.sqlite") == ["", ""]
    assert said(kle, "verify")["versions"] == 2


def test_a_wrong_keep_stops_the_start(kle: Kle, office: Path) -> None:
    config = office / "kle.toml"
    config.write_text(config.read_text("utf-8") + "keep = 365\n", "utf-8")
    found = kle("collect")
    assert found.exit_code == 2 and "time span in quotes" in " ".join(found.stderr.split())


# -- the worker ---------------------------------------------------------------------------------------------


def test_the_worker_erases_and_purges_what_was_deleted_there(kle: Kle, archive: Path, tmp_path: Path) -> None:
    look(kle, tmp_path, [deleted(5)])
    with runtime.archive() as (knobs, database):
        worker = Worker(knobs, database, collecting=False, forgetting=True)
        worker.start()
        wait_for(database, "SELECT count(*) = 1 FROM erasure WHERE cause = 'deleted' AND purged_at IS NOT NULL")
        worker.stop()
    assert texts(archive) == ["", "Unmistakable1 talks", "Unmistakable2 talks", "Unmistakable3 talks"]


def test_a_new_keep_is_announced_and_erases_a_day_later(
    kle: Kle, office: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = office / "kle.toml"
    config.write_text(config.read_text("utf-8") + 'keep = "10d"\n', "utf-8")
    assert kle("collect").exit_code == 0
    now = times.now()
    with runtime.archive(settings.load(), sync=True) as (_, database):

        def day(number: float) -> list[str]:
            monkeypatch.setattr(forgetting.times, "now", lambda: now + timedelta(days=number))
            forgetting.announce(database)
            forgetting.retain_daily(database)
            return texts(office / "data" / "kle.sqlite")

        assert "" not in day(11)
        assert "" not in day(11.9), "announced less than a day ago"
        assert day(12.1) == ["", ""]


def erase_killed(kle: Kle, folder: Path, archive: Path, count: int, kills: int) -> None:
    """The worker is killed while it erases and purges; each start goes on."""
    lines = [
        posted(n) | {"platform": "mastodon", "deleted_at": "2025-08-20T00:00:00Z"} for n in range(10, 10 + count)
    ]
    look(kle, folder, lines)

    def rows(statement: str) -> int:
        with sqlite3.connect(f"file:{archive}?mode=ro", uri=True) as read:
            return int(read.execute(statement).fetchone()[0])

    erased = "SELECT count(*) FROM erasure"
    for _ in range(kills):
        before = rows(erased)
        with started(folder, "up", "--role", "worker", KLE_MODEL="none") as program:
            program.line("kle-monitor works as worker")
            wait_until(lambda before=before: rows(erased) > before or rows(erased) == count, "an erasure")
            program.send(signal.SIGKILL)
    with started(folder, "up", "--role", "worker", KLE_MODEL="none"):
        wait_until(lambda: rows(f"{erased} WHERE purged_at IS NOT NULL") == count, "the last trace")
    assert rows("SELECT count(DISTINCT post_id) FROM erasure") == count
    assert rows("SELECT count(*) FROM version WHERE text LIKE '%Unmistakable%'") == 3
    data = b"".join(p.read_bytes() for p in archive.parent.glob("kle.sqlite*"))
    assert [n for n in range(10, 10 + count) if f"nmistakable{n} ".encode() in data] == []


def test_killed_while_erasing(kle: Kle, archive: Path, tmp_path: Path) -> None:
    erase_killed(kle, tmp_path, archive, count=120, kills=2)


@pytest.mark.torture
def test_killed_often_while_erasing(kle: Kle, archive: Path, tmp_path: Path) -> None:
    erase_killed(kle, tmp_path, archive, count=4000, kills=30)


def test_messages_of_long_ago_are_cut_to_ids(archive: Path) -> None:
    with runtime.archive() as (_, database):
        room = Room(database, times.now() - alert_retention.KEPT - timedelta(days=1))
        letters = Letters(room)
        old = letters.tell(ONE)
        letters.ended(old)
        room.now = times.now() - timedelta(days=1)
        new = letters.tell(TWO)
        letters.ended(new)
        assert forgetting.cut_messages(database, lambda: False) == 0, "stopped"
        assert forgetting.cut_messages(database) == 1 and forgetting.cut_messages(database) == 0
        assert [*letters.posts(old)[0]] == ["id", "page"] and letters.posts(new)[0]["text"]
