"""How far the memory of a process grows while alerts come to stand in it; run in a process of its own."""

import sys
import tempfile
from contextlib import closing
from pathlib import Path

from benchmarks import memory
from benchmarks.alerting.matching import NOW, desk, make_alerts
from benchmarks.searching import building
from db.database import Database


def _make(folder: Path, alerts: int, seed: int) -> None:
    with closing(Database(f"sqlite:///{folder / 'archive.sqlite'}")) as database:
        database.migrate()
        building.Archive(database, lambda: NOW)
        make_alerts(database, desk(folder), seed, alerts, lambda n: f"https://hooks.example/{n}", NOW)


def _stand(folder: Path) -> int:
    from alerts.standing import Book

    with closing(Database(f"sqlite:///{folder / 'archive.sqlite'}")) as database, database.read() as session:
        before, book = memory.peak(), Book()
        book.read(session)
        return memory.peak() - before


def growth(alerts: int, seed: int) -> int:
    """Bytes that the peak grew by until so many stood."""
    with tempfile.TemporaryDirectory(prefix="kle-bench-") as name:
        _make(Path(name), alerts, seed)
        return memory.in_own_process("benchmarks.alerting.growing", name)


if __name__ == "__main__":
    sys.stdout.write(str(_stand(Path(sys.argv[1]))))
