"""Whether an address of the web stands in a text."""

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
