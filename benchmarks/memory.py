"""How far the memory of a process grows while it takes in one large file of posts, as `kle import` does.

Measured in a process of its own, which is asked for its peak before and after.
"""

import resource
import subprocess
import sys
import tempfile
from contextlib import closing
from pathlib import Path

from benchmarks.drafts import drafts
from benchmarks.payloads.formats import post_form as maker
from core.errors import KleError
from core.settings import Settings

_STATUS = Path("/proc/self/status")
_ROOT = Path(__file__).parents[1]  # the package is not installed


def growth(posts: int) -> int:
    """Bytes that the peak grew by over a file of `posts` posts."""
    with tempfile.TemporaryDirectory(prefix="kle-bench-") as name:
        saved = Path(name) / "posts.jsonl"
        with saved.open("wb") as out:
            for page in drafts(posts, maker.MOST):
                out.writelines(map(maker.line, page))
        return in_own_process("benchmarks.memory", str(saved), str(posts))


def in_own_process(module: str, *arguments: str) -> int:
    """What `python -m module` writes: how many bytes its peak grew by."""
    command = [sys.executable, "-m", module, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=_ROOT)  # noqa: S603
    if done.returncode:
        raise KleError(f"the run that measures memory failed: {done.stderr.strip()[-500:]}")
    return int(done.stdout)


def peak() -> int:
    """Bytes. On Linux getrusage() begins with the peak of the parent; the process's own status does not."""
    if _STATUS.exists():
        told = next(line for line in _STATUS.read_text("ascii").splitlines() if line.startswith("VmHWM:"))
        return int(told.split()[1]) * 1024
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most * 1024


def _take(saved: Path, posts: int) -> int:
    from db.database import Database
    from kle import importing
    from kle.storage import Storage

    with closing(Database(f"sqlite:///{saved.with_name('archive.sqlite')}")) as database:
        database.migrate()
        before = peak()
        report = importing.run(database, [saved], lambda *read: None, Storage(Settings(), database))
        after = peak()
    assert (report.posts_new, report.quarantined) == (posts, 0)
    return after - before


if __name__ == "__main__":
    sys.stdout.write(str(_take(Path(sys.argv[1]), int(sys.argv[2]))))
