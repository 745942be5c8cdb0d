"""Where the files of a server's exports lie: `exports/` in the data folder, a folder for each try to build one.

All processes of one archive share that folder, as they share the key of alerts. A try's folder is named after the
export and the process, so that one which was given up cannot get into the way of the next; the export that is done
says which of them is its own. All others are left over from processes that died.
"""

import shutil
from collections.abc import Callable, Collection, Iterable, Iterator
from pathlib import Path
from typing import Any

RELEASE = "release"
ZIP = f"{RELEASE}.zip"


def root(data_dir: Path) -> Path:
    return data_dir / "exports"


def name(number: int, worker: str) -> str:
    """Of the folder in which this process builds that export."""
    return f"{number}-{worker.rpartition(':')[2]}"


def fresh(data_dir: Path, folder: str) -> Path:
    """A new folder, for one process alone."""
    made = root(data_dir) / folder
    made.mkdir(parents=True, mode=0o700)
    return made


def file(data_dir: Path, path: str | None, result: dict[str, Any]) -> tuple[Path, dict[str, Any]] | None:
    """The zip, or the file of this path, with what is known of it; None where the export has none of that name."""
    own = root(data_dir) / result["folder"]
    if path is None:
        return own / ZIP, result["zip"]
    for one in result["files"]:
        if one["path"] == path:  # no other name leads anywhere
            return own / RELEASE / path, one
    return None


def remove(data_dir: Path, number: int, held: Callable[[], Collection[str]]) -> None:
    """All folders of this export but those in which somebody builds it now."""
    sweep(data_dir, held, number)


def discard(data_dir: Path, folder: str) -> None:
    """This one."""
    shutil.rmtree(root(data_dir) / folder, ignore_errors=True)


def gone(data_dir: Path, numbers: Iterable[int]) -> list[int]:
    """Those that have no folder any more."""
    there = {folder.name.partition("-")[0] for folder in _folders(data_dir)}
    return [number for number in numbers if str(number) not in there]


def sweep(data_dir: Path, wanted: Callable[[], Collection[str]], number: int | None = None) -> None:
    """Remove all folders, or those of one export, but the wanted ones, which are asked for after the folders were
    listed: whoever makes one says so in the archive before."""
    there = [one for one in _folders(data_dir) if number is None or one.name.partition("-")[0] == str(number)]
    names = wanted()
    for folder in there:
        if folder.name not in names:
            shutil.rmtree(folder, ignore_errors=True)


def _folders(data_dir: Path) -> Iterator[Path]:
    place = root(data_dir)
    if place.is_dir():
        yield from (entry for entry in place.iterdir() if entry.name.partition("-")[0].isdecimal())
