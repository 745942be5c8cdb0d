"""`kle up` as a process: prints where it is, gets ready, stops cleanly, and says what is in its way."""

import asyncio
import json
import signal
import socket
import time
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from db.database import Database
from kle.serve import listen
from tests.collector.platforms.api import open_at
from tests.kle.program import Program, get, started, wait_until
from tests.kle.town import Town


def test_starts_collects_stops_and_starts_again(office: Path) -> None:
    quiet = {"KLE_MODEL": "none"}
    with started(office, "up", "--port", "0", **quiet) as program:
        address = program.address()
        link = program.line("Sign in once, within the hour: ")
        key = program.line("Admin key, shown this once: ")
        program.ready(address)
        status, answer = get(f"{address}/api/v1/posts?q=reform")
        program.send(signal.SIGTERM)
        assert program.end() == 0
    assert status == 200 and [post["id"][:5] for post in answer["items"]] == ["feed:"]
    assert parse_qs(urlsplit(link).query)["token"][0] and link.startswith(address)
    assert key.startswith("kle_")
    with started(office, "up", "--port", "0", **quiet) as program:
        program.ready(program.address())
        program.send(signal.SIGINT)
        assert program.end() == 0
    assert not [line for line in program.said if "Admin key" in line]
    assert _runs(office) == 1


def _runs(folder: Path) -> int:
    return _count(folder, "SELECT count(*) FROM run")


def _count(folder: Path, statement: str) -> int:
    database = Database(f"sqlite:///{folder}/data/kle.sqlite")
    try:
        with database.read() as session:
            return int(session.connection().exec_driver_sql(statement).scalar_one())
    finally:
        database.close()


def test_ready_asks_only_for_what_the_role_uses(office: Path) -> None:
    with started(office, "up", "--port", "0", "--role", "api", KLE_MODEL="none") as program:
        address = program.address()
        assert program.ready(address) == {"ready": True, "parts": {"database": None, "storage": None}}


def test_roles_without_api_work_and_stop(office: Path) -> None:
    with started(office, "up", "--role", "collector", KLE_MODEL="none") as program:
        program.line("kle-monitor works as collector")
        wait_until(lambda: _runs(office), "a run")
        program.send(signal.SIGTERM)
        assert program.end() == 0


def test_told_to_stop_while_it_asks_it_ends_its_rounds_and_begins_none(tmp_path: Path) -> None:
    """Servers take half a second an answer: rounds in the middle of several are within the grace."""
    with open_at(Town(slowness=0.5)) as town:
        (tmp_path / "kle.toml").write_text(town.config, "utf-8")
        with started(tmp_path, "up", "--role", "collector", KLE_MODEL="none") as program:
            program.line("kle-monitor works as collector")
            wait_until(lambda: town.asks(""), "a request")
            stopped(program, within=30)
        left = "SELECT count(*) FROM run WHERE outcome IS NULL OR outcome NOT IN ('ok', 'failed')"
        assert (_count(tmp_path, left), _count(tmp_path, HELD)) == (0, 0)


@pytest.mark.torture  # it waits out the grace
def test_told_to_stop_while_a_server_says_nothing_it_ends_within_the_grace(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/rss"
        source = f'allow_private_networks = "127.0.0.0/8"\n[[source]]\nname = "s"\nkind = "feed"\nurl = "{url}"\n'
        (tmp_path / "kle.toml").write_text(source, "utf-8")
        with started(tmp_path, "up", "--role", "collector", KLE_MODEL="none") as program:
            program.line("kle-monitor works as collector")
            wait_until(lambda: _runs(tmp_path), "a run")
            stopped(program, within=15)
    assert (_count(tmp_path, "SELECT count(*) FROM run WHERE outcome = 'failed'"), _count(tmp_path, HELD)) == (1, 0)


HELD = "SELECT count(*) FROM source WHERE claimed_by IS NOT NULL"


def stopped(program: Program, within: float) -> None:
    began = time.monotonic()
    program.send(signal.SIGTERM)
    assert program.end() == 0
    assert time.monotonic() - began < within
    assert "Traceback" not in program.log.read_text()


def test_without_sources_it_says_how_to_get_some(tmp_path: Path) -> None:
    with started(tmp_path, "up", "--port", "0", KLE_MODEL="none") as program:
        assert "kle init" in program.line("There are no sources yet")


def test_taken_port_is_one_clear_sentence(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        with started(tmp_path, "up", "--port", port, KLE_MODEL="none") as program:
            assert program.end() == 2
    said = program.log.read_text()
    assert port in said and "already in use" in said and "--port 0" in said
    assert len(said.splitlines()) == 1


def test_missing_model_folder_stops_the_start(tmp_path: Path) -> None:
    with started(tmp_path, "up", "--port", "0", KLE_MODEL="nowhere") as program:
        assert program.end() == 2
    assert "KLE_MODEL" in program.log.read_text() and "nowhere" in program.log.read_text()


def test_logs_are_json_lines_on_stderr_where_nobody_looks(office: Path) -> None:
    with started(office, "up", "--port", "0", KLE_MODEL="none") as program:
        program.ready(program.address())
        wait_until(lambda: "office" in program.log.read_text(), "a line on the source")
        program.send(signal.SIGTERM)
        program.end()
    lines = [json.loads(line) for line in program.log.read_text().splitlines()]
    assert any("office" in line["event"] for line in lines)


def test_small_answers_leave_at_once():
    """asyncio switches Nagle's algorithm off only for sockets that say they are TCP."""

    async def accepted() -> int:
        found: asyncio.Future[int] = asyncio.get_running_loop().create_future()

        async def note(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            found.set_result(writer.get_extra_info("socket").getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
            writer.close()

        listening = listen("127.0.0.1", 0)
        async with await asyncio.start_server(note, sock=listening):
            _, writer = await asyncio.open_connection(*listening.getsockname())
            result = await found
            writer.close()
            return result

    assert asyncio.run(accepted()) != 0
