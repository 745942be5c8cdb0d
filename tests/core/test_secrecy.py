"""Keys and passwords stay where they are configured."""

import pytest

from core.errors import FetchError
from core.secrecy import masked, place


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("https://a.example/rss?api_key=S3&x=1 answered 500", "https://a.example/rss?api_key=***&x=1 answered 500"),
        ("https://a.example/?token=S3#top", "https://a.example/?token=***#top"),
        ("https://a.example/?q=1&access_token=S3", "https://a.example/?q=1&access_token=***"),
        ("https://a.example/?x_secret_key=S3", "https://a.example/?x_secret_key=***"),
        ("http://user:S3@host.example/feed redirects", "http://***@host.example/feed redirects"),
        ("http://:S3@host.example/", "http://***@host.example/"),
        ("https://a.example/?client_secret=S3&rss_token=S3", "https://a.example/?client_secret=***&rss_token=***"),
        ("https://a.example/?X-Amz-Signature=S3", "https://a.example/?X-Amz-Signature=***"),
        ("https://a.example/?subscription-key=S3&jwt=S3", "https://a.example/?subscription-key=***&jwt=***"),
        ("https://a.example/?accessToken=S3: gone", "https://a.example/?accessToken=***: gone"),
        ("https://S3@host.example/feed", "https://***@host.example/feed"),
        ("https://a.example/?monkey=1&keyword=reform", "https://a.example/?monkey=1&keyword=reform"),
        ("https://m.example/@office@b.example", "https://m.example/@office@b.example"),
        ("no address at all: a = b @ c", "no address at all: a = b @ c"),
    ],
)
def test_an_address_is_shown_without_what_opens_it(said: str, shown: str) -> None:
    assert masked(said) == shown


def test_no_failure_of_a_fetch_tells_a_key() -> None:
    assert "S3" not in FetchError("https://a.example/?key=S3 cannot be read").message


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://a.example", "https://a.example"),
        ("https://a.example:8443/hooks/kle", "https://a.example:8443/hooks/kle"),
        ("https://a.example/reform-and-the-ministry/2026", "https://a.example/reform-and-the-ministry/2026"),
        ("https://u:S3@a.example/", "https://***@a.example/"),
        ("https://a.example/in?a=S3&b#S3", "https://a.example/in?a=***&b=***"),
        ("https://a.example/T0123456/B0123456/XyZ0123456789abcdefghijk", "https://a.example/T0123456/B0123456/***"),
    ],
)
def test_a_place_is_shown_without_anything_that_may_open_it(url: str, shown: str) -> None:
    assert place(url) == shown
