"""RSS 0.9x, 1.0, 2.0 and Atom into plain entries, by feedparser, with what real feeds do wrong."""

import html
import io
import re
from calendar import timegm
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import feedparser

from collector.platforms import _challenge
from collector.platforms._entry import Entry, Feed
from collector.reading import markup
from collector.target import is_web_address
from core.errors import ParseError
from core.post import Media, Problem

_DECLARATION = re.compile(r"^<\?xml[^>]*\?>\s*", re.I)
Raw = dict[str, Any]  # feedparser's dictionaries
_DESCRIBED = re.compile(  # Media RSS says of a picture what is to be seen, inside its element
    r"<media:content\b(?P<names>[^>]*[^>/])>(?P<before>(?:(?!</media:content).)*?)"
    r"<media:description\b[^>]*>(?P<said>.*?)</media:description\s*>",
    re.S | re.I,
)
_ALT = "described"  # the attribute in which that is handed on: feedparser does not say what an inner element is of
_STANDARD = re.compile(  # sets of characters that feeds of RSS 1.0 and 0.91 name in their DTD; nobody loads them
    r"""<!ENTITY\s+%\s+[\w.-]+\s+PUBLIC\s+["']-//(?:W3C|Netscape)[^>]{0,300}>\s*(?:%[\w.-]{1,60};)?"""
)
_BARE = re.compile(r"(<!\[CDATA\[.*?\]\]>)|&(?!#?\w{1,40};)", re.S)  # R&D: XML's readers stop, loose ones add signs
_NOT_FEEDS = {"urlset": "a sitemap", "sitemapindex": "an index of sitemaps", "opml": "a list of feeds (OPML)"}
_RSS_IN_RDF = re.compile(r"purl\.org/rss/|netscape\.com/rdf/simple")
_ROOT = re.compile(r"<(?:\w+:)?([A-Za-z][\w.-]*)[\s>/]")
_DEFINITION = re.compile(r"<!ENTITY[^>]*", re.I)
_HARMLESS = re.compile(r"""<!ENTITY\s+[\w.-]+\s+("(?:[^"&%]|&#){0,200}"|'(?:[^'&%]|&#){0,200}')\s*$""", re.I)
_COMMENT = re.compile(r"<!--.*?-->", re.S)
_LONGEST_PROLOG = 200_000
_ROOT_END = re.compile(r"</(?:\w+:)?(?:rss|rdf|feed|channel)\s*>|<(?:\w+:)?(?:rdf|feed|channel)\b[^<>]*/>", re.I)
_START = re.compile(r"<(?:\w+:)?(?:item|entry)[\s>]", re.I)
_END = re.compile(r"</(?:\w+:)?(?:item|entry)\s*>", re.I)
_READABLE = re.compile(r"text/|application/xhtml")
_HTML = re.compile(r"<!doctype\s+html|<html[\s>]", re.I)
_SUFFIXES = {"jpg": "image", "jpeg": "image", "png": "image", "webp": "image", "gif": "image", "mp4": "video",
             "mp3": "audio", "m4a": "audio"}  # fmt: skip
_FEED = re.compile(r"<(?:\w+:)?(?:rss|rdf|feed|channel)[\s>]", re.I)


def read(text: str, page_url: str) -> tuple[Feed, Iterator[Entry | Problem]]:
    """Raises ParseError for a page, for another document, and for one that was built to do harm."""
    body = _STANDARD.sub("", _DECLARATION.sub("", text.lstrip()))
    body = _BARE.sub(lambda found: found[1] or "&amp;", body) if "&" in body else body
    body = _DESCRIBED.sub(_with_alt, body) if "<media:description" in body else body
    _refuse_page(body, page_url)
    _refuse_bombs(body)
    found = _feedparser(body)
    entries: list[Raw] = found["entries"]
    if not found.get("version") and not entries:
        _refuse_others(body)
    return _feed(found["feed"]), _entries(entries, body)


def _with_alt(found: re.Match[str]) -> str:
    said = found["said"].strip()
    inner = said[9:-3] if said.startswith("<![CDATA[") and said.endswith("]]>") else html.unescape(said)
    alt = html.escape(" ".join(markup.plain(inner).split()))
    return f'<media:content{found["names"]} {_ALT}="{alt}">{found["before"]}'


def _refuse_others(body: str) -> None:
    """What has neither entries nor a version is no feed, but for one that is still empty."""
    root = _ROOT.search(_COMMENT.sub("", body[:_LONGEST_PROLOG]))
    name = root[1].lower() if root else ""
    if name in _NOT_FEEDS:
        raise ParseError(f"this is {_NOT_FEEDS[name]}, not a feed; name a feed itself")
    if name != "channel" and not (name == "rdf" and _RSS_IN_RDF.search(body)):
        raise ParseError("there is no feed in this document; is it RSS, Atom or JSON Feed?")


def _feedparser(body: str) -> Raw:
    stream = io.BytesIO(b'<?xml version="1.0" encoding="utf-8"?>\n' + body.encode("utf-8", "replace"))
    headers = {"content-type": "application/xml; charset=utf-8"}  # no address: it would be joined to bare guids
    try:  # a stream, for feedparser takes text for an address or a file to open
        found: Raw = feedparser.parse(
            stream, response_headers=headers, sanitize_html=False, resolve_relative_uris=False
        )
    except Exception as error:  # whatever its many readers raise on broken input
        raise ParseError(f"this feed cannot be read: {type(error).__name__}: {error}") from error
    return found


def _refuse_page(body: str, page_url: str) -> None:
    head = body[:2000]
    if not _HTML.search(head) or _FEED.search(head):
        return
    root = markup.tree(body)
    title = next(iter(root.iter("title")), None) if root is not None else None
    shown = " ".join(markup.lines(title)) if title is not None else ""
    if root is not None and (why := _challenge.reason(root, shown, body)):
        raise ParseError(why)
    feeds = [] if root is None else [
        markup.absolute(link.get("href"), page_url) or link.get("href") or ""
        for link in root.iter("link")
        if "alternate" in (link.get("rel") or "") and re.search(r"rss|atom|feed\+json", link.get("type") or "")
    ]  # fmt: skip
    named = f"it names {', '.join(feeds[:5])}" if feeds else "and it names none"
    raise ParseError(f"this is a web page, not a feed; {named}")


def _refuse_bombs(body: str) -> None:
    """Entities are defined before the root element or nowhere; a plain character is all that one may stand for."""
    prolog = _COMMENT.sub("", body[:_LONGEST_PROLOG])
    root = _FEED.search(prolog)
    defined = _DEFINITION.findall(prolog[: root.start()] if root else prolog)
    if not all(_HARMLESS.match(definition) for definition in defined):
        raise ParseError("this feed defines entities by other entities or files, as attacks do; it was not read")


def _feed(feed: Raw) -> Feed:
    itself = [link.get("href", "") for link in feed.get("links", []) if link.get("rel") == "self"]
    return Feed(
        title=feed.get("title", ""),
        home=feed.get("link", ""),
        itself=itself[0] if itself else "",
        lang=feed.get("language", "") or feed.get("title_detail", {}).get("language") or "",
    )


def _entries(entries: list[Raw], body: str) -> Iterator[Entry | Problem]:
    """All complete entries; where the document breaks off, the last one may be half an entry and is left out."""
    starts, ends = len(_START.findall(body)), [m.end() for m in _END.finditer(body)]
    broken_off = not _ROOT_END.search(body, max(ends, default=0))
    half = broken_off and starts > len(ends) and len(entries) >= starts
    complete = entries[:-1] if half else entries
    if broken_off and not complete:
        raise ParseError("this feed breaks off before its first entry ends")
    yield from map(_entry, complete)
    if broken_off:
        left = ", and its last entry is cut off and was left out" if half else ""
        yield Problem(f"this feed breaks off: its end is missing{left}", body[-500:])


def _entry(raw: Raw) -> Entry | Problem:
    try:
        content, kind, base, lang = _content(raw)
        return Entry(
            guid=(raw.get("id") or "").strip() or None,
            link=_link(raw),
            title=_title(raw),
            content=content,
            markup=kind != "text/plain",
            published=_written(raw, "published") or _written(raw, "updated") or _written(raw, "created"),
            moment=_moment(raw),
            lang=lang or raw.get("language") or raw.get("dc_language") or "",
            base=base,
            media=tuple(_media(raw)),
            categories=tuple(t.get("term") or "" for t in raw.get("tags", [])),
        )
    except (AttributeError, TypeError, ValueError, KeyError) as error:  # feedparser's odd shapes
        return Problem(f"an entry of this feed cannot be read: {error}", str(raw)[:500])


def _written(raw: Raw, name: str) -> str:
    """What stands under this very name: feedparser's own get() falls back on others, and warns."""
    return str(dict.get(raw, name) or "")


def _title(raw: Raw) -> str:
    """As written, but an Atom title that says it is plain text is not read as markup."""
    title = str(raw.get("title", ""))
    detail = raw.get("title_detail", {})
    return title.replace("&", "&amp;").replace("<", "&lt;") if detail.get("type") == "text/plain" else title


def _link(raw: Raw) -> str:
    alternate = [link.get("href", "") for link in raw.get("links", []) if link.get("rel") == "alternate"]
    guid = raw.get("link") if is_web_address(raw.get("id") or "") else ""  # a bare guid is no link
    return str(raw.get("feedburner_origlink") or next(filter(None, alternate), guid) or "").strip()


def _content(raw: Raw) -> tuple[str, str, str, str]:
    """The fullest content: text, its type, base address and language."""
    parts = [*raw.get("content", [])]
    if raw.get("summary"):
        parts.append({**raw.get("summary_detail", {}), "value": raw["summary"]})
    readable = [p for p in parts if p.get("value") and _READABLE.match(str(p.get("type") or "text/html"))]
    if not readable:
        return "", "text/html", "", ""
    best = max(readable[: len(raw.get("content", [])) or 1], key=lambda p: len(p["value"]))
    return best["value"], best.get("type") or "text/html", best.get("base") or "", best.get("language") or ""


def _moment(raw: Raw) -> datetime | None:
    for name in ("published", "updated", "created"):
        if _written(raw, name):
            parsed = dict.get(raw, f"{name}_parsed")
            return datetime.fromtimestamp(timegm(parsed), UTC) if parsed and 1 <= parsed[0] <= 9999 else None
    return None


def _media(raw: Raw) -> Iterator[Media]:
    for item in raw.get("enclosures", []):
        yield Media(_type(item), item.get("href") or "")
    for item in raw.get("media_content", []):
        yield Media(item.get("medium") or _type(item), item.get("url") or "", item.get(_ALT) or None)
    for item in raw.get("media_thumbnail", []):
        yield Media("image", item.get("url") or "")


def _type(item: Raw) -> str:
    kind = (item.get("type") or "").partition("/")[0]
    if kind in ("image", "video", "audio"):
        return str(kind)
    suffix = (item.get("url") or item.get("href") or "").split("?")[0].rpartition(".")[2].lower()
    return _SUFFIXES.get(suffix, "file")
