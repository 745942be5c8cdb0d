"""Keys and passwords inside addresses: never into a message, a log, a capture or an answer."""

import re

_WORDS = "api_?key|key|token|secret|signature|sig|password|passwd|pwd|pw|jwt|auth|session|sid"
_PARAMETER = re.compile(
    rf"([?&;](?:(?:[\w-]*[_-])?(?i:{_WORDS})|\w*[a-z](?:Key|Token|Secret))=)"
    r"[^&#\s'\"<>]*[^&#\s'\"<>:,.;]"  # a sentence may go on behind the address
)
_NAMED = re.compile(r"token|key|secret|passw|bearer|credential|auth", re.I)
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
