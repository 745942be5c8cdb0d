"""The name that an alert gets from its query, until a person finds a better one."""

import re
from collections.abc import Mapping

_LONGEST = 80
_TOPIC = re.compile(r"(?<![^\s(])topic:([\w-]+)(?=[\s)]|$)")


def proposed(query: str, topics: Mapping[str, str] | None = None) -> str:
    """`topics` are their names by slug."""
    said = _TOPIC.sub(lambda found: (topics or {}).get(found[1], found[0]), query)
    line = " ".join("".join(c if c.isprintable() else " " for c in said).split())
    if not line:
        return "Everything"
    return line if len(line) <= _LONGEST else line[: _LONGEST - 1].rsplit(" ", 1)[0] + "…"
