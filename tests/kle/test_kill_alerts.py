"""Killed between any two steps and started again: each subscriber has each post exactly once, by its key."""

import json
import shutil
import signal
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

import pytest

from alerts import saving
from alerts.desk import Desk
from core import settings
from core.alert import AlertForm
from core.times import now
from db.database import Database
from tests.alerts.channels.receiver import Receiver, receiving
from tests.db.conftest import Room, post
from tests.kle.program import environment

POSTS = 6
ALERTS = {"reform": ("one", "two"), "talks": ("one",), "": ("three",)}  # query -> whom it tells


@pytest.fixture
def archive(tmp_path: Path):
    """An archive with alerts and posts that nobody was told of yet, and a receiver for them."""
    with receiving() as receiver:
        folder = tmp_path / "archive" / "data"
        folder.mkdir(parents=True)
        room = Room(Database(f"sqlite:///{folder / 'kle.sqlite'}"), now=now())
        room.database.migrate()
        desk = Desk.of(settings.load().model_copy(update={"data_dir": folder}))
        for query, names in ALERTS.items():
            channels = [{"kind": "webhook", "url": f"http://127.0.0.1:{receiver.server_port}/{n}"} for n in names]
            form = {"name": query or "all", "query": query, "channels": channels}
            with room.database.write() as session:
                saving.make(session, AlertForm.model_validate(form), desk, "ana", room.now)
        for number in range(POSTS):
            said = "Talks on reform" if number % 2 else "A reform"
            room.archive(post(number, f"{said}, part {number}", created_at=room.now))
        room.database.close()
        yield folder.parent, receiver


def told(folder: Path, step: int = 0) -> subprocess.CompletedProcess[str]:
    arguments = [sys.executable, "-m", "tests.kle.dying", *([str(step)] if step else [])]
    root = Path(__file__).parents[2]
    knobs = environment(KLE_ALLOW_PRIVATE_NETWORKS="127.0.0.0/8", PYTHONPATH=str(root))
    return subprocess.run(
        arguments, cwd=folder, env=knobs, capture_output=True, text=True, timeout=120, check=False
    )


def each_once(receiver: Receiver) -> None:
    """What came with one key is one message, byte for byte."""
    messages: dict[str, dict[str, bytes]] = defaultdict(dict)
    for path, headers, body in zip(receiver.paths, receiver.headers_seen, receiver.bodies, strict=True):
        assert messages[path].setdefault(headers["webhook-id"], body) == body
    posts = {
        path: sorted(p["id"] for body in found.values() for p in json.loads(body)["data"]["posts"])
        for path, found in messages.items()
    }
    every = sorted(f"mastodon:m.example/{number}" for number in range(POSTS))
    assert posts == {"/one": every, "/two": every, "/three": every}


def killed_at(folder: Path, receiver: Receiver, steps: range) -> int:
    """Each time on a fresh copy of the archive: killed at that step, then again at the same one, then let go on.
    How often it died: which lane ends first changes how many steps there are, so the last ones may not come."""
    kills = 0
    for step in steps:
        shutil.rmtree(folder / "data", ignore_errors=True)
        shutil.copytree(folder / "fresh", folder / "data")
        for seen in (receiver.bodies, receiver.headers_seen, receiver.paths):
            seen.clear()
        ends = [told(folder, step).returncode for _ in range(2)]
        assert set(ends) <= {-signal.SIGKILL, 0}
        kills += ends.count(-signal.SIGKILL)
        ended = told(folder)
        assert ended.returncode == 0, ended.stderr
        each_once(receiver)
    return kills


def whole(folder: Path, receiver: Receiver) -> int:
    """How many steps an undisturbed one takes."""
    shutil.copytree(folder / "data", folder / "fresh")
    ended = told(folder)
    assert ended.returncode == 0, ended.stderr
    each_once(receiver)
    return int(ended.stdout)


def test_killed_between_steps_of_telling(archive):
    folder, receiver = archive
    steps = whole(folder, receiver)
    assert killed_at(folder, receiver, range(2, steps, max(1, steps // 2)))


@pytest.mark.torture
def test_killed_between_any_two_steps_of_telling(archive):
    folder, receiver = archive
    steps, kills = range(1, whole(folder, receiver) + 1), 0
    while kills < 100:
        kills += killed_at(folder, receiver, steps)
