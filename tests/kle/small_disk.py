"""A small file system, and ballast that fills it."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


@contextmanager
def small_disk(megabytes: int) -> Iterator[Path]:
    """Where another user (PostgreSQL's) gets at it too. Skips where nothing may be mounted."""
    folder = Path(tempfile.mkdtemp(prefix="kle-disk-"))
    mount = shutil.which("mount")
    size = ["-t", "tmpfs", "-o", f"size={megabytes}m,mode=777", "tmpfs", str(folder)]
    if not mount or subprocess.run([mount, *size], capture_output=True, check=False).returncode:
        folder.rmdir()
        pytest.skip("nothing may be mounted here")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)
        folder.rmdir()


class Ballast:
    """A file that leaves so many bytes free."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "ballast"

    def fill(self, but: int = 0) -> None:
        with self._file.open("ab") as file:
            os.posix_fallocate(file.fileno(), 0, file.tell() + shutil.disk_usage(self._file.parent).free - but)

    def drop(self) -> None:
        self._file.unlink()
