"""Who works here: the name under which a process claims, and what died with an earlier one."""

import os
import secrets
import socket
from collections.abc import Callable

from core import times
from db import sources
from db.database import Database


def worker_name() -> str:
    """host:pid:random, so that a dead process can be told from a live one."""
    return f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(3)}"


def release_dead(database: Database) -> None:
    """Free what processes of this host held when they died; others' claims run out by themselves."""
    _release(database, _is_alive)


def release_own(database: Database) -> None:
    """At the end: what this process could not finish is free at once."""
    _release(database, lambda pid: pid != os.getpid() and _is_alive(pid))


def release_child(database: Database, pid: int) -> int:
    """Free what this process, which we started, held when it ended; how much that was."""
    return _release(database, lambda other: other != pid)


def _release(database: Database, alive: Callable[[int], bool]) -> int:
    with database.write() as session:
        return sources.release_dead_claims(session, socket.gethostname(), alive, times.now())


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
