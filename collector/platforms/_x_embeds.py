"""Posts of X in a page, in the forms found in the wild. A form reads one kind of element.

Share buttons, links in running text, timelines and notices that a post is gone are no embeds.
"""

import re
from collections.abc import Iterator
from itertools import islice

from lxml.html import HtmlElement

from collector.platforms import _embed, _signature, _x, _x_records
from collector.platforms._embed import Embed
from collector.platforms._signature import Signature
from collector.reading import dates, markup

_CLASSED = re.compile(
    r"(?:^|\s)(?:twitter-(?:tweet|video)(?:-(?:rendered|error|lazy))?|twitter[_-]embed|tweet-(?:blockquote|embed)"
    r"|embedded-tweet)(?:\s|$)",
    re.I,
)
_ID_ATTRIBUTES = (
    "data-tweetid", "data-tweet-id", "data-twitter-tweet-id", "data-twitter-id", "tweet-id", "tweetid",
    "data-tweet", "data-status-id",
)  # fmt: skip
_OTHER_IDS = ("data-id", "data-embed-id", "data-post-id", "id", "data-content-id")
_SAYING = ("class", "id", "data-provider", "data-embed-provider", "data-type", "data-embed-type")
_ABOUT_X = re.compile(r"tweet|twitter", re.I)
_SNOWFLAKE = re.compile(r"(?:(?:twitter|embed|lazy)[_-]?)?(?:tweet[_-]?(?:embed[_-]?)?)?(\d{15,19})", re.I)
_PICTURE = re.compile(r"^pic\.(?:twitter|x)\.com/\w+$")
_WAITING = re.compile(
    r"(?:loading|chargement|wird geladen|lädt|cargando|caricamento|yükleniyor|تحميل)\b.{0,30}", re.I
)
_EMPTY_SIGNATURE = re.compile(r"\s*[—–-]?\s*@?\s*\(@\)\s*$")
_CARD = re.compile(r"embedly-card|iframely|twitter-(?:tweet|card|embed)|tweet-embed|embedded-tweet|twitter2todom"
                   r"|oembed|lazy-tweet", re.I)  # fmt: skip
_PASSED_OVER = frozenset(
    {
        "html",
        "body",
        "head",
        "meta",
        "link",
        "script",
        "form",
        "input",
        "img",
        "button",
        "a",
        "blockquote",
        "iframe",
        "amp-iframe",
        "source",
        "svg",
        "use",
        "path",
        "main",
        "time",
    }
)
_MOST_LINKS = 5
_MOST_NODES = 200


def quote(element: HtmlElement, page_url: str) -> Iterator[Embed]:
    """A blockquote, whether it has X's class, a post's id, or only looks signed."""
    if not _quoted_by(element) and not _frame(element) and _belongs(element):
        yield from _read(element, page_url)


def classed(element: HtmlElement, page_url: str) -> Iterator[Embed]:
    """Another element with the class of a quote, which a sanitiser or an author put in its place."""
    if not _CLASSED.search(element.get("class") or "") or any(True for _ in element.iter("blockquote", "iframe")):
        return
    if _own_links(element):
        yield from _read(element, page_url)


def _frame(element: HtmlElement) -> bool:
    """A quote around quotes that come by themselves: it has no end of its own outside of them."""
    inner = next(islice(element.iter("blockquote"), 1, None), None)
    if inner is None:
        return False
    return not _marked(element) or (_belongs(inner) and not _ends(element))


def _quoted_by(element: HtmlElement) -> bool:
    """It lies in another post, whose own end comes behind it."""
    around = next((a for a in islice(element.iterancestors(), 8) if a.tag == "blockquote"), None)
    if around is None or not _marked(around):
        return False
    ends, seen = _ends(around), False
    if not ends:
        return False
    for node in islice(around.iter("a", "blockquote"), _MOST_NODES):
        seen = seen or node is element
        if node is ends[0]:
            return seen
    return False


def _ends(element: HtmlElement) -> list[HtmlElement]:
    """The links to posts behind a signature that are not in a quote inside it."""
    return [link for link in _own_links(element) if _nearest_quote(link) is element and _signed(element, link)]


def _nearest_quote(node: HtmlElement) -> HtmlElement | None:
    return next((a for a in islice(node.iterancestors(), 20) if a.tag == "blockquote"), None)


def _belongs(element: HtmlElement) -> bool:
    """Marked as an embed, or signed like one around a link to the post."""
    if _marked(element) or _addressed(element) or ("placeholder" in element.attrib and _wrapped(element)[1]):
        return True
    links = _own_links(element)
    if not links:
        return False
    text, shown = "\n".join(markup.lines(element)), _shown(links[-1])
    if _signature.at_end(text) or any(p.get("lang") and p.get("dir") for p in islice(element.iter("p"), 3)):
        return True
    return text.endswith(shown) and (dates.day_in_words(shown) is not None or _embed.is_pointer(shown))


def _marked(element: HtmlElement) -> bool:
    return bool(_CLASSED.search(element.get("class") or "") or _identified(element))


def _read(element: HtmlElement, page_url: str) -> Iterator[Embed]:
    whole, link, signature = _end(element)
    named = _x.status(link.get("href")) if link is not None else None
    handle, status_id = named or _addressed(element) or (None, _identified(element))
    if not status_id:
        handle, status_id = _wrapped(element)
    text = whole[: signature.start].rstrip() if signature else _without(whole, link)
    text = "" if _WAITING.fullmatch(text) else text
    if _x.is_notice(text) or (not text and not status_id):
        return
    post = _x.quoted(
        text=text, status_id=status_id, handle=handle, signature=signature, page_url=page_url,
        links=_links(element, link, whole=signature is None), lang=_language(element),
    )  # fmt: skip
    if post:
        yield Embed(post, element, markup.lines(element))


def _end(element: HtmlElement) -> tuple[str, HtmlElement | None, Signature | None]:
    """The text up to its signature, the post's own link, and the signature. An unclosed quote swallows the article,
    so the first signed link ends it."""
    links = _own_links(element)
    for link in links[:_MOST_LINKS]:
        if signature := _signed(element, link):
            return "\n".join(markup.lines(element, until=link)), link, signature
    whole = "\n".join(markup.lines(element))
    if signature := _signature.at_end(whole, bare=True):
        own = [a for a in links if _author(a) == signature.handle.lower()]
        return whole, own[-1] if own else links[-1] if links else None, signature
    return whole, links[-1] if links else None, None


def _signed(element: HtmlElement, link: HtmlElement) -> Signature | None:
    """The signature that this link ends, if it is one's own: by its author, or with a date."""
    found = _signature.at_end("\n".join(markup.lines(element, until=link)), bare=True)
    if found and (_author(link) in (None, found.handle.lower()) or found.day):
        return found
    return None


def _author(link: HtmlElement) -> str | None:
    named = _x.status(link.get("href"))
    return named[0].lower() if named and named[0] else None


def _own_links(element: HtmlElement) -> list[HtmlElement]:
    return [a for a in islice(element.iter("a"), _MOST_NODES) if _x.status(a.get("href"))]


def _shown(link: HtmlElement) -> str:
    return " ".join("".join(link.itertext()).split())


def _addressed(element: HtmlElement) -> tuple[str | None, str] | None:
    """The post whose address is an attribute of a quote: cite, or a lazy loader's."""
    return next((found for value in _embed.addresses(element) if (found := _x.status(value))), None)


def _identified(element: HtmlElement) -> str | None:
    for name in _ID_ATTRIBUTES:
        value = (element.get(name) or "").strip()
        if value.isascii() and value.isdecimal() and 7 < len(value) < 20:
            return value
    return None


def _wrapped(element: HtmlElement) -> tuple[str | None, str | None]:
    """The post that a wrapper around it names, where it names none itself."""
    for around in islice(element.iterancestors(), 3):
        if around.tag not in _PASSED_OVER and (named := _named(around)):
            return named
    return None, None


def _without(text: str, link: HtmlElement | None) -> str:
    """An unsigned embed ends with its own link, which shows its address or date."""
    shown = _shown(link) if link is not None else ""
    if shown and text.endswith(shown):
        text = text[: -len(shown)].rstrip()
    return re.sub(r"\s*[—–]\s*$", "", _EMPTY_SIGNATURE.sub("", text))


def _links(element: HtmlElement, own: HtmlElement | None, *, whole: bool) -> tuple[str, ...]:
    """Where the post itself leads, up to its signature; mentions and hashtags are its text."""
    found: list[str] = []
    for anchor in element.iter("a"):
        shown = "".join(anchor.itertext()).strip()
        url = f"https://{shown}" if _PICTURE.match(shown) else markup.absolute(anchor.get("href"), "")
        if anchor is own and not whole:
            break
        if url and anchor is not own and not shown.startswith(("#", "@", "$", ".@")):
            found.append(url)
    return tuple(dict.fromkeys(found))


def _language(element: HtmlElement) -> str | None:
    return next((p.get("lang") for p in element.iter("p", "div") if p.get("lang")), element.get("lang"))


def named(element: HtmlElement, page_url: str) -> Iterator[Embed]:
    """What names a post in its attributes: amp-twitter, oembed, the blocks of lazy loaders and editors."""
    if element.tag in _PASSED_OVER:
        return
    handle, status_id = _named(element) or (None, None)
    if not status_id or any(_belongs(quote) for quote in islice(element.iter("blockquote"), 3)):
        return
    record = _x_records.of(element)
    if record is None and _own_links(element) and _signature.at_end("\n".join(markup.lines(element))):
        yield from _read(element, page_url)
        return
    text, signature = _x_records.told(record, handle) if record else ("", None)
    post = _x.quoted(text=text, status_id=status_id, handle=handle, signature=signature, page_url=page_url)
    if post:
        yield Embed(post, element, text.split("\n"))


def _named(element: HtmlElement) -> tuple[str | None, str] | None:
    """The post whose id or address an attribute holds, if the element says that it is for embedding."""
    if _embed.shares(element) or not _embed.embeds(element):
        return None
    if number := _identified(element):
        return None, number
    for value in _embed.addresses(element):
        if named := _x.status(value) or (_x.inside(value) if "%2F" in value else None):
            return named
    if record := _x_records.of(element):
        return _x_records.named(record)
    said = [str(element.tag), *(element.get(name) or "" for name in _SAYING)]
    if not _ABOUT_X.search(" ".join(said)):
        return None
    numbers = (_SNOWFLAKE.fullmatch((element.get(name) or "").strip()) for name in _OTHER_IDS)
    return next(((None, match[1]) for match in numbers if match), None)


def card(element: HtmlElement, page_url: str) -> Iterator[Embed]:
    """A link that a script turns into the post, and a block that shows nothing but the post's address."""
    if element.tag == "a":
        said = f"{element.get('class')} {element.get('data-component-name')} {' '.join(element.attrib)}"
        address = element.get("href") if _CARD.search(said) and not _embed.shares(element) else None
    else:
        address = _embed.lone_address(element)
    yield from _bare(_x.status(address), element, page_url)


def frame(element: HtmlElement, page_url: str) -> Iterator[Embed]:
    """A frame that shows the post, loaded already or later."""
    number = _identified(element)
    found: tuple[str | None, str] | None = (None, number) if number else None
    if not found and not re.search(r"share|button|follow|intent", element.get("src") or "", re.I):
        found = next((f for value in _embed.addresses(element) if (f := _x.inside(value))), None)
    yield from _bare(found, element, page_url)


def script(element: HtmlElement, page_url: str) -> Iterator[Embed]:
    """Objects in a program's data that are posts by their type or the name of their field."""
    for found in _x_records.in_script(element.text or ""):
        yield from (embed._replace(element=None) for embed in _bare(found, element, page_url))


def _bare(found: tuple[str | None, str] | None, element: HtmlElement | None, page_url: str) -> Iterator[Embed]:
    """A post of which the page tells only which it is."""
    if found:
        handle, status_id = found
        post = _x.quoted(text="", status_id=status_id, handle=handle, signature=None, page_url=page_url)
        if post:
            yield Embed(post, element, [])
