"""Of which pictures and films of posts the archive holds a copy: told to internal readers alone."""

from typing import Any

from sqlmodel import Session

from db import media

_NONE: dict[str, Any] = {"sha256": None, "content_type": None, "size": None}


def told(session: Session, items: list[dict[str, Any]], *, internal: bool, of: str = "") -> list[dict[str, Any]]:
    """Posts, or versions of the post `of`, with digest, type and size of our copy of each medium, else null."""
    names = {of or item["id"] for item in items if item["media"]} if internal else set()
    files = media.of_posts(session, sorted(names))
    return [
        {**item, "media": [{**m, **files.get((of or item["id"], m["url"]), _NONE)} for m in item["media"]]}
        for item in items
    ]
