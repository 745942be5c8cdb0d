"""What somebody whose search took too long can do about it, by the parts of the search."""

from collections.abc import Mapping

_WIDE = ("hour", "day")


def hints(path: str, asked: Mapping[str, str]) -> list[str]:
    """At least one; the likeliest first."""
    query = asked.get("q", "")
    found = []
    if "*" in query:
        found.append("write more letters before the *")
    if asked.get("as_of"):
        found.append("leave as_of out: what was known then costs more than what is known now")
    if not (asked.get("since") or asked.get("until") or "since:" in query or "until:" in query):
        found.append("add since or until")
    if query:
        found.append("add a rarer word, an account or a topic")
    elif path.endswith(("/posts", "/timeline", "/facets", "/")):
        found.append("add a word, an account or a topic")
    if asked.get("interval") in _WIDE:
        found.append("take a wider interval")
    if asked.get("sort", "newest") not in ("newest", "oldest"):
        found.append("sort by newest")
    return found or ["ask for less at once"]
