"""Killed while it brings an older archive to this version's schema: the next start does it, and nothing is lost."""

import random
import shutil
import signal
import sqlite3
import time
from contextlib import closing
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config

from core import times
from db import ledger
from db.database import MIGRATIONS, Database, head
from tests.kle.conftest import Kle
from tests.kle.program import started
from tests.kle.test_import import record, report, write_lines

OLD = "0004"  # before captures were sealed
POSTS = 3000


def at_revision(file: Path, revision: str) -> None:
    """An empty archive of an earlier version."""
    database = Database(f"sqlite:///{file}")
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    with database._writer.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
    database.close()


def older(new: Path, old: Path) -> None:
    """The archive `new` as version `OLD` would have written it."""
    at_revision(old, OLD)
    with closing(sqlite3.connect(old)) as there:
        there.execute("ATTACH ? AS new", [str(new)])
        names = "SELECT name FROM {}sqlite_schema WHERE type = 'table' AND name NOT LIKE '%post_text%'"
        for (table,) in there.execute(names.format("")).fetchall():
            if table in ("alembic_version", "ledger", "meta", "sqlite_sequence", "term"):
                continue
            columns = {row[1] for row in there.execute(f"PRAGMA new.table_info({table})")}
            shared = [r[1] for r in there.execute(f"PRAGMA main.table_info({table})") if r[1] in columns]
            listed = ", ".join(f'"{name}"' for name in shared)
            there.execute(f'INSERT INTO "{table}" ({listed}) SELECT {listed} FROM new."{table}"')
        there.execute("UPDATE meta SET value = '0' WHERE name = 'fold_version'")  # the index is to be built
        _chain(there)
        there.commit()


def _chain(there: sqlite3.Connection) -> None:
    previous = ledger.START
    wanted = "SELECT at, kind, subject, row_digest FROM new.ledger WHERE kind <> 'capture' ORDER BY seq"
    for seq, (at, kind, subject, row_digest) in enumerate(there.execute(wanted).fetchall(), 1):
        line = {"seq": seq, "kind": kind, "subject": subject, "row_digest": row_digest, "previous": previous}
        digest = ledger.line_digest({**line, "at": times.parse(at)})
        there.execute("INSERT INTO ledger VALUES (?, ?, ?, ?, ?, ?, ?)",
                      [seq, at, kind, subject, row_digest, previous, digest])  # fmt: skip
        previous = digest


def killed_while_migrating(kle: Kle, folder: Path, kills: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    assert report(kle, write_lines(folder / "posts.jsonl", [record(n) for n in range(POSTS)]))
    archive, old = folder / "data" / "kle.sqlite", folder / "old.sqlite"
    older(archive, old)
    dice, cut = random.Random(kills), 0
    while cut < kills:
        for rest in archive.parent.glob("kle.sqlite*"):
            rest.unlink()
        shutil.copy(old, archive)
        before = revision(archive)
        with started(folder, "db", "upgrade") as program:
            time.sleep(dice.uniform(0.3, 3.0))
            program.send(signal.SIGKILL)
        cut += revision(archive) == before or not Path(f"{archive}.before-{head()}").exists()
        said = kle("verify", "--json")
        assert said.exit_code == 0 and f'"versions":{POSTS}' in said.stdout.replace(" ", ""), said.output
        assert revision(archive) == head()
        assert count(Path(f"{archive}.before-{head()}"), "version") == POSTS


def revision(file: Path) -> str:
    with closing(sqlite3.connect(file)) as there:
        return str(there.execute("SELECT version_num FROM alembic_version").fetchone()[0])


def count(file: Path, table: str) -> int:
    with closing(sqlite3.connect(file)) as there:
        return int(there.execute(f"SELECT count(*) FROM {table}").fetchone()[0])


def test_killed_while_migrating(kle: Kle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    killed_while_migrating(kle, tmp_path, 1, monkeypatch)


@pytest.mark.torture
def test_killed_twenty_times_while_migrating(kle: Kle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    killed_while_migrating(kle, tmp_path, 20, monkeypatch)
