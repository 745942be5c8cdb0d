"""Services of Apprise: which are taken, what they get, what their failures say, and where none of them may lead."""

import logging
import socket
import threading
from collections.abc import Iterator

import orjson
import pytest

from alerts import render
from alerts.channel import Office
from alerts.channels import apprise
from core.errors import BadRequest, DeliveryError, Refused
from core.settings import Settings
from tests.alerts.channels import receiver as ways
from tests.alerts.channels.letters import letter, office
from tests.alerts.channels.receiver import Answering, Receiver, receiving, status

TEXT = "Why: reform — پێشمەرگە <b> & *so* :smile:\nhttps://kle.example.org/posts/x:1"


@pytest.fixture(autouse=True)
def words(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    said = {"title": "Reform: 1 new post", "text": TEXT}
    monkeypatch.setattr(render, "note", lambda letter, links: render.Note(**said))
    return said


def nowhere() -> Office:
    """One that may reach the public net alone, whatever names say."""
    return Office.of(Settings(base_url="https://kle.example.org"))


def address(receiver: Receiver, scheme: str = "json") -> str:
    return apprise.address(receiver.url(scheme)).value


def test_a_service_gets_title_and_text_as_they_are(receiver: Receiver) -> None:
    apprise.send(letter(address(receiver)), office())
    told = orjson.loads(receiver.bodies[0])
    assert (told["title"], told["message"]) == ("Reform: 1 new post", TEXT)


@pytest.mark.parametrize("scheme", ["json", "xml", "form", "ntfy", "gotify", "mmost", "rocket"])
def test_services_of_ones_own_are_reached_where_their_network_is_named(receiver: Receiver, scheme: str) -> None:
    user = "me:S3cretly@" if scheme == "rocket" else ""
    host = f"{user}127.0.0.1:{receiver.server_port}"
    receiver.answering = status(200, b'{"status": "success", "data": {"authToken": "a", "userId": "b"}}')
    said = {"gotify": f"{host}/A4p0VvyM6sTokn0", "mmost": f"{host}/3ccdd113474722377935511fc85d3dd4"}
    to = apprise.address(f"{scheme}://{said.get(scheme, host + '/topic')}").value
    apprise.send(letter(to), office())
    assert receiver.bodies
    before = len(receiver.bodies)
    with pytest.raises(Refused, match=r"127\.0\.0\.1, which is not on the public net.*KLE_ALLOW_PRIVATE_NETWORKS"):
        apprise.send(letter(to), nowhere())
    assert len(receiver.bodies) == before


def test_a_name_is_checked_where_it_leads(receiver: Receiver) -> None:
    to = apprise.address(f"json://localhost:{receiver.server_port}/hook").value
    with pytest.raises(Refused, match="not on the public net"):
        apprise.send(letter(to), nowhere())
    assert receiver.bodies == []


def test_a_redirect_is_not_followed(receiver: Receiver) -> None:
    with receiving() as other:
        receiver.answering = status(307, location=other.url())
        to = f"{address(receiver)}&redirect=yes"
        with pytest.raises(DeliveryError, match="error=307"):
            apprise.send(letter(to), office())
        assert other.bodies == []


def test_what_is_watched_ends_with_the_call(receiver: Receiver) -> None:
    with pytest.raises(Refused):
        apprise.send(letter(address(receiver)), nowhere())
    socket.create_connection(("127.0.0.1", receiver.server_port)).close()


def test_calls_at_the_same_time_are_watched_each_by_its_own_guard(receiver: Receiver) -> None:
    """One that may and one that may not, side by side: both answers are right each time."""
    to, wrong = address(receiver), []

    def may_not() -> None:
        for _ in range(10):
            try:
                apprise.send(letter(to), nowhere())
            except Refused:
                continue
            wrong.append("sent")

    thread = threading.Thread(target=may_not)
    thread.start()
    for _ in range(10):
        apprise.send(letter(to), office())
    thread.join()
    assert (len(receiver.bodies), wrong) == (10, [])


@pytest.mark.parametrize("code", [400, 401, 403, 404, 410, 429, 500, 503])
def test_a_failure_says_why_and_is_tried_again(receiver: Receiver, code: int) -> None:
    receiver.answering = status(code, b"not now")
    with pytest.raises(DeliveryError, match=f"json://127.0.0.1:.* did not take it: .*error={code}") as caught:
        apprise.send(letter(address(receiver)), office())
    assert (type(caught.value), caught.value.answered) == (DeliveryError, code)
    assert caught.value.transient


@pytest.mark.parametrize("way", [ways.hangs_up, ways.half_a_status])
def test_who_hangs_up_is_asked_again(receiver: Receiver, way: Answering) -> None:
    receiver.answering = way
    with pytest.raises(DeliveryError, match="A Connection error occurred") as caught:
        apprise.send(letter(address(receiver)), office())
    assert caught.value.transient


@pytest.mark.parametrize("way", [ways.nothing, ways.dripping_status])
def test_nobody_is_waited_for_without_end(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch, way: Answering
) -> None:
    monkeypatch.setattr(apprise, "TIMEOUT", 0.3)
    receiver.answering = way
    with pytest.raises(DeliveryError, match="did not take it") as caught:
        apprise.send(letter(address(receiver)), office())
    assert caught.value.transient


def test_an_address_sets_no_time_no_tries_and_no_false_success(receiver: Receiver) -> None:
    receiver.answering = status(500)
    to = f"{address(receiver)}&rto=9999&cto=9999&retry=5&wait=60&optional=yes"
    with pytest.raises(DeliveryError, match="error=500"):
        apprise.send(letter(to), office())
    assert len(receiver.bodies) == 1


def test_a_long_text_goes_in_parts_and_whole(
    receiver: Receiver, words: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from apprise.plugins.custom_json import NotifyJSON

    monkeypatch.setattr(NotifyJSON, "body_maxlen", 1000)
    monkeypatch.setattr(NotifyJSON, "request_rate_per_sec", 0)
    words["text"] = "\n".join(f"post {number} of reform" for number in range(200))
    apprise.send(letter(address(receiver) + "&overflow=truncate"), office())
    assert len(receiver.bodies) > 1
    told = " ".join(orjson.loads(body)["message"] for body in receiver.bodies)
    assert told.split() == words["text"].split()


@pytest.fixture
def heard() -> Iterator[list[str]]:
    """All that this process logs, at the finest level."""
    said: list[str] = []

    class Ear(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            if record.name.startswith("apprise"):
                said.append(record.getMessage())

    ear, root = Ear(1), logging.getLogger()
    level = root.level
    root.addHandler(ear)
    root.setLevel(1)
    yield said
    root.removeHandler(ear)
    root.setLevel(level)


def test_no_token_is_shown_logged_or_told(receiver: Receiver, heard: list[str]) -> None:
    host = f"127.0.0.1:{receiver.server_port}"
    receiver.answering = status(404)
    for said, secrets in (
        (
            f"json://me:S3cretly@{host}/in/k3yk3yk3yk3yk3yk3y?-token=T0kenT0ken&%2BX-Key=H3ader",
            ("S3cretly", "k3yk3y", "T0ken", "H3ader"),
        ),
        (f"gotify://{host}/A4p0VvyM6sTokn0", ("A4p0VvyM6sTokn0",)),
        (f"ntfy://tk_abcdef0123456789@{host}/topic?auth=token", ("tk_abcdef0123456789",)),
    ):
        to = apprise.address(said)
        with pytest.raises(DeliveryError) as caught:
            apprise.send(letter(to.value), office())
        told = f"{to.shown} {caught.value!r} {letter(to.value)!r} {heard}"
        assert [secret for secret in secrets if secret in told] == []


def test_an_address_that_apprise_no_longer_knows_is_kept_for_a_version_that_does() -> None:
    with pytest.raises(DeliveryError, match="gone://") as caught:
        apprise.send(letter("gone://example.org/x"), office())
    assert caught.value.transient


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ("syslog://", "not asked over HTTP"),
        ("dbus://", "switched off on this system|not asked over HTTP"),
        ("macosx://", "switched off on this system"),
        ("irc://irc.example/channel", "not asked over HTTP"),
        ("rsyslog://log.example", "not asked over HTTP"),
        ("mailto://me:pw@example.org", 'kind "email"'),
        ("MAILTOS://me:pw@example.org", 'kind "email"'),
        ("fcm://project/device?keyfile=/etc/hostname", "files of this machine"),
        ("discord://4174216298/JHMHI8qBe7bk2ZwO5U711o3dV_js?template=/etc/hostname", "files of this machine"),
        ("vapid://me@example.org/you@example.org", "files of this machine"),
        ("file:///etc/hostname", "knows no file://"),
        ("nonsense", "cannot use it"),
        ("", "cannot use it"),
        ("json://a.example,json://b.example", "cannot use it"),
        ("json://", "cannot use it"),
    ],
)
def test_what_is_no_service_of_the_net_is_refused(said: str, why: str) -> None:
    with pytest.raises(BadRequest, match=f"cannot be told anything: .*({why})"):
        apprise.address(said)


@pytest.mark.parametrize(
    ("said", "value", "shown"),
    [
        (
            "https://hooks.slack.com/services/T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ",
            "slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ",
            "slack://T...2/A...D/T...Q",
        ),
        (
            "tgram://123456789:abcdefg_hijklmnop/12315544/",
            "tgram://123456789%3Aabcdefg_hijklmnop/12315544",
            "tgram://1...p/12315544",
        ),
        ("ntfy://Talk", "ntfys://Talk", "ntfys://Talk"),
        ("matrixs://me:S3cretly@Chat.Example/#room", "matrixs://me:S3cretly@chat.example/%23room", "matrixs://***@"),
    ],
)  # fmt: skip
def test_one_place_has_one_address(said: str, value: str, shown: str) -> None:
    kept = apprise.address(said)
    assert kept.value.startswith(value)
    assert kept.shown.startswith(shown)
    assert apprise.address(kept.value) == kept
