"""Mastodon against a server that nobody here wrote: the mastodon-mock package.

It runs from this environment where it is installed, else from the one whose folder KLE_TEST_MASTODON_MOCK names: it
brings a server of its own versions along, which the project's lock need not follow.
"""

import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from collector.fetch import Fetcher
from core.post import Asked, SeenPost
from tests.collector.platforms.rounds import Source

TOKEN = "office_token"
CONFIG = f'domain = "mock.example"\n[[seed.accounts]]\nusername = "office"\naccess_token = "{TOKEN}"\n'


class Server:
    def __init__(self, url: str) -> None:
        self.url = url

    def call(self, method: str, path: str, **data: Any) -> Any:
        headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"}
        body = json.dumps(data).encode() if data else None
        request = urllib.request.Request(self.url + path, body, headers, method=method)
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.load(answer)

    def post(self, text: str, **more: Any) -> str:
        return str(self.call("POST", "/api/v1/statuses", status=text, **more)["id"])


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    named = os.environ.get("KLE_TEST_MASTODON_MOCK", "")
    places = [Path(named) / "bin"] if named else [Path(sys.executable).parent, None]
    command = next((found for place in places if (found := shutil.which("mastodon_mock", path=place))), None)
    if named and not command:
        pytest.fail(f"KLE_TEST_MASTODON_MOCK = {named!r} has no bin/mastodon_mock: pip install mastodon-mock there")
    if not command:
        pytest.skip(
            "mastodon-mock is not installed; KLE_TEST_MASTODON_MOCK may name a virtual environment that has it"
        )
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    (tmp_path / "mock.toml").write_text(CONFIG)
    options = ["serve", "--config", str(tmp_path / "mock.toml"), "--in-memory", "--port", port]
    process = subprocess.Popen([command, *options], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield _started(Server(f"http://127.0.0.1:{port}"), process)
    finally:
        process.terminate()
        process.wait(10)


def _started(server: Server, process: "subprocess.Popen[bytes]") -> Server:
    for _ in range(150):
        try:
            server.call("GET", "/api/v1/instance")
            return server
        except OSError:
            assert process.poll() is None, "mastodon-mock ended before it began"
            time.sleep(0.2)
    raise AssertionError("mastodon-mock did not start within 30 s")


def test_statuses_edits_boosts_and_deletions_of_a_server_that_nobody_here_wrote(
    server: Server, fetcher: Fetcher
) -> None:
    numbers = [server.post(f"Post {n}") for n in range(42)]
    server.post("Not for all", visibility="private")
    fetcher.max_bytes = 5_000_000
    source = Source("mastodon", fetcher, account="@office@mock.example", base_url=server.url)
    assert {post.text for post in source.look()} == {f"Post {n}" for n in range(42)}
    server.call("PUT", f"/api/v1/statuses/{numbers[41]}", status="Post 41, corrected")
    server.call("POST", f"/api/v1/statuses/{numbers[40]}/reblog")
    server.call("DELETE", f"/api/v1/statuses/{numbers[39]}")
    items = source.everything()
    posts = [post for post in items if isinstance(post, SeenPost)]
    assert len(posts) == len(items)
    assert [p.text for p in posts if p.id.endswith(numbers[41])] == ["Post 41", *["Post 41, corrected"] * 2]
    assert [p.repeats for p in posts if p.kind == "repost"] == [f"mastodon:mock.example/{numbers[40]}"]
    assert [p.id for p in posts if p.deleted] == [f"mastodon:mock.example/{numbers[39]}"]


def test_warnings_polls_and_known_statuses_of_a_server_that_nobody_here_wrote(
    server: Server, fetcher: Fetcher
) -> None:
    shown = server.post("Inside", spoiler_text="Mind this", sensitive=True)
    gone = server.post("Soon gone")
    server.post("Which day?", poll={"options": ["Monday", "Tuesday"], "expires_in": 3600})
    source = Source("mastodon", fetcher, account="@office@mock.example", base_url=server.url)
    posts = {post.text: post for post in source.look()}
    assert posts["Mind this\nInside"].labels == ("sensitive",)
    assert posts["Soon gone"].labels == ()
    assert "Which day?\nMonday\nTuesday" in posts
    server.call("DELETE", f"/api/v1/statuses/{gone}")
    stands, lost = source.recheck(*(Asked(f"mock.example/{number}", "post") for number in (shown, gone)))
    assert isinstance(stands, SeenPost)
    assert isinstance(lost, SeenPost)
    assert (stands.deleted, lost.deleted, lost.platform_id) == (False, True, f"mock.example/{gone}")
