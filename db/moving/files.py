"""Files beside their place: written in a folder of their own, synced, then moved there in one step."""

import fcntl
import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import IO

from sqlalchemy.exc import DBAPIError

from core.errors import BadRequest, KleError, NoRoom

_MEGABYTE = 1_000_000


class Unwritten(KleError):
    title = "Not written"


@contextmanager
def workshop(place: Path) -> Iterator[Path]:
    """A folder for nobody else beside `place`, gone at the end; what an earlier, killed run left there goes first.

    Raises BadRequest while another process writes to the same place, Unwritten where the disk takes no more.
    """
    try:
        with _alone(place) as folder:
            yield folder
    except (OSError, sqlite3.Error, DBAPIError) as error:  # no room after all, a disk that went away
        raise Unwritten(f"{place} was not written: {getattr(error, 'orig', error)}") from error


@contextmanager
def _alone(place: Path) -> Iterator[Path]:
    folder = place.parent / f".{place.name}.unfinished"
    lock = place.parent / f".{place.name}.lock"
    with lock.open("w") as held:
        lock.chmod(0o600)
        if not _mine(held, lock):
            raise BadRequest(f"another process writes {place} at this moment")
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(mode=0o700)
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)
            lock.unlink(missing_ok=True)


def _mine(held: IO[str], lock: Path) -> bool:
    """Whether we hold the lock, and its file is still the one that others would find."""
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return os.fstat(held.fileno()).st_ino == lock.stat().st_ino
    except OSError:
        return False


def check_room(folder: Path, needed: int) -> None:
    """Raises NoRoom where fewer bytes are free."""
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise NoRoom(
            f"{folder} has {free // _MEGABYTE} MB free, and {needed // _MEGABYTE + 1} MB are needed for this: "
            "make room there, or name a file on another disk"
        )


def copy_pages(source: sqlite3.Connection, copy: Path) -> None:
    """What `source` sees in its transaction, page by page in one step: no writer waits, none is waited for."""
    with closing(sqlite3.connect(copy)) as target:
        source.backup(target)
        target.execute("PRAGMA journal_mode = DELETE")


def compact(file: Path, into: Path) -> None:
    """Write `into` without free pages and without a journal beside it."""
    with closing(sqlite3.connect(file)) as source:
        source.execute("PRAGMA journal_mode = DELETE")
        source.execute("VACUUM INTO ?", (str(into),))


def finish(file: Path, place: Path) -> None:
    """Move a file that is complete to its place, for its owner's eyes only, safe against a power cut."""
    file.chmod(0o600)
    sync(file)
    file.replace(place)
    sync(place.parent)


def sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
