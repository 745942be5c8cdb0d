"""What a news page says of itself: its one address, title, site, date, language and picture."""

import re
import warnings
from collections.abc import Iterator
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

import htmldate
import orjson
from lxml.html import HtmlElement

from collector.reading import dates, markup
from collector.reading.charset import clean
from core.post import Media

Data = dict[str, Any]
_ARTICLE = re.compile(r"(?:Article|BlogPosting|Report|PressRelease|ClaimReview)$")
_MIRROR = re.compile(r"^(?:www|m|mobile|amp|en|ar|ku)\.")
_PUBLISHED = (
    "article:published_time", "og:article:published_time", "og:published_time", "datepublished", "parsely-pub-date",
    "sailthru.date", "dc.date.issued", "dcterms.created", "dc.date", "publishdate", "pubdate", "date",
)  # fmt: skip
_SUFFIX = re.compile(r"\s+[|–—·»-]\s+[^|–—·»]{2,60}$")


class Metadata:
    """Reads a page's head once; every property is plain text without markup."""

    def __init__(self, root: HtmlElement, page_url: str) -> None:
        self._root = root
        self._page_url = page_url
        self._meta = _meta(root)
        self._data = list(_linked_data(root))
        self._article: Data = next((d for d in self._data if _is_article(d)), {})

    @property
    def url(self) -> str:
        """rel=canonical, else og:url, else the page's own; another site's or a front page is not believed."""
        named = [
            link.get("href") for link in self._root.iter("link") if "canonical" in (link.get("rel") or "").lower()
        ]
        for href in [*named, self._meta.get("og:url")]:
            url = markup.absolute(href, self._page_url)
            if url and self._plausible(url):
                return url
        return self._page_url

    def _plausible(self, url: str) -> bool:
        if not self._page_url:
            return True
        own, other = urlsplit(self._page_url), urlsplit(url)
        if other.path in ("", "/") and own.path not in ("", "/"):
            return False
        return _site(own.hostname or "") == _site(other.hostname or "")

    @property
    def title(self) -> str:
        headings = [" ".join(markup.lines(h)) for h in self._root.iter("h1")]
        title = next((t for t in self._root.iter("title")), None)
        whole = " ".join(markup.lines(title)) if title is not None else ""
        named = (
            self._meta.get("og:title") or _text(self._article.get("headline")) or self._meta.get("twitter:title")
        )
        found = named or (headings[0] if len(headings) == 1 else "") or whole
        return _SUFFIX.sub("", found) if found == whole or self.site_name in found else found

    @property
    def site_name(self) -> str:
        publisher = self._article.get("publisher")
        named = _text(publisher.get("name")) if isinstance(publisher, dict) else ""
        return self._meta.get("og:site_name") or named or self._meta.get("application-name") or ""

    @property
    def language(self) -> str | None:
        html = self._root if self._root.tag == "html" else None
        declared = (
            (html.get("lang") or html.get("{http://www.w3.org/XML/1998/namespace}lang"))
            if html is not None
            else None
        )
        return declared or self._meta.get("og:locale") or self._meta.get("content-language")

    @property
    def images(self) -> tuple[Media, ...]:
        url = markup.absolute(self._meta.get("og:image") or self._meta.get("og:image:url"), self.url)
        return (Media("image", url, self._meta.get("og:image:alt")),) if url else ()

    def published(self, now: datetime) -> dates.When | None:
        """The exact time where the page states one, else the day."""
        stated = [
            when for value in self._dates() if (when := dates.iso(value)) and dates.plausible(when.moment, now)
        ]
        exact = next((when for when in stated if when.precision == "second"), None)
        return exact or (stated[0] if stated else None) or self._guessed(now)

    def _dates(self) -> Iterator[str]:
        yield from filter(None, (_text(d.get("datePublished")) for d in [self._article, *self._data]))
        yield from filter(None, (self._meta.get(name) for name in _PUBLISHED))
        for element in self._root.xpath(
            "//*[@itemprop='datePublished' or @pubdate or contains(@class, 'entry-date')]"
        ):
            yield element.get("datetime") or element.get("content") or ""
        times = self._root.xpath("//time[@datetime][ancestor::article or ancestor::header]/@datetime")
        yield from map(str, times[:1])

    def _guessed(self, now: datetime) -> dates.When | None:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                found = htmldate.find_date(
                    self._root, extensive_search=False, original_date=True, url=self.url or None
                )
        except Exception:  # a guess is not worth a page
            return None
        when = dates.iso(found) if found else None
        return when if when and dates.plausible(when.moment, now) else None


def _site(host: str) -> str:
    """The host without the names of its mobile and language editions; the last two labels of long names."""
    while (shorter := _MIRROR.sub("", host)) != host:
        host = shorter
    labels = host.split(".")
    return ".".join(labels[-2:]) if len(labels) > 2 and len(labels[-2]) > 3 else host


def _meta(root: HtmlElement) -> dict[str, str]:
    found: dict[str, str] = {}
    for element in root.iter("meta"):
        name = (
            element.get("property") or element.get("name") or element.get("itemprop") or element.get("http-equiv")
        )
        value = clean(element.get("content") or "").strip()
        if name and value:
            found.setdefault(name.strip().lower(), value)
    return found


def _linked_data(root: HtmlElement) -> Iterator[Data]:
    for script in root.iter("script"):
        if "ld+json" in (script.get("type") or ""):
            try:
                yield from _flat(orjson.loads(clean(script.text or "").strip().strip(";")))
            except orjson.JSONDecodeError:
                continue


def _flat(value: object) -> Iterator[Data]:
    if isinstance(value, list):
        for item in value:
            yield from _flat(item)
    elif isinstance(value, dict):
        yield value
        yield from _flat(value.get("@graph"))


def _is_article(data: Data) -> bool:
    kinds = data.get("@type")
    return any(isinstance(k, str) and _ARTICLE.search(k) for k in (kinds if isinstance(kinds, list) else [kinds]))


def _text(value: object) -> str:
    return markup.plain(value) if isinstance(value, str) else ""
