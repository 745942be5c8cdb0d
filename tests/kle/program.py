"""A real `kle` process in a folder of its own, as a person starts it."""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

SECONDS = 90.0  # a loaded machine is slow to start


def environment(**knobs: str) -> dict[str, str]:
    """Of a child: ours, with these settings and no others."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith("KLE_")}
    kept.pop("PYTHONDONTWRITEBYTECODE", None)  # without byte code each start takes seconds
    return {**kept, **knobs}


class Program:
    """`kle ARGUMENTS` running in `folder`; `address` once it has printed one."""

    def __init__(self, folder: Path, *arguments: str, **knobs: str) -> None:
        self.log = folder / f"stderr-{time.monotonic_ns()}.log"
        with self.log.open("w") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "kle", *arguments], cwd=folder, text=True, stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE, stderr=log, env=environment(**knobs),
            )  # fmt: skip
        self.said: list[str] = []

    @property
    def pid(self) -> int:
        return self._process.pid

    def line(self, start: str) -> str:
        """The rest of the next line of stdout that begins with `start`."""
        assert self._process.stdout
        for line in self._process.stdout:
            self.said.append(line.rstrip("\n"))
            if line.startswith(start):
                return line.removeprefix(start).strip()
        raise AssertionError(f"ended without saying {start!r}: {self.said} {self.log.read_text()}")

    def address(self) -> str:
        return self.line("kle-monitor is at ").rstrip("/")

    def ready(self, address: str) -> dict[str, Any]:
        """Wait for /readyz to answer 200; its last answer."""
        until = time.monotonic() + SECONDS
        while time.monotonic() < until:
            status, said = get(f"{address}/readyz")
            if status == 200:
                return said
            time.sleep(0.1)
        raise AssertionError(f"never ready: {said} {self.log.read_text()[-2000:]}")

    def send(self, number: signal.Signals) -> None:
        self._process.send_signal(number)

    def end(self) -> int:
        """Wait for the end; the exit code."""
        self._process.communicate(timeout=SECONDS)
        return self._process.returncode


def wait_until(so: Callable[[], object], what: str = "it") -> None:
    """Look often and politely; fails after a while."""
    until = time.monotonic() + SECONDS
    while not so():
        assert time.monotonic() < until, f"{what} never came"
        time.sleep(0.02)


def get(url: str) -> tuple[int, Any]:
    """Status and JSON; 0 where nobody listens yet."""
    try:
        with urllib.request.urlopen(url, timeout=10) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.load(error)
    except (urllib.error.URLError, ConnectionError):
        return 0, None


@contextmanager
def started(folder: Path, *arguments: str, **knobs: str) -> Iterator[Program]:
    """Killed at the end if it still runs."""
    program = Program(folder, *arguments, **knobs)
    try:
        yield program
    finally:
        program.send(signal.SIGKILL)
        program.end()
