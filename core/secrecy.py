"""Keys and passwords inside addresses: never into a message, a log, a capture or an answer."""

import re

_PARAMETER = re.compile(
    r"([?&;](?:[\w-]*(?:api|access|auth|app|secret|private)[_-]?(?:key|token|id)|key|token|secret|password|sig|signature)=)"
    r"[^&#\s'\"]+",
    re.I,
)
_USER = re.compile(r"(?<=://)[^/@\s:]*:[^/@\s]*(?=@)")


def masked(text: str) -> str:
    """`text` with what keys and passwords of the addresses in it say replaced by ***."""
    if "=" not in text and "@" not in text:
        return text
    return _USER.sub("***", _PARAMETER.sub(r"\1***", text))
