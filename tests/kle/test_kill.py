"""Killed at any moment and started again: nothing lost, nothing twice. A few kills here, many in `make torture`."""

import json
import random
import signal
import sqlite3
import time
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from core import times
from tests.kle.conftest import Kle
from tests.kle.program import started, wait_until
from tests.kle.test_import import record, write_lines

PLATFORMS = ("mastodon", "bluesky")
POSTS = 800  # per source and round: about half a second of archiving
ROW = "SELECT p.platform || ':' || p.platform_id, "
WHAT_IS_SAID = {
    "posts": ROW + "p.url, p.kind, p.lang, p.created_at, p.precision, p.versions FROM post p",
    "versions": ROW + "v.number, v.change, v.text, v.links FROM version v JOIN post p ON p.id = v.post_id",
    "sightings": ROW + "s.name, i.url, i.first_hand FROM sighting i JOIN post p ON p.id = i.post_id"
    " JOIN source s ON s.id = i.source_id",
}


class Office:
    """A folder with sources whose files grow and change from round to round."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()
        source = '[[source]]\nname = "{0}"\nkind = "file"\npath = "{0}.jsonl"\nevery = "1s"\n'
        (folder / "kle.toml").write_text("".join(source.format(p) for p in PLATFORMS), "utf-8")

    def publish(self, number: int) -> None:
        """Round `number`: new posts, and every third older one edited."""
        for platform in PLATFORMS:
            records = [self._record(platform, n, number) for n in range(POSTS * (number + 1))]
            write_lines(self.folder / f"{platform}.jsonl", records)

    def _record(self, platform: str, n: int, number: int) -> dict[str, Any]:
        edited = f" (as of round {number})" if n % 3 == 0 else ""
        text = f"Advisors met for talk {n} on reform{edited}."
        return record(n, platform=platform, account={"handle": f"@a@{platform}.example"}, text=text)

    def rows(self, statement: str, *bound: object) -> list[Any]:
        with sqlite3.connect(f"file:{self.folder}/data/kle.sqlite?mode=ro", uri=True) as archive:
            return archive.execute(statement, bound).fetchall()

    def more_than(self, before: int, statement: str) -> bool:
        return bool(self.rows(statement)[0][0] > before)

    def is_collected_since(self, moment: str) -> bool:
        good = (
            "SELECT count(DISTINCT source_id) FROM run WHERE outcome IN ('ok', 'not_modified') AND started_at > ?"
        )
        return self.rows(good, moment)[0][0] == len(PLATFORMS)

    def says(self) -> dict[str, list[Any]]:
        return {name: sorted(map(repr, self.rows(statement))) for name, statement in WHAT_IS_SAID.items()}


def kill_until_collected(office: Office, dice: random.Random) -> int:
    """Start, kill at any moment, start again, until a start got through; how many were killed."""
    began = times.now().replace(tzinfo=None).isoformat(sep=" ")
    kills = 0
    while True:
        with started(office.folder, "up", "--role", "collector", KLE_MODEL="none") as program:
            program.line("kle-monitor works as collector")
            patience = dice.uniform(0, 1.2) + kills * 0.1
            until = time.monotonic() + patience
            while time.monotonic() < until and not office.is_collected_since(began):
                time.sleep(0.01)
            program.send(signal.SIGKILL)
        kills += 1
        if office.is_collected_since(began):
            return kills


def interrupted_like_uninterrupted(kle: Kle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, least: int) -> None:
    killed, whole = Office(tmp_path / "killed"), Office(tmp_path / "whole")
    dice = random.Random(least)
    kills = number = 0
    while kills < least:
        for office in (killed, whole):
            office.publish(number % 5)
        monkeypatch.chdir(whole.folder)
        assert kle("collect").exit_code == 0
        kills += kill_until_collected(killed, dice)
        number += 1
        assert killed.says() == whole.says()
    monkeypatch.chdir(killed.folder)
    assert json.loads(kle("verify", "--json").stdout)["ok"] is True
    index = killed.rows("SELECT count(*), count(DISTINCT post_id) FROM index_entry")[0]
    assert index == (len(killed.says()["posts"]),) * 2


def test_killed_while_collecting(kle: Kle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    interrupted_like_uninterrupted(kle, tmp_path, monkeypatch, least=3)


@pytest.mark.torture
def test_killed_a_hundred_times_while_collecting(kle: Kle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    interrupted_like_uninterrupted(kle, tmp_path, monkeypatch, least=100)


def tagged_after_kills(kle: Kle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kills: int) -> None:
    office = Office(tmp_path / "office")
    write_lines(office.folder / "some.jsonl", [record(n) for n in range(200 * kills)])
    monkeypatch.chdir(office.folder)
    imported = kle("import", "some.jsonl")
    assert imported.exit_code == 0, imported.output
    done = "SELECT count(*) FROM version WHERE tag_priority IS NULL"
    for _ in range(kills):
        before = office.rows(done)[0][0]
        with started(office.folder, "up", "--role", "worker", KLE_MODEL="") as program:
            program.line("kle-monitor works as worker")
            wait_until(partial(office.more_than, before, done), "a tag")
            program.send(signal.SIGKILL)
    monkeypatch.setenv("KLE_MODEL", "")
    assert kle("classify").exit_code == 0
    per_version = "SELECT version_id, topic_id, count(*) FROM tag GROUP BY 1, 2 HAVING count(*) > 1"
    assert office.rows(per_version) == []
    assert office.rows("SELECT count(DISTINCT version_id) FROM tag")[0][0] == 200 * kills
    assert json.loads(kle("verify", "--json").stdout)["ok"] is True


def test_killed_while_tagging(kle: Kle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tagged_after_kills(kle, tmp_path, monkeypatch, kills=1)


@pytest.mark.torture
def test_killed_ten_times_while_tagging(kle: Kle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tagged_after_kills(kle, tmp_path, monkeypatch, kills=10)
