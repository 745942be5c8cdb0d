"""RSS 2.0. It knows no tombstones: what is gone leaves the feed."""

from email.utils import format_datetime

from lxml import etree

from api.feeds.atom import ATOM
from api.feeds.entries import Entry, Feed
from core import times
from core.version import SOFTWARE, version

MEDIA_TYPE = "application/rss+xml"
DC = "http://purl.org/dc/elements/1.1/"


def write(feed: Feed) -> bytes:
    root = etree.Element("rss", {"version": "2.0"}, nsmap={"atom": ATOM, "dc": DC})
    channel = _add(root, "channel")
    _add(channel, "title", feed.title)
    _add(channel, "link", feed.page)
    _add(channel, "description", "Public posts of offices and their partners, kept as they were seen.")
    if feed.lang:
        _add(channel, "language", feed.lang)
    _add(channel, "lastBuildDate", _date(feed.updated))
    _add(channel, "generator", f"{SOFTWARE} {version()}")
    _add(channel, f"{{{ATOM}}}link", rel="self", type=MEDIA_TYPE, href=feed.address)
    for entry in feed.standing:
        _write(_add(channel, "item"), entry)
    return bytes(etree.tostring(root, encoding="utf-8", xml_declaration=True))


def _write(item: etree._Element, entry: Entry) -> None:
    """RSS has no word for the time of an edit: Atom's is taken."""
    _add(item, "guid", entry.id, isPermaLink="false")
    _add(item, "title", entry.title)
    _add(item, "link", entry.page)
    _add(item, "description", entry.content)
    if entry.published:
        _add(item, "pubDate", _date(entry.published))
    _add(item, f"{{{ATOM}}}updated", entry.updated)
    if entry.author:
        _add(item, f"{{{DC}}}creator", entry.author)
    if entry.lang:
        _add(item, f"{{{DC}}}language", entry.lang)
    for slug, _ in entry.topics:
        _add(item, "category", slug)
    for one in entry.attachments[:1]:  # it knows one
        _add(item, "enclosure", url=one.url, length=str(one.size or 0), type=one.media_type)


def _date(moment: str) -> str:
    return format_datetime(times.parse(moment), usegmt=True)


def _add(parent: etree._Element, name: str, text: str | None = None, **attributes: str) -> etree._Element:
    made = etree.SubElement(parent, name, attributes)
    made.text = text
    return made
