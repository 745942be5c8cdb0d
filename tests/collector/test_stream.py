"""A web socket is listened to for a while, politely and within bounds, and only where the guard lets pass."""

import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from websockets.sync.server import ServerConnection

from collector import stream
from collector.fetch import Fetcher
from core.errors import FetchError, RateLimited, Refused
from core.guard import Guard
from tests.collector.conftest import LOOPBACK
from tests.collector.server import Site
from tests.collector.speaker import Speaker, speaking, stay


@pytest.fixture
def speaker() -> Iterator[Speaker]:
    with speaking() as started:
        yield started


def hear(fetcher: Fetcher, url: str, seconds: float = 5, quiet: float = 0.3) -> list[str]:
    return list(fetcher.messages(url, seconds, quiet))


def test_messages_come_until_it_is_quiet(speaker: Speaker, fetcher: Fetcher) -> None:
    speaker.says("one", "two", b"three")
    begun = time.monotonic()
    assert hear(fetcher, speaker.url + "/subscribe?a=b") == ["one", "two", "three"]
    assert time.monotonic() - begun < 3
    assert speaker.asked == ["/subscribe?a=b"]
    assert "kle-monitor" in speaker.headers[0]["user-agent"]


def test_somebody_who_never_stops_is_left_when_the_time_is_over(speaker: Speaker, fetcher: Fetcher) -> None:
    def chatter(connection: ServerConnection) -> None:
        while True:
            connection.send("and")
            time.sleep(0.01)

    speaker.say = chatter
    begun = time.monotonic()
    assert len(hear(fetcher, speaker.url, seconds=0.5)) > 5
    assert time.monotonic() - begun < 3


def test_pings_are_answered_while_nothing_is_said(fetcher: Fetcher) -> None:
    def slow(connection: ServerConnection) -> None:
        time.sleep(0.8)
        connection.send("at last")
        stay(connection)

    with speaking(ping_interval=0.2) as speaker:
        speaker.say = slow
        assert hear(fetcher, speaker.url, quiet=1.5) == ["at last"]


def test_what_came_before_the_end_is_out(speaker: Speaker, fetcher: Fetcher) -> None:
    def leave(connection: ServerConnection) -> None:
        connection.send("one")
        connection.close(1001, "restarting")

    speaker.say = leave
    messages = fetcher.messages(speaker.url, 5, 1)
    assert next(messages) == "one"
    with pytest.raises(FetchError, match=r"closed the connection \(1001 restarting\)"):
        next(messages)


def test_a_message_without_end_is_refused(speaker: Speaker, fetcher: Fetcher) -> None:
    speaker.says("x" * (stream.MOST_BYTES + 1))
    with pytest.raises(FetchError, match="more than 1,000,000 bytes"):
        hear(fetcher, speaker.url)


def test_a_connection_that_is_cut_is_told(speaker: Speaker, fetcher: Fetcher) -> None:
    speaker.say = lambda connection: connection.socket.shutdown(socket.SHUT_RDWR)
    with pytest.raises(FetchError, match="broke the connection off"):
        hear(fetcher, speaker.url)


def test_bytes_that_break_the_rules_are_told(speaker: Speaker, fetcher: Fetcher) -> None:
    def rude(connection: ServerConnection) -> None:
        connection.socket.sendall(b"\xff\xff\xff\xff garbage")
        time.sleep(0.5)

    speaker.say = rude
    with pytest.raises(FetchError, match="broke the rules"):
        hear(fetcher, speaker.url, quiet=2)


def test_text_that_is_none_is_told(speaker: Speaker, fetcher: Fetcher) -> None:
    speaker.say = lambda connection: connection.send(b"\xff\xfe\xfd", text=True) or stay(connection)
    with pytest.raises(FetchError, match="broke the rules"):
        hear(fetcher, speaker.url, quiet=2)


@pytest.mark.parametrize(("status", "transient"), [(400, False), (404, False), (500, True), (503, True)])
def test_a_refusal_keeps_its_status_and_reason(
    speaker: Speaker, fetcher: Fetcher, status: int, transient: bool
) -> None:
    speaker.refuses = (status, b'{"error":"CursorTooOld"}', {})
    with pytest.raises(FetchError, match=f"answered {status}") as told:
        hear(fetcher, speaker.url)
    assert (told.value.answered, told.value.transient) == (status, transient)
    assert told.value.body == b'{"error":"CursorTooOld"}'


def test_too_many_requests_name_the_wait(speaker: Speaker, fetcher: Fetcher) -> None:
    speaker.refuses = (429, b"", {"Retry-After": "60"})
    with pytest.raises(RateLimited) as told:
        hear(fetcher, speaker.url)
    assert told.value.retry_after == 60


def test_a_redirect_is_not_followed(speaker: Speaker, fetcher: Fetcher) -> None:
    speaker.refuses = (302, b"", {"Location": "ws://10.0.0.1/"})
    with pytest.raises(FetchError, match="answered 302"):
        hear(fetcher, speaker.url)


def test_a_private_network_is_refused_before_anybody_connects(speaker: Speaker, tmp_path: Path) -> None:
    with Fetcher(Guard(), base_dir=tmp_path) as strict, pytest.raises(Refused, match="not on the public net"):
        hear(strict, speaker.url)
    assert speaker.asked == []


def test_the_connection_goes_to_the_address_that_was_checked(speaker: Speaker, tmp_path: Path) -> None:
    asked: list[str] = []

    def resolve(host: str, port: int) -> list[str]:
        asked.append(host)
        return ["127.0.0.1"]

    speaker.says("hello")
    port = speaker.url.rpartition(":")[2]
    with Fetcher(Guard(LOOPBACK, resolve), base_dir=tmp_path) as fetcher:
        assert hear(fetcher, f"ws://stream.example:{port}/") == ["hello"]
    assert asked == ["stream.example"]
    assert speaker.headers[0]["host"] == f"stream.example:{port}"


def test_tls_is_asked_for_by_the_hosts_name(tmp_path: Path) -> None:
    heard: list[bytes] = []

    def listen(sock: socket.socket) -> None:
        connection, _ = sock.accept()
        with connection:
            heard.append(connection.recv(4096))

    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=listen, args=(server,))
        thread.start()
        guard = Guard(LOOPBACK, lambda host, port: ["127.0.0.1"])
        with Fetcher(guard, base_dir=tmp_path) as fetcher, pytest.raises(FetchError, match="web socket"):
            hear(fetcher, f"wss://stream.example:{server.getsockname()[1]}/")
        thread.join()
    assert b"stream.example" in heard[0]


def test_one_who_does_not_answer_is_not_waited_for(tmp_path: Path) -> None:
    with Fetcher(Guard(LOOPBACK), base_dir=tmp_path, timeout=0.3) as fetcher:
        with socket.create_server(("127.0.0.1", 0)) as server:
            url = f"ws://127.0.0.1:{server.getsockname()[1]}/"
            with pytest.raises(FetchError, match=r"did not answer within 0\.3 s"):
                hear(fetcher, url)
        with pytest.raises(FetchError, match="cannot be reached"):
            hear(fetcher, url)


def test_a_site_that_is_no_web_socket_is_told(site: Site, fetcher: Fetcher) -> None:
    address = site.url.replace("http", "ws")
    with pytest.raises(FetchError, match="does not answer as a web socket"):
        hear(fetcher, address + "/nowhere")


@pytest.mark.parametrize("url", ["https://a.example/", "ws://a.example:port/", "wss://"])
def test_what_is_no_address_of_a_web_socket_is_refused(fetcher: Fetcher, url: str) -> None:
    with pytest.raises(Refused):
        hear(fetcher, url)
