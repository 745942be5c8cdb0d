"""Keys and passwords inside addresses: never into a message, a log, a capture or an answer."""

import re
from urllib.parse import urlsplit

_WORDS = "api_?key|key|token|secret|signature|sig|password|passwd|pwd|pw|jwt|auth|session|sid"
_PARAMETER = re.compile(
    rf"([?&;](?:(?:[\w-]*[_-])?(?i:{_WORDS})|\w*[a-z](?:Key|Token|Secret))=)"
    r"[^&#\s'\"<>]*[^&#\s'\"<>:,.;]"  # a sentence may go on behind the address
)
_NAMED = re.compile(r"token|key|secret|passw|bearer|credential|auth", re.I)
_OPAQUE = re.compile(r"(?=[^/]*\d)(?=[^/]*[A-Za-z])[\w.~:%-]{16,}")  # a segment of a path that only a machine made
_USER = re.compile(r"(?<=://)[^/@\s]+(?=@)")


def shown(name: str, value: object) -> object:
    """What a message may say of `value`, given as an option or setting of this name."""
    if _NAMED.search(name):
        return "***"
    return masked(value) if isinstance(value, str) else value


def masked(text: str) -> str:
    """`text` with what keys and passwords of the addresses in it say replaced by ***."""
    if "=" not in text and "@" not in text:
        return text
    return _USER.sub("***", _PARAMETER.sub(r"\1***", text))


def place(url: str) -> str:
    """What a page may say of an address whose every part may open it: no user, no values of a query, and of a path
    no segment that looks drawn by lot, as those of chats' incoming webhooks are."""
    parts = urlsplit(url)
    path = "/".join(_OPAQUE.sub("***", segment) for segment in parts.path.split("/"))
    asked = (
        "?" + "&".join(f"{pair.partition('=')[0]}=***" for pair in parts.query.split("&")) if parts.query else ""
    )
    user = "***@" if "@" in parts.netloc else ""
    return f"{parts.scheme}://{user}{parts.netloc.rpartition('@')[2]}{path}{asked}"
