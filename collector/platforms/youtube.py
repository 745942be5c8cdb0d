"""YouTube by the feed of a channel or playlist: its 15 newest videos, without a key.

[[source]] kind = "youtube": `channel` as "UC..." or the channel's address that holds it, or `playlist` as "PL...";
`base_url` asks another server. A video that leaves the feed is not deleted: only the newest are in it. `recheck`
asks the site's oEmbed for one by its id: it shows a title alone, which is a lesser view and no edit.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Any, Self
from urllib.parse import quote, urlencode

from lxml import etree
from pydantic import model_validator

from collector.fetch import Fetcher
from collector.platforms import _answers as answers
from collector.platforms import _asked
from collector.platforms._account import AccountOptions, saved
from collector.reading import charset, markup
from core.errors import ParseError
from core.page import Page
from core.post import Account, Asked, Media, Problem, SeenPost, View

_SITE = "https://www.youtube.com"
_CHANNEL = re.compile(r"(?:.*[/=])?(UC[A-Za-z0-9_-]{22})(?:[/?&#].*)?")
_VIDEO = re.compile(r"[A-Za-z0-9_-]{6,20}")
_OWNER = re.compile(r"/channel/(UC[A-Za-z0-9_-]+)")
_THUMBNAIL = re.compile(r"^https?://i\d*\.ytimg\.com/")
_ADDRESS = re.compile(r"https?://[^\s<>\"]+")
_DECLARATION = re.compile(r"^<\?xml[^>]*\?>\s*", re.I)
_PAGE = re.compile(r"<!doctype\s+html|<html[\s>]", re.I)
_YT, _ATOM = "{http://www.youtube.com/xml/schemas/2015}", "{http://www.w3.org/2005/Atom}"
_MEDIA, _TOMBSTONE = "{http://search.yahoo.com/mrss/}", "{http://purl.org/atompub/tombstones/1.0}"
_EMBED = re.compile(r"/embed/([A-Za-z0-9_-]{6,20})")
_NO_EMBED = 401  # the video stands, and may not be embedded
_UNSAID = (400, 403)  # unless it says _CLOSED, this is of the question and not of the video
_CLOSED = b"Forbidden"  # all that is said of a private video, once also under 200
MOST_RECHECKS = 100  # known videos, asked for in one go
Element = etree._Element


class Target(AccountOptions):
    channel: str = ""
    playlist: str = ""

    @model_validator(mode="after")
    def _named(self) -> Self:
        if self.channel.startswith("@") or "/@" in self.channel:
            raise ValueError(
                "needs the channel's id, not its @name: its page shows it under About, Share, Copy channel ID"
            )
        if not self.path and not self.playlist and not _CHANNEL.fullmatch(self.channel.strip()):
            raise ValueError('needs channel = "UC..." (24 characters) or playlist = "PL..."')
        return self

    @property
    def address(self) -> str:
        found = _CHANNEL.fullmatch(self.channel.strip())
        which = f"channel_id={found[1]}" if found else f"playlist_id={quote(self.playlist, safe='')}"
        return f"{self.server(_SITE)}/feeds/videos.xml?{which}"


def fetch(target: Target, fetcher: Fetcher, state: dict[str, Any]) -> Iterator[Page]:
    if target.path:
        yield from saved(target, fetcher, state)
    elif page := fetcher.get(target.address, state):
        yield page


def recheck(target: Target, fetcher: Fetcher, state: dict[str, Any], posts: Sequence[Asked]) -> Iterator[Page]:
    """Known videos, each asked for by itself."""
    for post in [post for post in posts if _VIDEO.fullmatch(post.platform_id)][:MOST_RECHECKS]:
        asked = urlencode({"url": f"{_SITE}/watch?v={post.platform_id}", "format": "json"})
        address = f"{target.server(_SITE)}/oembed?{asked}"
        also = (*_asked.GONE, _NO_EMBED, *_UNSAID)
        yield from _asked.one(fetcher, address, post.platform_id, headers=_asked.JSON, also=also)


def parse(page: Page) -> Iterator[SeenPost | Problem]:
    """The videos of a feed, or the one that oEmbed was asked about."""
    if page.about or page.body.lstrip()[:1] == b"{":
        yield from _checked(page)
    else:
        yield from _feed(page)


def _checked(page: Page) -> Iterator[SeenPost | Problem]:
    """A private video is as gone as a deleted one; that a video may not be embedded says nothing new of it."""
    if page.status in _asked.GONE or page.body.strip() == _CLOSED:
        yield _asked.deleted(page, "youtube", "video")
    elif page.status in _UNSAID:
        told = f"YouTube answered {page.status} instead of telling whether the video stands"
        yield Problem(told, ", ".join(page.about))
    elif page.status != _NO_EMBED:
        document = answers.document(page)
        if not isinstance(document, dict) or "html" not in document:
            raise ParseError("this JSON is no answer of oEmbed: it has no html")
        yield from answers.every([document], lambda answer: _titled(answer, page))


def _titled(answer: Any, page: Page) -> SeenPost:
    shown = _EMBED.search(answers.needed(answer, "html"))
    number = next(iter(page.about), shown[1] if shown else "")
    if shown is None or shown[1] != number:
        raise ValueError("this answer of oEmbed is not of the video that was asked for")
    title = " ".join(answers.needed(answer, "title").split())
    return SeenPost("youtube", number, "video", None, title, url=f"{_SITE}/watch?v={number}", view=View.ENTRY)


def _feed(page: Page) -> Iterator[SeenPost | Problem]:
    """The videos of a feed in its order. One that breaks off gives those that are whole, and a problem."""
    text = charset.decode(page.body, page.headers.get("content-type", "")).strip()
    root = _root(_DECLARATION.sub("", text))
    entries = root.findall(f"{_ATOM}entry")
    whole = "</feed>" in text[-200:]
    complete = entries if whole else entries[: text.count("</entry>")]
    if not whole and not complete:
        raise ParseError("this feed breaks off before its first video ends")
    yield from answers.every([*complete, *root.iter(f"{_TOMBSTONE}deleted-entry")], _read, _shown)
    if not whole:
        yield Problem("this feed breaks off; the videos after this place are missing", text[-200:])


def _root(text: str) -> Element:
    if not text:
        raise ParseError("this feed is empty: not one character came")
    if _PAGE.search(text[:1000]):
        raise ParseError("this is a web page, not the feed of a channel")
    parser = etree.XMLParser(recover=True, resolve_entities=False, no_network=True, load_dtd=False)
    try:
        root: Element | None = etree.fromstring(text.encode("utf-8", "replace"), parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise ParseError(f"this is no feed: {error}") from None
    if root is None or root.tag != f"{_ATOM}feed":
        raise ParseError("this is no Atom feed, as those of YouTube are")
    if root.find(f"{_ATOM}entry") is not None and root.find(f".//{_YT}videoId") is None:
        raise ParseError("there is no video in this feed; read other feeds as kind feed")
    return root


def _read(entry: Element) -> SeenPost | None:
    if entry.tag == f"{_TOMBSTONE}deleted-entry":
        return SeenPost("youtube", _number(str(entry.get("ref", ""))), "video", None, "", deleted=True)
    number = _number(_text(entry, f"{_YT}videoId") or _text(entry, f"{_ATOM}id"))
    title = _text(entry, f"{_ATOM}title") or _text(entry, f"{_MEDIA}group/{_MEDIA}title")
    about = markup.plain_lines(_text(entry, f"{_MEDIA}group/{_MEDIA}description"))
    return SeenPost(
        platform="youtube",
        platform_id=number,
        kind="video",
        account=_account(entry),
        text="\n\n".join(part for part in (" ".join(title.split()), about) if part),
        url=_url(entry) or f"{_SITE}/watch?v={number}",
        created_at=answers.moment({"published": _text(entry, f"{_ATOM}published")}, "published"),
        links=tuple(dict.fromkeys(found.rstrip(".,;:!?)]}'") for found in _ADDRESS.findall(about))),
        media=tuple(_thumbnail(entry)),
        metrics=_metrics(entry),
    )


def _shown(entry: Element) -> str:
    return etree.tostring(entry, encoding="unicode", with_tail=False)[:500]


def _text(entry: Element, path: str) -> str:
    return charset.clean(entry.findtext(path) or "").strip()


def _number(name: str) -> str:
    number = name.rpartition(":")[2]
    if not _VIDEO.fullmatch(number):
        raise ValueError(f"videoId {name[:60]!r} is none")
    return number


def _account(entry: Element) -> Account | None:
    """The channel by its id, which stays when its @name changes; feeds do not show that name."""
    owner = _OWNER.search(_text(entry, f"{_ATOM}author/{_ATOM}uri"))
    number = _text(entry, f"{_YT}channelId") or (owner[1] if owner else "")
    number = number if not number or number.startswith("UC") else f"UC{number}"
    return Account("youtube", number, _text(entry, f"{_ATOM}author/{_ATOM}name") or None) if number else None


def _url(entry: Element) -> str | None:
    """Where to watch it: a short's address says that it is one."""
    links = [link for link in entry.findall(f"{_ATOM}link") if link.get("rel", "alternate") == "alternate"]
    return next((url for link in links if (url := markup.absolute(link.get("href"), _SITE))), None)


def _thumbnail(entry: Element) -> Iterator[Media]:
    """Its picture, at the name that its many servers share: another number is no change of the video."""
    for picture in entry.findall(f"{_MEDIA}group/{_MEDIA}thumbnail")[:1]:
        if url := markup.absolute(picture.get("url"), _SITE):
            yield Media("image", _THUMBNAIL.sub("https://i.ytimg.com/", url))


def _metrics(entry: Element) -> dict[str, int | None]:
    community = f"{_MEDIA}group/{_MEDIA}community/"
    likes, views = entry.find(f"{community}{_MEDIA}starRating"), entry.find(f"{community}{_MEDIA}statistics")
    found = {"count": likes.get("count") if likes is not None else None}
    found["views"] = views.get("views") if views is not None else None
    return answers.counts(found, {"likes": "count", "views": "views"})
