"""Real messages, in every language, as each channel hands them over: nothing is lost or changed on the way."""

from dataclasses import replace

import orjson
import pytest

from alerts import render
from alerts.channel import Letter
from alerts.channels import apprise, email, webhook
from core.alert import LANGUAGES
from tests.alerts import letters
from tests.alerts.channels.letters import office
from tests.alerts.channels.post_office import open_post_office
from tests.alerts.channels.receiver import Receiver

STRANGE = "Reforma wezaretê 🕊\u202e: <b>پێشمەرگە</b> & الإصلاح " * 40
KINDS = {
    "posts": lambda lang: letters.told(letters.post(1), letters.post(2, text=STRANGE), lang=lang),
    "late": lambda lang: letters.told(letters.post(1), late=True, lang=lang),
    "flood": lambda lang: letters.told(*(letters.post(n, text=STRANGE[:400]) for n in range(300)), lang=lang),
    "rule": lambda lang: letters.ruled(lang=lang),
    "confirm": letters.confirming,
    "notice": letters.paused,
}


@pytest.fixture(params=sorted(LANGUAGES))
def lang(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(params=KINDS)
def sent(request: pytest.FixtureRequest, lang: str) -> Letter:
    made: Letter = KINDS[request.param](lang)
    return made


def lines(said: str) -> list[str]:
    return said.replace("\r\n", "\n").strip().split("\n")


def test_by_mail(sent: Letter) -> None:
    with open_post_office() as server:
        mine = office(smtp_url=f"smtp://127.0.0.1:{server.port}", mail_from="kle@example.org")
        email.send(sent, mine)
        got, meant = server.read(), render.mail(sent, mine.links)
        content = server.taken[0].content
    text, html = got.iter_parts()
    assert lines(text.get_content()) == lines(meant.text)
    assert lines(html.get_content()) == lines(meant.html)
    assert got["subject"] == " ".join("".join(c for c in meant.subject if c.isprintable()).split())
    assert got["content-language"] == sent.lang
    assert isinstance(content, bytes)
    assert max(map(len, content.split(b"\r\n"))) <= 998


def test_by_apprise(sent: Letter, receiver: Receiver) -> None:
    mine = office()
    apprise.send(replace(sent, address=apprise.address(receiver.url("json")).value), mine)
    got, meant = orjson.loads(receiver.bodies[0]), render.note(sent, mine.links)
    assert got["title"] == meant.title
    assert " ".join(orjson.loads(body)["message"] for body in receiver.bodies).split() == meant.text.split()


def test_by_webhook(sent: Letter, receiver: Receiver) -> None:
    webhook.send(replace(sent, address=receiver.url()), office())
    assert orjson.loads(receiver.bodies[0]) == sent.body
