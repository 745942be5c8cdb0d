"""An office that collects, killed at any moment and started again beside one that nobody disturbs."""

import json
import random
import signal
import sqlite3
import time
from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from core import times
from tests.kle.conftest import Kle
from tests.kle.program import started
from tests.kle.test_import import record, write_lines
from tests.kle.town import Town

PLATFORMS = ("mastodon", "bluesky")
POSTS = 800  # per source and round: about half a second of archiving
ROW = "SELECT p.platform || ':' || p.platform_id, "
WHAT_IS_SAID = {
    "posts": ROW + "p.url, p.kind, p.lang, p.created_at, p.precision, p.versions, p.deleted_at IS NULL, p.likes"
    " FROM post p",
    "versions": ROW + "v.number, v.change, v.text, v.links, v.media, v.facts FROM version v"
    " JOIN post p ON p.id = v.post_id",
    "sightings": ROW + "s.name, i.url, i.first_hand FROM sighting i JOIN post p ON p.id = i.post_id"
    " JOIN source s ON s.id = i.source_id",
    "follows": "SELECT url, done_at IS NULL, error FROM follow",
    "unreadable": "SELECT DISTINCT error, item FROM quarantine",
}
GOOD = "('ok', 'not_modified')"


class Office(ABC):
    """A folder with sources that grow and change from round to round."""

    def __init__(self, folder: Path, names: Sequence[str], config: str) -> None:
        self.folder = folder
        self.names = names
        folder.mkdir()
        (folder / "kle.toml").write_text(config, "utf-8")

    @abstractmethod
    def publish(self, number: int) -> None:
        """What the sources show from now on is that of round `number`."""

    def rows(self, statement: str, *bound: object) -> list[Any]:
        with sqlite3.connect(f"file:{self.folder}/data/kle.sqlite?mode=ro", uri=True) as archive:
            return archive.execute(statement, bound).fetchall()

    def count(self, what: str, *bound: object) -> int:
        return int(self.rows(f"SELECT count(*) FROM {what}", *bound)[0][0])

    def is_collected_since(self, moment: str) -> bool:
        good = f"SELECT count(DISTINCT source_id) FROM run WHERE outcome IN {GOOD} AND started_at > ?"
        through = self.rows(good, moment)[0][0] == len(self.names)
        return through and not self.count("follow WHERE done_at IS NULL")

    def says(self) -> dict[str, list[Any]]:
        return {name: sorted(map(repr, self.rows(statement))) for name, statement in WHAT_IS_SAID.items()}


class FileOffice(Office):
    """Files: new posts, and every third older one edited."""

    def __init__(self, folder: Path) -> None:
        source = '[[source]]\nname = "{0}"\nkind = "file"\npath = "{0}.jsonl"\nevery = "1s"\n'
        super().__init__(folder, PLATFORMS, "".join(source.format(p) for p in PLATFORMS))

    def publish(self, number: int) -> None:
        number %= 5
        for platform in PLATFORMS:
            records = [self._record(platform, n, number) for n in range(POSTS * (number + 1))]
            write_lines(self.folder / f"{platform}.jsonl", records)

    def _record(self, platform: str, n: int, number: int) -> dict[str, Any]:
        edited = f" (as of round {number})" if n % 3 == 0 else ""
        text = f"Advisors met for talk {n} on reform{edited}."
        return record(n, platform=platform, account={"handle": f"@a@{platform}.example"}, text=text)


class TownOffice(Office):
    """Servers of the town: new posts by pages, corrections, deletions, pages to follow."""

    def __init__(self, folder: Path, town: Town, slowness: float) -> None:
        super().__init__(folder, tuple(town.options), town.config)
        self._town, self._slowness = town, slowness

    def publish(self, number: int) -> None:
        self._town.round, self._town.slowness = number, self._slowness


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


def interrupted_like_uninterrupted(
    kle: Kle, killed: Office, whole: Office, monkeypatch: pytest.MonkeyPatch, least: int
) -> None:
    """Round after round the same, twice at least, until so many were killed, and some in the middle of a run."""
    dice = random.Random(least)
    kills = number = 0
    while kills < least or number < 2 or not killed.count("run WHERE error LIKE 'interrupted%'"):
        whole.publish(number)
        monkeypatch.chdir(whole.folder)
        assert kle("collect").exit_code == 0
        killed.publish(number)
        kills += kill_until_collected(killed, dice)
        number += 1
        assert killed.says() == whole.says()
    monkeypatch.chdir(killed.folder)
    assert kle("collect").exit_code == 0
    assert killed.says() == whole.says()
    assert_sound(kle, killed)


def assert_sound(kle: Kle, office: Office) -> None:
    """The archive verifies, each post stands in the index once, and every run ended, the killed ones as failed."""
    assert json.loads(kle("verify", "--json").stdout)["ok"] is True
    index = office.rows("SELECT count(*), count(DISTINCT post_id) FROM index_entry")[0]
    assert index == (len(office.says()["posts"]),) * 2
    ends = f"run WHERE outcome IN {GOOD} OR outcome = 'failed' AND error LIKE 'interrupted%'"
    assert office.count(ends) == office.count("run")
    assert office.count("source WHERE claimed_by IS NOT NULL") == 0
