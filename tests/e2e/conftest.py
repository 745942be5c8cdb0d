"""A real browser, and the small archive behind a real server: one for each file of tests."""

import os
import shutil
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import uvicorn
from playwright.sync_api import Browser, sync_playwright

from db.database import Database
from tests.api.site import Site, fill
from tests.e2e.seeing import Visit

_QUIET = (
    "--no-sandbox --headless --disable-gpu --disable-quic --no-first-run --disable-background-networking"
    " --disable-component-update --disable-sync"
)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("pages")
    database = Database(f"sqlite:///{folder / 'kle.sqlite'}")
    database.migrate()
    filled = fill(database, folder)
    filled.weeks("sample", [6, 5, 7, 6, 8, 4, 6, 5, 7, 6, 6, 7, 30])
    yield filled
    database.close()


@pytest.fixture(scope="module")
def address(site: Site) -> Iterator[str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = uvicorn.Server(uvicorn.Config(site.app(), "127.0.0.1", port, log_level="warning", proxy_headers=False))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.02)
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join(10)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    program = os.environ.get("CHROMIUM") or "/usr/bin/chromium"
    if not (Path(program).is_file() or shutil.which(program)):
        missing = f"no browser at {program}; CHROMIUM names another"
        if os.environ.get("KLE_REQUIRE_BROWSER") == "1":
            pytest.fail(f"KLE_REQUIRE_BROWSER=1, but {missing}")
        pytest.skip(missing)
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=program, args=_QUIET.split())
        yield started
        started.close()


@pytest.fixture
def visit(browser, address):
    opened = []

    def start(width=1280, height=900, **options) -> Visit:
        context = browser.new_context(viewport={"width": width, "height": height}, **options)
        opened.append(context)
        return Visit(context, address)

    yield start
    for context in opened:
        context.close()
