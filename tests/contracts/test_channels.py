"""What every kind of channel promises, whichever it is: found by scan, so a new kind is tested as it arrives."""

import importlib
import pkgutil
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from alerts import channel
from alerts.channel import Address, Letter, Office
from core.alert import ChannelForm
from core.errors import BadRequest, DeliveryError
from tests.alerts.channels.letters import letter, office
from tests.contracts import channels

KINDS = channel.kinds()
CASES = {
    m.name: importlib.import_module(f"tests.contracts.channels.{m.name}")
    for m in pkgutil.iter_modules(channels.__path__)
}
STARTS = ["", "https://", "https://a.example/", "json://", "json://a.example/", "tgram://123456789:", "ntfys://"]
ENDS = ["", "@example.org", "@a.example/in?x=1", "/?a=1&-b=2"]
quick = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))


def each(name: str) -> list[Any]:
    """The cases of every kind, one test a case."""
    return [
        pytest.param(kind, case, id=f"{kind}-{number}")
        for kind in sorted(CASES)
        for number, case in enumerate(getattr(CASES[kind], name))
    ]


def here(kind: str) -> Office:
    return office(**CASES[kind].SETTINGS)


def test_every_kind_has_its_cases() -> None:
    assert sorted(CASES) == KINDS


def test_a_kind_that_is_none_is_refused_with_those_there_are() -> None:
    with pytest.raises(BadRequest, match="no channel 'pigeon'; there are apprise, email, webhook"):
        channel.module("pigeon")


@pytest.mark.parametrize("kind", KINDS)
def test_a_kind_has_what_the_seam_asks_for(kind: str) -> None:
    module = channel.module(kind)
    assert module.FIELD in ChannelForm.model_fields
    assert (type(module.CONFIRMS), type(module.SIGNS)) == (bool, bool)
    assert callable(module.address)
    assert callable(module.send)


@pytest.mark.parametrize("kind", KINDS)
def test_who_signs_gives_secrets(kind: str) -> None:
    assert hasattr(channel.module(kind), "new_secret") == channel.module(kind).SIGNS


@pytest.mark.parametrize(("kind", "case"), each("SAME"))
def test_one_place_in_two_spellings_is_one_address(kind: str, case: tuple[str, str]) -> None:
    address = channel.module(kind).address
    first, second = (address(said) for said in case)
    assert first.value == second.value
    assert address(first.value).value == first.value


@pytest.mark.parametrize(("kind", "case"), each("OTHER"))
def test_two_places_are_two_addresses(kind: str, case: tuple[str, str]) -> None:
    first, second = (channel.module(kind).address(said).value for said in case)
    assert first != second


@pytest.mark.parametrize("said", ["", " ", "\x00", "a\r\nb", "://", "\ud800", "x" * 3000])
@pytest.mark.parametrize("kind", KINDS)
def test_what_is_no_address_of_anything_is_refused(kind: str, said: str) -> None:
    with pytest.raises(BadRequest) as caught:
        channel.module(kind).address(said)
    assert caught.value.extra == {"parameter": "channels"}


@pytest.mark.parametrize(("kind", "case"), each("NONSENSE"))
def test_what_is_no_address_of_its_kind_is_refused(kind: str, case: str) -> None:
    with pytest.raises(BadRequest) as caught:
        channel.module(kind).address(case)
    assert caught.value.extra == {"parameter": "channels"}


@pytest.mark.parametrize("kind", KINDS)
@quick
@given(said=st.builds("".join, st.tuples(st.sampled_from(STARTS), st.text(max_size=60), st.sampled_from(ENDS))))
def test_whatever_is_written_is_an_address_or_refused(kind: str, said: str) -> None:
    module = channel.module(kind)
    try:
        found = module.address(said)
    except BadRequest:
        return
    assert isinstance(found, Address)
    assert found.value.isprintable()
    assert module.address(found.value).value == found.value


@pytest.mark.parametrize(("kind", "case"), each("SECRET"))
def test_what_opens_an_address_is_never_shown(kind: str, case: tuple[str, list[str]]) -> None:
    said, secrets = case
    found = channel.module(kind).address(said)
    sent = letter(found.value, secrets=("whsec_S3cretly",), unsubscribe="https://a.example/?token=S3cretly")
    with pytest.raises(DeliveryError) as caught:
        channel.module(kind).send(sent, here(kind))
    told = f"{found.shown} {caught.value!r} {caught.value.message} {sent!r}"
    assert [secret for secret in secrets if secret in told] == []


@pytest.mark.parametrize("kind", KINDS)
def test_where_nothing_answers_is_tried_again(kind: str) -> None:
    module = channel.module(kind)
    sent: Letter = letter(module.address(CASES[kind].AWAY).value)
    with pytest.raises(DeliveryError) as caught:
        module.send(sent, here(kind))
    assert caught.value.transient
    assert "S3cretly" not in caught.value.message
