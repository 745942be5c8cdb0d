"""How often one sender may ask, and who a sender is."""

import pytest
from starlette.requests import Request

from api.buckets import Buckets, TooOften, sender
from api.naming import proposed


def asked(host, forwarded=None):
    headers = [(b"x-forwarded-for", forwarded.encode())] if forwarded else []
    return Request({"type": "http", "headers": headers, "client": (host, 1)})


def test_so_many_at_once_then_one_as_time_passes():
    now = [0.0]
    buckets = Buckets(2, 10.0, lambda: now[0])
    buckets.take("a")
    buckets.take("a")
    with pytest.raises(TooOften) as refused:
        buckets.take("a")
    assert refused.value.retry_after == 10 and refused.value.status == 429
    buckets.take("b")
    now[0] = 9.0
    with pytest.raises(TooOften):
        buckets.take("a")
    now[0] = 10.0
    buckets.take("a")
    now[0] = 1000.0
    for _ in range(2):
        buckets.take("a")
    with pytest.raises(TooOften):
        buckets.take("a")


@pytest.mark.parametrize(
    ("host", "forwarded", "network"),
    [
        ("203.0.113.9", None, "203.0.113.9/32"),
        ("93.184.215.14", "198.51.100.1", "93.184.215.14/32"),
        ("127.0.0.1", "198.51.100.1", "198.51.100.1/32"),
        ("10.0.0.2", "1.1.1.1, 198.51.100.1", "198.51.100.1/32"),
        ("10.0.0.2", "nobody", "10.0.0.2/32"),
        ("2001:db8:1:2:3::4", None, "2001:db8:1:2::/64"),
        ("::ffff:203.0.113.9", None, "203.0.113.9/32"),
        ("testclient", None, "testclient"),
    ],
)
def test_a_sender_is_a_network_that_nobody_can_make_up(host, forwarded, network):
    assert sender(asked(host, forwarded)) == network


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ("", "Everything"),
        ("topic:reform peshmerga", "Security reform peshmerga"),
        ("(topic:reform OR topic:unknown) -topic:reform", "(Security reform OR topic:unknown) -topic:reform"),
        ("topic:reform>0.9", "topic:reform>0.9"),
        ("a\u202eb\n c", "a b c"),
    ],
)
def test_a_name_is_proposed_from_the_search(query, name):
    assert proposed(query, {"reform": "Security reform"}) == name
    assert len(proposed("word " * 100)) <= 80
