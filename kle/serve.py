"""`kle up`: worker and API in one process, or one of them, until SIGINT or SIGTERM."""

import socket
from collections.abc import Callable
from datetime import timedelta
from threading import Thread
from typing import Literal

import structlog
import uvicorn
from fastapi import FastAPI

from alerts.desk import WRONG_KEY, Desk
from api.app import create_app
from api.watcher import Watcher
from core import garbage, times
from core.errors import SettingsError
from core.settings import Settings
from db import credentials
from db.database import Database
from kle import output, runtime
from kle.readiness import Part, readiness
from kle.stopping import StopSign
from kle.storage import Storage
from kle.worker import Worker

Role = Literal["all", "api", "collector", "worker"]
log = structlog.get_logger("kle.serve")
SIGN_IN = timedelta(hours=1)


def run(settings: Settings, role: Role = "all", parts: Callable[[Database], dict[str, Part]] | None = None) -> None:
    """Serve until told to stop. `parts` are further conditions of /readyz."""
    with runtime.archive(settings, sync=True) as (_, database):
        stop = StopSign()
        listening = listen(settings.host, settings.port) if role in ("all", "api") else None
        desk = Desk.of(settings)
        tells = role in ("all", "worker") and _fits(desk, database)
        if tells:
            runtime.declare(settings, database, desk)
        worker = _worker(settings, database, role, desk if tells else None)
        try:
            if worker:
                worker.start()
            if listening:
                _greet(settings, database, listening.getsockname()[1])
                storage = worker.storage if worker else Storage(settings, database)
                ready = readiness(database, storage, worker, parts)
                words = runtime.words(settings, worker.model if worker else None)
                app = create_app(settings, database, ready, desk, words)
                Thread(target=_warm, args=(database, app), name="warming", daemon=True).start()
                _serve(app, listening, stop)
            else:
                output.say(f"kle-monitor works as {role}; Ctrl-C stops it.")
                stop.wait()
        finally:
            if worker:
                worker.stop()


def _warm(database: Database, app: FastAPI) -> None:
    """Beside the first requests, who would wait for it; where it fails, so will they, and they say why. What the
    program is made of is there then."""
    try:
        database.warm()
        with database.read() as session:
            app.state.context.meaning.read_ahead(session)
        garbage.settle()
    except Exception:
        log.exception("counts and vectors could not be prepared")


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens; a taken port is an error that says what to do.

    It says that it is TCP: only on such a one does asyncio send small pieces at once, and else each answer would
    wait 40 ms for its reader to confirm the headers before the body leaves.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        made = socket.create_server((host, port), family=family, backlog=2048)
        return socket.socket(made.family, made.type, socket.IPPROTO_TCP, fileno=made.detach())
    except OSError as error:
        reason = error.strerror or str(error)
        raise SettingsError(
            "KLE_PORT", port, f"cannot listen on {host}: {reason}; --port 0 takes a free one"
        ) from None


def _worker(settings: Settings, database: Database, role: Role, desk: Desk | None) -> Worker | None:
    if role == "api":
        return None
    model = runtime.model(settings, database) if role in ("all", "worker") else None
    here = role in ("all", "worker")  # what is not the collector's
    return Worker(
        settings,
        database,
        collecting=role in ("all", "collector"),
        forgetting=here,
        model=model,
        desk=desk,
        exporting=here,
    )


def _fits(desk: Desk, database: Database) -> bool:
    """All else goes on without the key of alerts."""
    with database.read() as session:
        fits = desk.fits(session)
    if not fits:
        log.error("nobody is told of anything", reason=f"KLE_SECRET_KEY {WRONG_KEY}")
    return fits


def _serve(app: FastAPI, listening: socket.socket, stop: StopSign) -> None:
    """No proxy headers: whoever sends one is not the loopback, and api.access looks at them itself.

    No limit of connections: it would refuse probes and streams as well as searches; `api.limits` tells them apart.
    Idle connections end after 5 s; addresses and headers may have 64 kB, many times a search.
    """
    config = uvicorn.Config(
        app,
        proxy_headers=False,
        server_header=False,
        access_log=False,
        log_config=None,
        timeout_graceful_shutdown=5,
        timeout_keep_alive=5,
        h11_max_incomplete_event_size=65_536,
    )
    if not stop.given:
        Server(config, app.state.context.watcher).run(sockets=[listening])


class Server(uvicorn.Server):
    """Ends open streams first: uvicorn would wait for them."""

    def __init__(self, config: uvicorn.Config, watcher: Watcher) -> None:
        super().__init__(config)
        self._watcher = watcher

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._watcher.close()
        await super().shutdown(sockets)


def _greet(settings: Settings, database: Database, port: int) -> None:
    address = settings.base_url.rstrip("/") or f"http://{_name(settings.host)}:{port}"
    now = times.now()
    with database.write(lasting=True) as session:
        first = not credentials.any_key(session)
        key = credentials.issue(session, "key", "first start", ["admin"], now, None)[1] if first else ""
        link = credentials.issue(session, "sign_in", "kle up", ["admin"], now, SIGN_IN)[1]
    output.say(f"kle-monitor is at {address}/")
    output.say(f"Sign in once, within the hour: {address}/signin?token={link}")
    if key:
        output.say(f"Admin key, shown this once: {key}")
    if not settings.sources:
        output.say("There are no sources yet: `kle init` writes a kle.toml with some, `kle demo` shows a sample.")


def _name(host: str) -> str:
    if host in ("0.0.0.0", "::"):  # noqa: S104  listening everywhere; people come by this name
        return "localhost"
    return f"[{host}]" if ":" in host else host
