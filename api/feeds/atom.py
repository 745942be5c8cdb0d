"""Atom (RFC 4287), with tombstones (RFC 6721) for posts that were deleted or erased."""

from lxml import etree

from api.feeds.entries import Entry, Feed
from core.version import SOFTWARE, version

MEDIA_TYPE = "application/atom+xml"
ATOM, GONE = "http://www.w3.org/2005/Atom", "http://purl.org/atompub/tombstones/1.0"
_LANG = "{http://www.w3.org/XML/1998/namespace}lang"


def write(feed: Feed) -> bytes:
    root = etree.Element(f"{{{ATOM}}}feed", nsmap={None: ATOM, "at": GONE})
    _add(root, "id", feed.id)
    _add(root, "title", feed.title)
    _add(root, "updated", feed.updated)
    _add(root, "link", rel="self", type=MEDIA_TYPE, href=feed.address)
    _add(root, "link", rel="alternate", type="text/html", href=feed.page)
    _add(root, "generator", SOFTWARE, version=version())
    _add(_add(root, "author"), "name", SOFTWARE)
    for entry in feed.entries:
        _write(root, entry)
    return bytes(etree.tostring(root, encoding="utf-8", xml_declaration=True))


def _write(root: etree._Element, entry: Entry) -> None:
    if entry.gone:
        etree.SubElement(root, f"{{{GONE}}}deleted-entry", ref=entry.id, when=entry.gone)
        return
    made = _add(root, "entry")
    if entry.lang:
        made.set(_LANG, entry.lang)
    _add(made, "id", entry.id)
    _add(made, "title", entry.title)
    _add(made, "updated", entry.updated)
    if entry.published:
        _add(made, "published", entry.published)
    _add(made, "link", rel="alternate", type="text/html", href=entry.page)
    if entry.original:
        _add(made, "link", rel="via", href=entry.original)
    for item in entry.attachments:
        size = {"length": str(item.size)} if item.size is not None else {}
        _add(made, "link", rel="enclosure", type=item.media_type, href=item.url, **size)
    if entry.author:
        _add(_add(made, "author"), "name", entry.author)
    for slug, name in entry.topics:
        _add(made, "category", term=slug, label=name)
    _add(made, "content", entry.content, type="html")


def _add(parent: etree._Element, name: str, text: str | None = None, **attributes: str) -> etree._Element:
    made = etree.SubElement(parent, f"{{{ATOM}}}{name}", attributes)
    made.text = text
    return made
