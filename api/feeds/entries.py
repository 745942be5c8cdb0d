"""A post in the API's form, as it may leave -> what a feed's entry says of it, the same in every format."""

import html
import mimetypes
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from api.render import formats
from api.render.cards import href
from core import times

_TITLE = 100  # characters
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_DIRECTIONS = re.compile("[\u202a-\u202e\u2066-\u2069]")  # what they turn round in a title is the reader's list
_LANGUAGE = re.compile(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*")
_URN = ":/~@"  # of the characters in ids, those that a URN may hold as they are
_URL = "%/:=&?~#+!$,;'@()*[]"
_USUAL = {"image": "image/jpeg", "video": "video/mp4", "audio": "audio/mpeg"}
WITHHELD = "The text stays with its platform and the operator of this archive."


@dataclass(frozen=True, slots=True)
class Attachment:
    url: str
    media_type: str
    size: int | None


@dataclass(frozen=True, slots=True)
class Entry:
    """`id` is the same in every archive; `page` is the post here, `original` where it was published. `published` is
    None where no exact time is known, `gone` set where it was deleted or erased: then no more is said of it."""

    id: str
    page: str
    original: str | None
    title: str
    content: str
    author: str | None
    topics: list[tuple[str, str]]
    lang: str | None
    published: str | None
    updated: str
    gone: str | None
    attachments: list[Attachment]


@dataclass(frozen=True, slots=True)
class Feed:
    """`site` is the archive's address without a slash at its end, `address` the feed's own, `page` the search."""

    id: str
    title: str
    site: str
    address: str
    page: str
    lang: str | None
    entries: list[Entry]

    @property
    def updated(self) -> str:
        """Not the time of asking: the same state is the same feed."""
        moments = [times.parse(entry.gone or entry.updated) for entry in self.entries]
        return times.text(max(moments, default=times.EARLIEST))

    @property
    def standing(self) -> list[Entry]:
        return [entry for entry in self.entries if entry.gone is None]


def feed(
    posts: Sequence[dict[str, Any]],
    names: Mapping[str, str],
    chosen: Mapping[str, Sequence[str]],
    site: str,
    path: str,
    named: str = "",
) -> Feed:
    """`chosen` is what was searched, by parameter, `path` the feed's address at `site`; `names` has the topics'.
    What is `named` is another feed than that of its search."""
    asked = [(name, value) for name, values in sorted(chosen.items()) for value in values if value]
    ending = f"?{urlencode(asked)}" if asked else ""
    said = " ".join(value if name == "q" else f"{name}:{value}" for name, value in asked)
    return Feed(
        id=f"urn:kle:feed:{sha256((named + ending).encode()).hexdigest()[:32]}",
        title=_cut(f"kle-monitor: {named or said}" if named or said else "kle-monitor"),
        site=site,
        address=site + path,
        page=f"{site}/{ending}",
        lang=_language(next(iter(chosen.get("lang", ())), None)),
        entries=[entry(post, names, site) for post in posts],
    )


def entry(post: dict[str, Any], names: Mapping[str, str], site: str) -> Entry:
    text = printable(post["text"] or "").strip()
    exact = post["created_at_precision"] == "second"
    erased = post["erasure"]["at"] if post["erasure"] else None
    shown = [] if post["rights"]["text_withheld"] else post["media"]
    return Entry(
        id=f"urn:kle:post:{quote(post['id'], safe=_URN)}",
        page=site + href(post["id"]),
        original=address(post["url"]),
        title=_cut(text.splitlines()[0]) if text else _untitled(post),
        content=_content(text, address(post["url"])),
        author=_author(post),
        topics=[(t["topic"], names.get(t["topic"], t["topic"])) for t in post["tags"] if t["decision"] == "tagged"],
        lang=_language(post["lang"]),
        published=post["created_at"] if exact else None,
        updated=post["changed_at"],
        gone=post["deleted_at"] or erased,
        attachments=[made for item in shown if (made := _attachment(item))],
    )


def printable(text: str) -> str:
    """Without what XML cannot say, escaped or not; line breaks as one kind."""
    return _NOT_XML.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


def address(url: str | None) -> str | None:
    """As a URI in ASCII; None for what is no web address."""
    try:
        parts = urlsplit(url or "")
        fits = parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        return None
    return quote(url or "", safe=_URL) if fits else None


def _cut(text: str) -> str:
    line = " ".join(_DIRECTIONS.sub("", printable(text)).split())
    if len(line) <= _TITLE:
        return line
    return line[: _TITLE - 1].rsplit(" ", 1)[0] + "…"


def _untitled(post: dict[str, Any]) -> str:
    by = f" of {author}" if (author := _author(post)) else ""
    platform = formats.platform(post["platform"])
    return _cut(f"{post['kind'].capitalize()}{by} on {platform}, {formats.when(post).text}")


def _content(text: str, original: str | None) -> str:
    """HTML: what was written is text in it, each paragraph in its own direction."""
    if text:
        parts = [part.strip() for part in re.split(r"\n\s*\n", text) if part.strip()]
        return "".join(f'<p dir="auto">{"<br>".join(map(html.escape, p.splitlines()))}</p>' for p in parts)
    seen = f' <a href="{html.escape(original)}">See it where it was published.</a>' if original else ""
    return f"<p>{WITHHELD}{seen}</p>"


def _author(post: Mapping[str, Any]) -> str | None:
    account = post["account"]
    if not account:
        return None
    name, handle = printable(account["name"] or "").strip(), printable(account["handle"])
    return _cut(f"{name} ({handle})" if name and name != handle else handle)


def _language(code: str | None) -> str | None:
    return code if code and _LANGUAGE.fullmatch(code) else None


def _attachment(item: Mapping[str, Any]) -> Attachment | None:
    url = address(item["url"])
    kind = item.get("content_type") or (mimetypes.guess_type(urlsplit(url).path)[0] if url else None)
    kind = kind or _USUAL.get(item["type"])
    return Attachment(url, kind, item.get("size")) if url and kind else None
