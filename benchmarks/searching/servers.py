"""Servers on a free port of the loopback, and what they are asked over HTTP."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import httpx

from core.errors import KleError

_START = 120  # seconds that a server may take
_STATUS = "VmRSS:", "VmHWM:"


class Server:
    """`command` has "{port}" where the port goes; ready once `path` answers."""

    def __init__(
        self, command: Sequence[str], path: str, log: Path, environment: dict[str, str] | None = None
    ) -> None:
        self.port = _free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        said = [part.replace("{port}", str(self.port)) for part in command]
        self._log = log
        with log.open("wb") as out:
            self._process = subprocess.Popen(  # noqa: S603
                said,
                stdout=out,
                stderr=subprocess.STDOUT,
                cwd=log.parent,
                env={**_outside(), **(environment or {})},
            )
        self._wait(path)

    def _wait(self, path: str) -> None:
        until = time.monotonic() + _START
        while time.monotonic() < until and self._process.poll() is None:
            with suppress(httpx.TransportError):
                if httpx.get(self.url + path).is_success:
                    return
            time.sleep(0.1)
        self.close()
        raise KleError(f"the server did not start: {self._log.read_text(errors='replace')[-500:]}")

    def memory(self) -> dict[str, int]:
        """Bytes now and at most, where the system tells."""
        status = Path(f"/proc/{self._process.pid}/status")
        if not status.exists():
            return {}
        lines = [line.split() for line in status.read_text("ascii").splitlines()]
        now, most = (next(int(line[1]) * 1024 for line in lines if line and line[0] == name) for name in _STATUS)
        return {"now": now, "most": most}

    def close(self) -> None:
        self._process.terminate()
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def _outside() -> dict[str, str]:
    """The environment without anybody's settings of ours; `cwd` keeps their kle.toml out."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("KLE_")}
    return {**kept, "PYTHONPATH": os.pathsep.join(str(Path(place).resolve()) for place in sys.path)}


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def kle(archive: Path, folder: Path, role: str = "api", **more: str) -> Server:
    """The program as one runs it: `kle up`, to serve alone if nothing else is said, no model; `more` settings."""
    command = (sys.executable, "-m", "kle", "up", "--role", role, "--port", "{port}")
    settings = {
        "KLE_DATABASE_URL": f"sqlite:///{archive}", "KLE_DATA_DIR": str(folder), "KLE_MODEL": "none",
        "KLE_MIN_FREE": "0", **more,
    }  # fmt: skip
    return Server(command, "/readyz", folder / "kle.log", settings)


def client(server: Server) -> httpx.Client:
    """One connection that is kept."""
    return httpx.Client(base_url=server.url, timeout=300)
