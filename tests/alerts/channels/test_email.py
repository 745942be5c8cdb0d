"""Mails as a server takes them, and what each of its answers means."""

import socket
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from alerts import render
from alerts.channels import email
from alerts.channels._mail import compose
from core.errors import AddressGone, BadRequest, DeliveryError, Rejected
from tests.alerts.channels.letters import BODY, KEY, letter, office
from tests.alerts.channels.post_office import PostOffice, certificate, letting_in, open_post_office

TO = "reader@example.org"
LEAVE = "https://kle.example.org/subscriptions/3/unsubscribe?token=" + "aB3_" * 40
FROM = "KLE monitor <kle@sender.example>"


@pytest.fixture(autouse=True)
def words(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """What the mails say: words are tested where they are written."""
    said = {"subject": "Reform: 1 new post", "text": "Why: reform\n", "html": "<p>Why: <b>reform</b></p>\n"}
    monkeypatch.setattr(render, "mail", lambda letter, links: render.Mail(**said))
    return said


@pytest.fixture
def server() -> Iterator[PostOffice]:
    with open_post_office() as opened:
        yield opened


def by(server: PostOffice, scheme: str = "smtp", user: str = "", **other: Any) -> Any:
    return office(smtp_url=f"{scheme}://{user}localhost:{server.port}", mail_from=FROM, **other)


def test_a_mail_says_who_why_and_how_to_end_it(server: PostOffice) -> None:
    sent = letter(TO, unsubscribe=LEAVE)
    answer = email.send(sent, by(server))
    assert (answer.status, answer.said) == (250, "2.0.0 queued as 4711")
    mail = server.read()
    assert (server.taken[0].mail_from, server.taken[0].rcpt_tos) == ("kle@sender.example", [TO])
    assert mail["from"] == FROM
    assert mail["to"] == TO
    assert mail["subject"] == "Reform: 1 new post"
    assert mail["message-id"] == f"<{KEY}@kle.example.org>"
    assert mail["date"].datetime == sent.sent_at
    assert mail["list-id"] == "<alert-7.kle.example.org>"
    assert mail["list-unsubscribe"] == f"<{LEAVE}>"
    assert mail["list-unsubscribe-post"] == "List-Unsubscribe=One-Click"
    assert mail["auto-submitted"] == "auto-generated"
    assert mail["content-language"] == "en"
    assert mail["precedence"] is None
    assert [part.get_content_type() for part in mail.iter_parts()] == ["text/plain", "text/html"]
    assert [part.get_content().replace("\r\n", "\n") for part in mail.iter_parts()] == [
        "Why: reform\n",
        "<p>Why: <b>reform</b></p>\n",
    ]


def test_the_link_that_ends_it_stands_in_one_piece() -> None:
    content = compose(letter(TO, unsubscribe=LEAVE), office(mail_from=FROM))
    assert f"\r\nList-Unsubscribe: <{LEAVE}>\r\n".encode() in content


def test_without_such_a_link_no_header_promises_one(server: PostOffice) -> None:
    email.send(letter(TO), by(server))
    assert not [name for name in server.read().keys() if name.lower().startswith("list-unsubscribe")]  # noqa: SIM118


def test_each_try_is_the_same_mail_but_for_its_date() -> None:
    first = letter(TO, unsubscribe=LEAVE)
    later = replace(first, sent_at=first.sent_at + timedelta(minutes=5))
    told = [compose(one, office(mail_from=FROM)).split(b"\r\n") for one in (first, first, later)]
    assert told[0] == told[1]
    changed = [line for line, other in zip(told[0], told[2], strict=True) if line != other]
    assert len(changed) == 1
    assert changed[0].startswith(b"Date: ")


@pytest.mark.parametrize("base", ["", "http://localhost:8000", "http://192.0.2.7", "http://[2001:db8::1]:8000"])
def test_an_archive_without_a_name_of_its_own_is_named_by_its_sender(base: str) -> None:
    content = compose(letter(TO), office(base_url=base, mail_from="kle@Bücher.example"))
    assert f"Message-ID: <{KEY}@xn--bcher-kva.example>".encode() in content


def test_nothing_that_is_said_ends_a_header(words: dict[str, str], server: PostOffice) -> None:
    words["subject"] = "Reform\r\nBcc: all@example.org\r\n\r\nbody\x00\u2028\x1b[1m"
    email.send(letter(TO, unsubscribe="https://a.example/\r\nBcc: all@example.org"), by(server))
    assert server.read()["bcc"] is None
    assert server.read()["subject"] == "Reform Bcc: all@example.org body [1m"
    assert server.taken[0].rcpt_tos == [TO]


@pytest.mark.parametrize("said", ["Reform im Verteidigungsministerium: größer " * 30, "الإصلاح پێشمەرگە 🕊 " * 100])
def test_a_flood_arrives_whole_in_lines_that_every_server_takes(
    words: dict[str, str], server: PostOffice, said: str
) -> None:
    words["subject"] = said[:150].strip()
    words["text"] = said * 400 + "\n.\nFrom here on\n"
    words["html"] = f"<p>{said * 400}</p>"
    email.send(letter(TO), by(server))
    content = server.taken[0].content
    assert isinstance(content, bytes)
    assert max(map(len, content.split(b"\r\n"))) <= 998
    assert content.isascii()
    assert server.read()["subject"] == words["subject"]
    text, html = server.read().iter_parts()
    assert text.get_content().replace("\r\n", "\n") == words["text"]
    assert html.get_content().strip() == words["html"]


def test_letters_of_the_world_stand_in_addresses_where_the_server_takes_them() -> None:
    to = email.address("Jürgen@Bücher.example")
    assert to.value == "jürgen@xn--bcher-kva.example"
    with open_post_office(enable_SMTPUTF8=True) as server:
        email.send(letter(to.value), by(server))
        assert server.taken[0].rcpt_tos == [to.value]
        assert server.read()["to"] == to.value
    with (
        open_post_office(enable_SMTPUTF8=False) as server,
        pytest.raises(DeliveryError, match="SMTPUTF8") as caught,
    ):
        email.send(letter(to.value), by(server))
    assert caught.value.transient


@pytest.mark.parametrize(
    "sender",
    ["Rûdaw û Ûnîversîte Monîtor <kle@sender.example>", "kle@sender.example", '"A, B" <kle@sender.example>'],
)
def test_the_sender_is_named_in_every_script(server: PostOffice, sender: str) -> None:
    email.send(letter(TO), office(smtp_url=f"smtp://localhost:{server.port}", mail_from=sender))
    assert server.read()["from"] == sender
    assert server.taken[0].mail_from == "kle@sender.example"


def test_a_senders_host_is_written_in_ascii(server: PostOffice) -> None:
    email.send(letter(TO), office(smtp_url=f"smtp://localhost:{server.port}", mail_from="K <kle@Bücher.example>"))
    assert server.taken[0].mail_from == "kle@xn--bcher-kva.example"
    assert server.read()["from"] == "K <kle@xn--bcher-kva.example>"


# What servers answer


@pytest.mark.parametrize(
    ("answered", "kind"),
    [
        ("450 4.2.1 mailbox busy", DeliveryError),
        ("451 try later", DeliveryError),
        ("452 4.2.2 mailbox full", DeliveryError),
        ("530 5.7.0 log in first", DeliveryError),
        ("550 5.7.1 not from there", DeliveryError),
        ("554 relay access denied", DeliveryError),
        ("550 no such user", AddressGone),
        ("550 5.1.1 no such user", AddressGone),
        ("550 5.2.1 mailbox closed", AddressGone),
        ("553 5.1.3 no such address", AddressGone),
        ("550 5.2.2 mailbox full", Rejected),
        ("554 5.6.0 no", Rejected),
    ],
)
def test_what_is_said_of_the_recipient_decides(
    server: PostOffice, answered: str, kind: type[DeliveryError]
) -> None:
    server.at_rcpt = answered
    with pytest.raises(DeliveryError, match=f"recipient: {answered}") as caught:
        email.send(letter(TO), by(server))
    assert (type(caught.value), caught.value.answered) == (kind, int(answered[:3]))
    assert server.taken == []


@pytest.mark.parametrize(
    ("answered", "kind"),
    [("451 later", DeliveryError), ("452 no room", DeliveryError), ("550 spam", Rejected), ("554 no", Rejected)],
)
def test_what_is_said_of_the_message_decides(server: PostOffice, answered: str, kind: type[DeliveryError]) -> None:
    server.at_data = answered
    with pytest.raises(DeliveryError, match=f"message: {answered}") as caught:
        email.send(letter(TO), by(server))
    assert (type(caught.value), caught.value.answered) == (kind, int(answered[:3]))


@pytest.mark.parametrize(
    ("answered", "kind"),
    [("451 later", DeliveryError), ("550 not you", DeliveryError), ("552 too large", Rejected)],
)
def test_a_sender_that_may_not_send_loses_no_mail(
    server: PostOffice, answered: str, kind: type[DeliveryError]
) -> None:
    server.at_mail = answered
    with pytest.raises(DeliveryError, match=answered) as caught:
        email.send(letter(TO), by(server))
    assert type(caught.value) is kind


def test_a_message_beyond_the_servers_size_is_rejected(words: dict[str, str]) -> None:
    words["text"] = "reform " * 1000
    with open_post_office(data_size_limit=2000) as server, pytest.raises(Rejected) as caught:
        email.send(letter(TO), by(server))
    assert caught.value.answered == 552


def test_a_server_that_hangs_up_is_asked_again(server: PostOffice) -> None:
    server.hangs_up = True
    with pytest.raises(DeliveryError, match="cannot be reached or hung up") as caught:
        email.send(letter(TO), by(server))
    assert (caught.value.transient, caught.value.answered) == (True, None)


def test_a_server_that_says_nothing_is_not_waited_for_without_end(
    server: PostOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(email, "TIMEOUT", 0.3)
    server.pause = 2
    with pytest.raises(DeliveryError, match=r"within 0 seconds|timed out") as caught:
        email.send(letter(TO), by(server))
    assert caught.value.transient


def test_a_server_that_drips_is_not_waited_for_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(email, "TIMEOUT", 0.3)
    over = threading.Event()

    def drip(listening: socket.socket) -> None:
        taken, _ = listening.accept()
        with taken:
            taken.sendall(b"220 hello\r\n")
            while not over.wait(0.02):
                try:
                    taken.sendall(b"2")
                except OSError:
                    return

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=drip, args=(listening,), daemon=True)
        thread.start()
        dripping = office(smtp_url=f"smtp://127.0.0.1:{listening.getsockname()[1]}", mail_from=FROM)
        with pytest.raises(DeliveryError, match="did not take it within 0 seconds"):
            email.send(letter(TO), dripping)
        over.set()
        thread.join()


def test_a_server_that_is_not_there_is_asked_again() -> None:
    with pytest.raises(DeliveryError, match="cannot be reached") as caught:
        email.send(letter(TO), office(smtp_url="smtp://127.0.0.1:1", mail_from=FROM))
    assert caught.value.transient


@pytest.mark.parametrize("missing", [{"mail_from": FROM}, {"smtp_url": "smtp://127.0.0.1:1"}])
def test_without_a_server_mails_wait_and_say_what_to_set(missing: dict[str, str]) -> None:
    with pytest.raises(DeliveryError, match="set KLE_SMTP_URL and KLE_MAIL_FROM") as caught:
        email.send(letter(TO), office(**missing))
    assert caught.value.transient


# Who may read along


def test_over_tls_from_the_first_byte(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    context, trusted = certificate(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(trusted))
    with open_post_office(tls=context) as server:
        email.send(letter(TO), by(server, "smtps"))
        assert server.over_tls == [True]


@pytest.mark.parametrize("name", ["localhost", "other.example"])
def test_a_certificate_that_is_not_trusted_or_anothers_gets_no_mail(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    context, trusted = certificate(tmp_path, name)
    if name == "other.example":
        monkeypatch.setenv("SSL_CERT_FILE", str(trusted))
    with open_post_office(tls=context) as server:
        with pytest.raises(DeliveryError, match=r"certificate is not trusted.*set KLE_SMTP_URL") as caught:
            email.send(letter(TO), by(server, "smtps"))
        assert server.taken == []
    assert caught.value.transient


def far_away(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if the server were another machine: tests may not reach one."""
    monkeypatch.setattr(email, "_on_this_machine", lambda server: False)


def test_starttls_before_anything_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    far_away(monkeypatch)
    context, trusted = certificate(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(trusted))
    with open_post_office(tls_context=context, require_starttls=True) as server:
        email.send(letter(TO), by(server))
        assert server.over_tls == [True]


def test_starttls_with_a_certificate_that_is_not_trusted_gets_no_mail(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    far_away(monkeypatch)
    context, _ = certificate(tmp_path)
    with open_post_office(tls_context=context) as server:
        with pytest.raises(DeliveryError, match="certificate is not trusted"):
            email.send(letter(TO), by(server))
        assert server.taken == []


def test_no_mail_and_no_password_go_over_an_open_line(server: PostOffice, monkeypatch: pytest.MonkeyPatch) -> None:
    far_away(monkeypatch)
    with pytest.raises(DeliveryError, match=r"localhost offers no STARTTLS.*smtps") as caught:
        email.send(letter(TO), by(server, user="me:S3cret@"))
    assert server.taken == []
    assert caught.value.transient


def test_on_this_machine_a_certificate_of_ones_own_will_do(tmp_path: Path) -> None:
    context, _ = certificate(tmp_path)
    with open_post_office(tls_context=context) as server:
        email.send(letter(TO), by(server))
        assert server.over_tls == [True]


def test_a_password_may_hold_any_character(tmp_path: Path) -> None:
    context, _ = certificate(tmp_path)
    with open_post_office(tls_context=context, authenticator=letting_in("me@x", "S3:/@cret")) as server:
        email.send(letter(TO), by(server, user="me%40x:S3%3A%2F%40cret@"))
        assert len(server.taken) == 1


def test_a_mistyped_password_loses_no_mail_and_is_not_told(tmp_path: Path) -> None:
    context, _ = certificate(tmp_path)
    with open_post_office(tls_context=context, authenticator=letting_in("me", "right")) as server:
        with pytest.raises(DeliveryError, match="KLE_SMTP_URL") as caught:
            email.send(letter(TO), by(server, user="me:S3cret@"))
        assert server.taken == []
    assert caught.value.transient
    assert "S3cret" not in repr(caught.value)


def test_a_server_without_passwords_says_so(server: PostOffice) -> None:
    with pytest.raises(DeliveryError, match="takes no passwords; set KLE_SMTP_URL without one"):
        email.send(letter(TO), by(server, user="me:S3cret@"))


# Addresses


@pytest.mark.parametrize(
    ("said", "value"),
    [
        (" Reader.One+kle@Example.ORG ", "reader.one+kle@example.org"),
        ("reader@BÜCHER.example", "reader@xn--bcher-kva.example"),
        ("o'hara@example.org", "o'hara@example.org"),
        ("Ju\u0308rgen@example.org", "jürgen@example.org"),
    ],
)
def test_one_mailbox_has_one_address(said: str, value: str) -> None:
    assert email.address(said).value == value
    assert email.address(said).shown == said.strip()
    assert email.address(value).value == value


@pytest.mark.parametrize(
    "said",
    [
        "", "reader", "@example.org", "reader@", "reader@localhost", "reader@127.0.0.1", "reader@[127.0.0.1]",
        "Reader <reader@example.org>", "a@example.org,b@example.org", "a b@example.org", "a@b@example.org",
        "reader@example.org\r\nBcc: b@example.org", "reader\r\n@example.org", ".reader@example.org",
        "reader..one@example.org", '"reader"@example.org', "reader@exa_mple.org", "reader@-a.example",
        "x" * 65 + "@example.org", "reader@" + "a" * 64 + ".org", "reader@example..org", "reader\x00@example.org",
    ],
)  # fmt: skip
def test_no_mail_address_is_refused(said: str) -> None:
    with pytest.raises(BadRequest, match=r"no mail address.*name@example\.org"):
        email.address(said)


def test_every_mail_speaks_of_its_alert() -> None:
    body = {**BODY, "data": {"alert": {**BODY["data"]["alert"], "id": 12}}}
    assert b"List-ID: <alert-12.kle.example.org>" in compose(letter(TO, body=body), office(mail_from=FROM))
