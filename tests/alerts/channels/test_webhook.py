"""Webhooks as a receiver sees them, and what each of its answers means."""

import base64
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import orjson
import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from alerts.channel import LONGEST_ANSWER, Office
from alerts.channels import webhook
from core.errors import AddressGone, BadRequest, DeliveryError, Refused, Rejected
from core.settings import Settings
from tests.alerts.channels import receiver as ways
from tests.alerts.channels.letters import BODY, KEY, letter, office
from tests.alerts.channels.receiver import Answering, Receiver, status

NEW, OLD = webhook.new_secret(), webhook.new_secret()


@pytest.mark.parametrize("secret", [NEW, OLD], ids=["new", "old"])
def test_while_a_secret_is_changed_both_prove_who_sent_it(receiver: Receiver, secret: str) -> None:
    answer = webhook.send(letter(receiver.url(), secrets=(NEW, OLD)), office())
    assert Webhook(secret).verify(receiver.bodies[0], receiver.headers_seen[0]) == BODY
    assert answer.status == 204


def test_another_secret_or_another_body_proves_nothing(receiver: Receiver) -> None:
    webhook.send(letter(receiver.url(), secrets=(NEW,)), office())
    body, headers = receiver.bodies[0], receiver.headers_seen[0]
    for secret, told in ((OLD, body), (NEW, body + b" ")):
        with pytest.raises(WebhookVerificationError):
            Webhook(secret).verify(told, headers)


def test_each_try_has_the_same_id_and_body_and_its_own_time(receiver: Receiver) -> None:
    first = letter(receiver.url(), secrets=(NEW,), sent_at=datetime(2026, 9, 1, 12, tzinfo=UTC))
    turned = dict(reversed(BODY.items()))
    again = letter(receiver.url(), secrets=(NEW,), sent_at=first.sent_at + timedelta(seconds=90), body=turned)
    for one in (first, again):
        webhook.send(one, office())
    assert receiver.bodies[0] == receiver.bodies[1]
    assert [told["webhook-id"] for told in receiver.headers_seen] == [KEY, KEY]
    assert [told["webhook-timestamp"] for told in receiver.headers_seen] == ["1788264000", "1788264090"]
    assert receiver.headers_seen[0]["content-type"] == "application/json"
    assert receiver.headers_seen[0]["user-agent"].startswith("kle-monitor/")


def test_without_a_secret_no_header_says_that_there_is_one(receiver: Receiver) -> None:
    webhook.send(letter(receiver.url()), office())
    assert "webhook-signature" not in receiver.headers_seen[0]


def test_every_script_arrives_as_it_is(receiver: Receiver) -> None:
    body = {**BODY, "text": "چاکسازی پێشمەرگە الإصلاح 🕊 \u2028 </script>"}
    webhook.send(letter(receiver.url(), body=body, secrets=(NEW,)), office())
    assert orjson.loads(receiver.bodies[0]) == body
    assert Webhook(NEW).verify(receiver.bodies[0], receiver.headers_seen[0]) == body


def test_a_secret_is_of_the_standards_form_and_never_the_same() -> None:
    assert NEW != OLD
    assert NEW.startswith("whsec_")
    assert 24 <= len(base64.b64decode(NEW.removeprefix("whsec_"))) <= 64


@pytest.mark.parametrize("code", [200, 201, 202, 204])
def test_what_is_taken_is_taken(receiver: Receiver, code: int) -> None:
    receiver.answering = status(code, b"" if code == 204 else b"thanks\r\n\x07all")
    answer = webhook.send(letter(receiver.url()), office())
    assert (answer.status, answer.said) == (code, "" if code == 204 else "thanks all")


@pytest.mark.parametrize("code", [400, 401, 403, 404, 405, 408, 409, 422, 425, 429, 500, 501, 502, 503, 504])
def test_what_may_be_mended_is_tried_again(receiver: Receiver, code: int) -> None:
    receiver.answering = status(code, b"not now")
    with pytest.raises(DeliveryError, match=f"127.0.0.1 answered {code}: not now") as caught:
        webhook.send(letter(receiver.url()), office())
    assert (type(caught.value), caught.value.answered, caught.value.retry_after) == (DeliveryError, code, None)
    assert caught.value.transient


@pytest.mark.parametrize(("code", "kind"), [(410, AddressGone), (413, Rejected)])
def test_what_a_second_try_would_not_change_is_not_tried(
    receiver: Receiver, code: int, kind: type[DeliveryError]
) -> None:
    receiver.answering = status(code)
    with pytest.raises(kind) as caught:
        webhook.send(letter(receiver.url()), office())
    assert (caught.value.answered, caught.value.transient) == (code, False)


@pytest.mark.parametrize("code", [429, 503, 500])
def test_who_asks_for_time_gets_it(receiver: Receiver, code: int) -> None:
    receiver.answering = status(code, retry_after="120")
    with pytest.raises(DeliveryError) as caught:
        webhook.send(letter(receiver.url()), office())
    assert caught.value.retry_after == 120


def test_time_may_be_asked_for_by_a_date(receiver: Receiver) -> None:
    until = datetime.now(UTC) + timedelta(hours=2)
    receiver.answering = status(429, retry_after=format_datetime(until, usegmt=True))
    with pytest.raises(DeliveryError) as caught:
        webhook.send(letter(receiver.url()), office())
    assert caught.value.retry_after == pytest.approx(7200, abs=60)


@pytest.mark.parametrize("code", [301, 302, 303, 307, 308])
def test_a_redirect_is_told_and_not_followed(receiver: Receiver, code: int) -> None:
    receiver.answering = status(code, location=f"{receiver.url()}/new?token=S3cret")
    with pytest.raises(DeliveryError, match=r"points to .*/hook/new\?token=\*\*\*.*register the new") as caught:
        webhook.send(letter(receiver.url()), office())
    assert caught.value.transient
    assert receiver.paths == ["/hook"]


@pytest.mark.parametrize(
    ("location", "told"),
    [
        ("/new", r"points to http://127\.0\.0\.1:\d+/new;"),
        ("http://[", "what is no address"),
        ("", "another address"),
    ],
)
def test_a_redirect_to_anywhere_is_told(receiver: Receiver, location: str, told: str) -> None:
    receiver.answering = status(302, location=location)
    with pytest.raises(DeliveryError, match=told):
        webhook.send(letter(receiver.url()), office())


@pytest.mark.parametrize("way", [ways.hangs_up, ways.half_a_status])
def test_who_hangs_up_is_asked_again(receiver: Receiver, way: Answering) -> None:
    receiver.answering = way
    with pytest.raises(DeliveryError, match=r"127\.0\.0\.1 hung up before it answered") as caught:
        webhook.send(letter(receiver.url()), office())
    assert (caught.value.transient, caught.value.answered) == (True, None)


@pytest.mark.parametrize("way", [ways.nothing, ways.dripping_status, ways.dripping_headers])
def test_nobody_is_waited_for_without_end(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch, way: Answering
) -> None:
    monkeypatch.setattr(webhook, "TIMEOUT", 0.3)
    receiver.answering = way
    with pytest.raises(DeliveryError, match="did not answer within 0 seconds") as caught:
        webhook.send(letter(receiver.url()), office())
    assert caught.value.transient


def test_a_status_counts_though_its_body_breaks_off(receiver: Receiver) -> None:
    receiver.answering = ways.half_a_body
    with pytest.raises(DeliveryError, match="answered 500: half") as caught:
        webhook.send(letter(receiver.url()), office())
    assert caught.value.answered == 500


def test_of_an_endless_answer_the_beginning_is_read(receiver: Receiver) -> None:
    receiver.answering = ways.endless(200)
    answer = webhook.send(letter(receiver.url()), office())
    assert (answer.status, answer.said) == (200, "a" * LONGEST_ANSWER)


def test_who_is_not_there_is_asked_again() -> None:
    with pytest.raises(DeliveryError, match=r"127\.0\.0\.1 cannot be reached") as caught:
        webhook.send(letter("http://127.0.0.1:1/"), office())
    assert caught.value.transient


def test_a_name_that_cannot_be_resolved_is_asked_again() -> None:
    def unknown(host: str, port: int) -> list[str]:
        raise OSError("no such name")

    with pytest.raises(DeliveryError, match=r"hook\.example cannot be resolved") as caught:
        webhook.send(letter("https://hook.example/"), Office.of(Settings(), unknown))
    assert caught.value.transient


@pytest.mark.parametrize("at", ["127.0.0.1", "10.0.0.8", "169.254.169.254", "::1", "::ffff:10.0.0.8"])
def test_private_networks_are_refused_unless_they_are_named(receiver: Receiver, at: str) -> None:
    with pytest.raises(Refused, match="KLE_ALLOW_PRIVATE_NETWORKS"):
        webhook.send(letter(receiver.url(host="hook.example")), Office.of(Settings(), lambda host, port: [at]))
    assert receiver.bodies == []


def test_a_user_in_the_address_is_told_to_its_receiver_alone(receiver: Receiver) -> None:
    kept = webhook.address(f"http://me:S3cret@127.0.0.1:{receiver.server_port}/hook")
    receiver.answering = status(500)
    with pytest.raises(DeliveryError) as caught:
        webhook.send(letter(kept.value), office())
    assert receiver.headers_seen[0]["authorization"] == "Basic " + base64.b64encode(b"me:S3cret").decode()
    assert "S3cret" not in f"{kept.shown}{caught.value!r}"


@pytest.mark.parametrize(
    ("said", "value"),
    [
        ("HTTPS://Hook.Example:443/A?b=C#d", "https://hook.example/A?b=C"),
        ("http://hook.example.:80", "http://hook.example/"),
        ("https://hook.example?b=C", "https://hook.example/?b=C"),
        ("https://bücher.example/x", "https://xn--bcher-kva.example/x"),
        ("https://[2001:DB8::1]:8443/", "https://[2001:db8::1]:8443/"),
    ],
)
def test_one_place_has_one_address(said: str, value: str) -> None:
    assert webhook.address(said).value == value
    assert webhook.address(value).value == value


@pytest.mark.parametrize(
    "said", ["hook.example/x", "ftp://hook.example/", "https:///x", "https://", "http://a\r\nb/"]
)
def test_no_web_address_is_refused(said: str) -> None:
    with pytest.raises(BadRequest, match="no web address that a webhook can go to"):
        webhook.address(said)


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("https://hook.example/kle?key=S3&x=1", "https://hook.example/kle?key=***&x=***"),
        ("https://u:p@hook.example/in", "https://***@hook.example/in"),
        (
            "https://hook.example/services/T01/3f2a9c1e-aaaa-4bbb-8ccc-0123456789ab",
            "https://hook.example/services/T01/***",
        ),
    ],
)
def test_what_may_open_it_is_not_shown(said: str, shown: str) -> None:
    assert webhook.address(said).shown == shown
