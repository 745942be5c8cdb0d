"""Whether an address of the web stands in a text, and which are linked."""

import pytest

from core import addresses

WITH = (
    "see https://office.example/a.", "HTTP://office.example", "(https://office.example)",
    "Https://10.0.0.1:80/x, and",
    "بیانیه: https://office.example/a، و", "لێرە https://office.example/a؛", "«https://مثال.example/»",
    "https://ÖFFICE.example", "x\nhttps://t.co/AbC", "نێچیرhttps://office.example", "http://https://",
)  # fmt: skip
WITHOUT = (
    "", "office.example/a", "www.office.example", "t.co/AbC", "https", "https://", "https://.", "https://،",
    "https:// office.example", "https:/office.example", "ftp://office.example", "hhtps//office.example", "https://؟",
    "ht\u200dtps://office.example", "https://«مثال»", "://office.example",
)  # fmt: skip


@pytest.mark.parametrize(("text", "stands"), [(t, True) for t in WITH] + [(t, False) for t in WITHOUT])
def test_an_address_has_a_scheme_and_a_host(text: str, stands: bool) -> None:
    assert addresses.stands_in(text) is stands


@pytest.mark.parametrize(
    "url", ["http://a.example", "https://a.example/x?y=1#z", "HTTPS://A.example", " https://a.example "]
)
def test_web_addresses_are_linked(url):
    assert addresses.safe_url(url) == url.strip()


@pytest.mark.parametrize(
    "url",
    [None, "", "javascript:alert(1)", "JaVaScRiPt:alert(1)", "data:text/html,x", "//a.example", "/path", "https://",
     "https://user@a.example", "http://[broken", "\x01javascript:alert(1)", "java\nscript:alert(1)", "ftp://a.example"],
)  # fmt: skip
def test_nothing_else_is_linked(url):
    assert addresses.safe_url(url) is None
