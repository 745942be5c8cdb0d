"""One response as it came: what `fetch` yields, `parse` reads and the archive keeps as a capture."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

# Headers of a server that are kept: what says when, what, by whom and on whose word. No cookies, and nothing about
# the one who asked. `content-encoding` and `content-length` are of the answer as it was sent; the body is unpacked.
KEPT_HEADERS = frozenset({
    "age", "cache-control", "content-digest", "content-disposition", "content-encoding", "content-language",
    "content-length", "content-location", "content-type", "date", "digest", "etag", "expires", "last-modified",
    "link", "memento-datetime", "repr-digest", "server", "signature", "signature-input", "vary", "via",
    "x-robots-tag",
})  # fmt: skip
# What no server says, under names that no header has.
HOPS, PEER, TLS, FILE = ":hops", ":peer", ":tls", ":file"


@dataclass(frozen=True, slots=True)
class Page:
    """`body` is the raw bytes, `headers` have lower-case names; `status` is None where no HTTP server answered.

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
    status: int | None = 200
    headers: dict[str, str] = field(default_factory=dict)
    tool: str = ""
    state: dict[str, Any] = field(default_factory=dict)
    asked: str = ""
    about: tuple[str, ...] = ()
    reads: dict[str, tuple[str, ...]] = field(default_factory=dict)
