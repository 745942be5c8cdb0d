"""One response as it came: what `fetch` yields, `parse` reads and the archive keeps as a capture."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class Page:
    """`body` is the raw bytes, `headers` have lower-case names.

    `url` is the address that answered, or the public address that a local file stands for ("" where nobody
    knows it). `state` is what the next fetch of this source needs; it is kept once the page's posts are archived.
    `asked` is the address that was asked for: a redirect changes `url`, and not ids that are made of it.
    `about` are the platform ids of known posts that this page was asked for by id: those that it does not show are
    gone; one that was asked for by another of its ids is named with both. `reads` is what its server charges for,
    as {"post": ids, "user": ids} by the words of the price table.
    """

    url: str
    body: bytes
    fetched_at: datetime
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    tool: str = ""
    state: dict[str, Any] = field(default_factory=dict)
    asked: str = ""
    about: tuple[str, ...] = ()
    reads: dict[str, tuple[str, ...]] = field(default_factory=dict)
