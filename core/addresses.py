"""Addresses of the web: whether one stands in a text, whether a link to one can do no harm, what its host is.

For a text, a scheme and behind it a host, the rule is one regular expression of character classes alone, so that
both databases can ask the same of texts that no index has any more (`db.then`). What stands behind an address, a
comma of any script, is of no account; an address without a scheme is a word like others.
"""

import re
from urllib.parse import urlsplit

SCHEME = "[hH][tT][tT][pP]"
BEGUN = "[0-9A-Za-zÀ-ÖØ-öø-ɏЀ-ԯؠ-يٱ-ۓ]"  # what a host begins with: a digit or a letter, no mark of any script
_ADDRESS = re.compile(f"{SCHEME}[sS]?://{BEGUN}")


def stands_in(text: str) -> bool:
    return "://" in text and _ADDRESS.search(text) is not None


def safe_url(url: str | None) -> str | None:
    """`url` if a link to it can do no harm: a web address with a host, no user in it."""
    try:
        parts = urlsplit((url or "").strip())
        fine = parts.scheme in ("http", "https") and bool(parts.hostname) and "@" not in parts.netloc
    except ValueError:
        return None
    return (url or "").strip() if fine else None


def host(url: str | None) -> str:
    """For reading: the host of an address."""
    try:
        return (urlsplit(url or "").hostname or "").removeprefix("www.")
    except ValueError:
        return ""
