"""kle backup, restore, merge: what the terminal answers, and what is left when they are killed."""

import json
import shutil
import signal
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from core import settings
from db.moving.merging import merge as moving
from tests.kle.conftest import Kle
from tests.kle.program import started, wait_until
from tests.kle.test_import import record, write_lines


def out(kle: Kle, *arguments: object) -> dict[str, Any]:
    found = kle(*arguments, "--json")
    assert found.exit_code == 0, found.output
    said: dict[str, Any] = json.loads(found.stdout)
    return said


@pytest.fixture
def saved(kle: Kle, office: Path) -> Path:
    kle("collect")
    assert kle("backup", "saved.kle").exit_code == 0
    return office / "saved.kle"


def test_backup_tells_what_it_compared_and_leaves_a_line(kle: Kle, office: Path) -> None:
    kle("collect")
    said = out(kle, "backup", "saved.kle")
    assert said["tables"]["post"]["rows"] == 2 and len(said["tables"]["post"]["digest"]) == 64
    assert said["heads"]["ledger"]["lines"] == said["tables"]["ledger"]["rows"] > 0 and said["chained"] == 0
    with closing(sqlite3.connect(office / "data" / "kle.sqlite")) as archive:
        kinds = [kind for (kind,) in archive.execute("SELECT kind FROM audit")]
    assert kinds[-1] == "backup"
    again = kle("backup", "saved.kle")
    assert again.exit_code == 2 and "--force" in again.stderr
    shown = kle("backup", "saved.kle", "--force").stdout
    assert "2 posts" in shown and "The ledger chain ends with line" in shown


def test_backup_is_read_as_an_archive(kle: Kle, saved: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KLE_DATABASE_URL", f"sqlite:///{saved}")
    assert out(kle, "search", "reform")["total"] == 1
    assert out(kle, "verify")["ok"] is True


def test_restored_on_another_machine(
    kle: Kle, saved: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KLE_DATA_DIR", str(tmp_path / "elsewhere"))
    said = out(kle, "restore", saved)
    assert said["verified"]["ok"] and said["aside"] is None
    assert out(kle, "search", "")["total"] == 2
    refused = kle("restore", saved)
    assert refused.exit_code == 2 and "2 posts" in refused.stderr and "--force" in refused.stderr
    shown = kle("restore", saved, "--force", "--no-verify")
    assert "What stood there before is" in shown.stdout and "kle verify" in shown.stderr
    assert len(list((tmp_path / "elsewhere").glob("*.before-restore-*"))) == 1


def test_restore_says_what_is_wrong_with_a_file(kle: Kle, office: Path) -> None:
    assert "is not there" in kle("restore", "missing.kle").stderr
    (office / "text.kle").write_text("no database, and long enough to be taken for one " * 20)
    found = kle("restore", "text.kle")
    assert found.exit_code == 2 and "cannot be read as an archive" in found.stderr
    assert len(found.stderr.splitlines()) == 1


def test_merge_tells_what_was_added(kle: Kle, saved: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KLE_DATA_DIR", str(tmp_path / "elsewhere"))
    tried = out(kle, "merge", saved, "--dry-run")
    assert (tried["added"], tried["dry_run"]) == (2, True)
    assert out(kle, "search", "")["total"] == 0
    assert "2 added" in kle("merge", saved).stdout
    again = out(kle, "merge", saved)
    assert {name: again[name] for name in moving.COUNTED if again[name]} == {"joined": 2}
    assert out(kle, "verify")["ok"] is True
    itself = kle("merge", tmp_path / "elsewhere" / "kle.sqlite")
    assert itself.exit_code == 2 and "itself" in itself.stderr


def imported(kle: Kle, folder: Path, count: int) -> None:
    write_lines(folder / "posts.jsonl", [record(n) for n in range(count)])
    assert kle("import", "posts.jsonl").exit_code == 0


def killed(folder: Path, *arguments: str, sign: Path, **environment: str) -> None:
    with started(folder, *arguments, **environment) as program:
        wait_until(sign.exists, "the work")
        program.send(signal.SIGKILL)


def test_killed_backup_leaves_no_file_and_can_be_called_again(kle: Kle, tmp_path: Path) -> None:
    imported(kle, tmp_path, 3000)
    killed(tmp_path, "backup", "saved.kle", sign=tmp_path / ".saved.kle.unfinished" / "copy.sqlite")
    assert not (tmp_path / "saved.kle").exists()
    assert out(kle, "backup", "saved.kle")["tables"]["post"]["rows"] == 3000
    assert not list(tmp_path.glob(".saved.kle*"))


def test_killed_restore_leaves_nothing_and_can_be_begun_again(
    kle: Kle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    imported(kle, tmp_path, 3000)
    out(kle, "backup", "saved.kle")
    there = tmp_path / "elsewhere"
    monkeypatch.setenv("KLE_DATA_DIR", str(there))
    killed(tmp_path, "restore", "saved.kle", sign=there / ".kle.sqlite.unfinished" / "restored.sqlite",
           KLE_DATA_DIR=str(there))  # fmt: skip
    assert not (there / "kle.sqlite").exists()
    assert out(kle, "restore", "saved.kle")["verified"]["ok"]
    assert out(kle, "search", "", "--limit", "1")["total"] == 3000


def test_killed_merge_goes_on_when_it_is_called_again(
    kle: Kle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    imported(kle, tmp_path, 3000)
    out(kle, "backup", "saved.kle")
    there = tmp_path / "elsewhere"
    monkeypatch.setenv("KLE_DATA_DIR", str(there))
    assert out(kle, "search", "")["total"] == 0

    def posts() -> int:
        with closing(sqlite3.connect(there / "kle.sqlite", timeout=30)) as archive:
            return int(archive.execute("SELECT count(*) FROM post").fetchone()[0])

    with started(tmp_path, "merge", "saved.kle", KLE_DATA_DIR=str(there)) as program:
        wait_until(lambda: posts() > 0, "a post")
        program.send(signal.SIGKILL)
    assert out(kle, "verify")["ok"]
    before = posts()
    assert out(kle, "merge", "saved.kle")["added"] == 3000 - before
    assert posts() == 3000 and out(kle, "verify")["ok"]


@pytest.fixture
def subscribed(kle: Kle, office: Path) -> Path:
    """A backup of an archive that tells somebody of something; its key's file."""
    kle("collect")
    made = kle("alerts", "add", "reform", "--webhook", "https://a.example/")
    assert made.exit_code == 0, made.output
    found = kle("backup", "saved.kle")
    assert found.exit_code == 0 and "secret.key, which is not in it" in found.stderr
    return settings.load().data_dir.absolute() / "secret.key"


def test_backup_and_restore_tell_of_the_key_that_alerts_need(
    kle: Kle, office: Path, subscribed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert out(kle, "backup", "saved.kle", "--force")["needs_key"] is True
    elsewhere = tmp_path / "elsewhere"
    monkeypatch.setenv("KLE_DATA_DIR", str(elsewhere))
    found = kle("restore", office / "saved.kle")
    assert found.exit_code == 0 and "tell nobody until" in found.stderr
    assert not (elsewhere / "secret.key").exists(), "a key of its own would open nothing"
    (elsewhere / "secret.key").write_text("another key, as long as one has to be")
    assert out(kle, "restore", office / "saved.kle", "--force")["lacks_key"] is True
    shutil.copy(subscribed, elsewhere / "secret.key")
    assert out(kle, "restore", office / "saved.kle", "--force")["lacks_key"] is False


def test_nothing_is_said_of_a_key_that_nobody_needs(kle: Kle, saved: Path) -> None:
    assert out(kle, "backup", "saved.kle", "--force")["needs_key"] is False
    assert "secret.key" not in kle("backup", "saved.kle", "--force").output
