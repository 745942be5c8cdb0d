"""Where the files of a server's exports lie: `exports/<number>/` in the data folder, the release and its zip.

All processes of one archive share that folder, as they share the key of alerts. What has a number there and is no
export of the archive, or one that has ended, is left over from a process that died.
"""

import shutil
from collections.abc import Callable, Collection, Iterable
from pathlib import Path
from typing import Any

RELEASE = "release"
ZIP = f"{RELEASE}.zip"


def root(data_dir: Path) -> Path:
    return data_dir / "exports"


def place(data_dir: Path, number: int) -> Path:
    """The folder of one export, there or not."""
    return root(data_dir) / str(number)


def fresh(data_dir: Path, number: int) -> Path:
    """An empty folder for one that is begun."""
    remove(data_dir, number)
    folder = place(data_dir, number)
    folder.mkdir(parents=True, mode=0o700)
    return folder


def remove(data_dir: Path, number: int) -> None:
    shutil.rmtree(place(data_dir, number), ignore_errors=True)


def file(data_dir: Path, number: int, name: str | None, result: dict[str, Any]) -> tuple[Path, dict[str, Any]] | None:
    """The zip, or the file of this name, with what is known of it; None where the export has none of that name."""
    if name is None:
        return place(data_dir, number) / ZIP, result["zip"]
    for one in result["files"]:
        if one["path"] == name:  # no other name leads anywhere
            return place(data_dir, number) / RELEASE / name, one
    return None


def numbers(data_dir: Path) -> set[int]:
    """Of the exports that have a folder."""
    try:
        return {int(entry.name) for entry in root(data_dir).iterdir() if entry.name.isdecimal()}
    except FileNotFoundError:
        return set()


def sweep(data_dir: Path, wanted: Callable[[], Collection[int]]) -> None:
    """Remove the folders of all but the wanted ones, which are asked for after the folders were listed: whoever makes
    one says so in the archive before."""
    there = numbers(data_dir)
    for number in there - set(wanted()):
        remove(data_dir, number)


def gone(data_dir: Path, numbers: Iterable[int]) -> list[int]:
    """Those that have no folder any more."""
    return [number for number in numbers if not place(data_dir, number).exists()]
