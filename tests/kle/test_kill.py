"""Killed at any moment and started again: nothing lost, nothing twice. A few kills here, many in `make torture`."""

import json
import signal
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from tests.collector.platforms.api import open_at
from tests.kle.conftest import Kle
from tests.kle.office import FileOffice, TownOffice, interrupted_like_uninterrupted
from tests.kle.program import started, wait_until
from tests.kle.test_import import record, write_lines
from tests.kle.town import Town


@pytest.fixture
def files(tmp_path: Path) -> tuple[FileOffice, FileOffice]:
    return FileOffice(tmp_path / "killed"), FileOffice(tmp_path / "whole")


@pytest.fixture
def servers(tmp_path: Path) -> Iterator[tuple[TownOffice, TownOffice]]:
    with open_at(Town()) as town:
        yield TownOffice(tmp_path / "killed", town, slowness=0.03), TownOffice(tmp_path / "whole", town, slowness=0)


def test_killed_while_collecting(
    kle: Kle, files: tuple[FileOffice, FileOffice], monkeypatch: pytest.MonkeyPatch
) -> None:
    interrupted_like_uninterrupted(kle, *files, monkeypatch, least=3)


def test_killed_while_asking_servers(
    kle: Kle, servers: tuple[TownOffice, TownOffice], monkeypatch: pytest.MonkeyPatch
) -> None:
    interrupted_like_uninterrupted(kle, *servers, monkeypatch, least=4)
    changes = {change for (change,) in servers[0].rows("SELECT DISTINCT change FROM version")}
    assert {"first", "edit", "fuller", "delete"} <= changes


@pytest.mark.torture
def test_killed_a_hundred_times_while_collecting(
    kle: Kle, files: tuple[FileOffice, FileOffice], monkeypatch: pytest.MonkeyPatch
) -> None:
    interrupted_like_uninterrupted(kle, *files, monkeypatch, least=100)


@pytest.mark.torture
def test_killed_a_hundred_times_while_asking_servers(
    kle: Kle, servers: tuple[TownOffice, TownOffice], monkeypatch: pytest.MonkeyPatch
) -> None:
    interrupted_like_uninterrupted(kle, *servers, monkeypatch, least=100)


def tagged_after_kills(kle: Kle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kills: int) -> None:
    office = FileOffice(tmp_path / "office")
    write_lines(office.folder / "some.jsonl", [record(n) for n in range(200 * kills)])
    monkeypatch.chdir(office.folder)
    imported = kle("import", "some.jsonl")
    assert imported.exit_code == 0, imported.output
    tagged = partial(office.count, "version WHERE tag_priority IS NULL")
    for _ in range(kills):
        before = tagged()
        with started(office.folder, "up", "--role", "worker", KLE_MODEL="") as program:
            program.line("kle-monitor works as worker")
            wait_until(lambda before=before: tagged() > before, "a tag")
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
