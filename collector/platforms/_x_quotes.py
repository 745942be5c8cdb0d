"""Posts of X as quotes: the blockquote of X's own snippet, whole, sanitised, unclosed or only signed like one."""

import re
from collections.abc import Iterator
from itertools import islice

from lxml.html import HtmlElement

from collector.platforms import _embed, _signature, _x, _x_names
from collector.platforms._embed import Embed
from collector.platforms._signature import Signature
from collector.reading import dates, markup
from collector.reading.wrapped import unwrapped

_CLASSED = re.compile(
    r"(?:^|\s)(?:twitter-(?:tweet|video)(?:-(?:rendered|error|lazy))?|twitter[_-]embed|tweet-(?:blockquote|embed(?:-\w+)?)"
    r"|embedded-tweet)(?:\s|$)",
    re.I,
)
_RENDERED = re.compile(r"(?:^|\s)(?:react-tweet|static-tweet|onebox twitterstatus)", re.I)
_RENDERED_WORDS = re.compile(r"(?:^|\s|-)tweet(?:-body|-text|$|\s)|lang$", re.I)
_PICTURE = re.compile(r"^pic\.(?:twitter|x)\.com/\w+$")
_WAITING = re.compile(
    r"(?:loading|chargement|wird geladen|lädt|cargando|caricamento|yükleniyor|تحميل|.{0,10}読み込み中)\b.{0,30}",
    re.I,
)
_EMPTY_SIGNATURE = re.compile(r"\s*[—–-]?\s*@?\s*\(@\)\s*$")
_MOST_LINKS = 5
_MOST_NODES = 200


def quote(element: HtmlElement, page_url: str) -> Iterator[Embed]:
    """A blockquote, whether it has X's class, a post's id, or only looks signed."""
    if not _quoted_by(element) and not _frame(element) and belongs(element):
        yield from read(element, page_url)


def classed(element: HtmlElement, page_url: str) -> Iterator[Embed]:
    """Another element with the class of a quote, which a sanitiser or an author put in its place."""
    if not _CLASSED.search(element.get("class") or "") or any(True for _ in element.iter("blockquote", "iframe")):
        return
    if links(element):
        yield from read(element, page_url)


def rendered(element: HtmlElement, page_url: str) -> Iterator[Embed]:
    """A post that the site's own server has drawn: its words are in the paragraph that has a language."""
    own = links(element) if _RENDERED.search(element.get("class") or "") else []
    if not own or any(True for _ in element.iter("blockquote", "iframe")):
        return
    words = next((node for node in element.iter("p", "div") if _RENDERED_WORDS.search(_saying(node))), None)
    lines = markup.spaced(words) if words is not None else []
    handle, status_id = _x.linked(own[0].get("href")) or (None, None)
    post = _x.quoted(
        text="\n".join(lines), status_id=status_id, handle=handle, signature=None, page_url=page_url,
        lang=words.get("lang") if words is not None else None,
    )  # fmt: skip
    if post:
        yield Embed(post, element, [line for line in lines if line])


def _saying(node: HtmlElement) -> str:
    return f"{node.get('class')} {'lang' if node.get('lang') else ''}"


def _frame(element: HtmlElement) -> bool:
    """A quote around quotes that come by themselves: it has no end of its own outside of them."""
    inner = next(islice(element.iter("blockquote"), 1, None), None)
    if inner is None:
        return False
    return not _marked(element) or (belongs(inner) and not _ends(element))


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
    return [link for link in links(element) if _nearest_quote(link) is element and _signed(element, link)]


def _nearest_quote(node: HtmlElement) -> HtmlElement | None:
    return next((a for a in islice(node.iterancestors(), 20) if a.tag == "blockquote"), None)


def belongs(element: HtmlElement) -> bool:
    """Marked as an embed, or signed like one around a link to the post."""
    if (
        _marked(element)
        or _x_names.addressed(element)
        or ("placeholder" in element.attrib and _x_names.wrapped(element))
    ):
        return True
    own = links(element)
    if not own:
        return False
    text, shown = "\n".join(markup.lines(element)), _shown(own[-1])
    if _signature.at_end(text) or any(p.get("lang") and p.get("dir") for p in islice(element.iter("p"), 3)):
        return True
    return text.endswith(shown) and (dates.day_in_words(shown) is not None or _embed.is_pointer(shown))


def _marked(element: HtmlElement) -> bool:
    return bool(_CLASSED.search(element.get("class") or "") or _x_names.identified(element))


def read(element: HtmlElement, page_url: str) -> Iterator[Embed]:
    """The post that a quote shows; nothing where it shows a notice, or nobody can say whose it is."""
    whole, link, signature = _end(element)
    named = _x.linked(link.get("href")) if link is not None else None
    handle, status_id = named or _x_names.addressed(element) or _x_names.wrapped(element) or (None, None)
    status_id = (named and named[1]) or _x_names.identified(element) or status_id
    text = whole[: signature.start].rstrip() if signature else _without(whole, link)
    text = "" if _WAITING.fullmatch(text) else text
    if _x.is_notice(text) or (not text and not status_id):
        return
    post = _x.quoted(
        text=_embed.spaced(text, element), status_id=status_id, handle=handle, signature=signature,
        page_url=page_url, links=_leads(element, link, whole=signature is None), lang=_language(element),
    )  # fmt: skip
    if post:
        yield Embed(post, element, markup.lines(element))


def _end(element: HtmlElement) -> tuple[str, HtmlElement | None, Signature | None]:
    """The text up to the end of its signature, the post's own link, and the signature.

    An unclosed quote swallows the article, so the first signed link ends it.
    """
    own = links(element)
    for link in own[:_MOST_LINKS]:
        if signature := _signed(element, link):
            return "\n".join(markup.lines(element, until=link)), link, signature
    whole = "\n".join(markup.lines(element))
    if signature := _signature.at_end(whole, bare=True):
        own = [a for a in own if _author(a) == signature.handle.lower()] or own
    return whole, own[-1] if own else None, signature


def _signed(element: HtmlElement, link: HtmlElement) -> Signature | None:
    """The signature that this link ends, if it is one's own: by its author, or with a date."""
    found = _signature.at_end("\n".join(markup.lines(element, until=link)), bare=True)
    if found and (_author(link) in (None, found.handle.lower()) or found.day):
        return found
    return None


def _author(link: HtmlElement) -> str | None:
    named = _x.linked(link.get("href"))
    return named[0].lower() if named and named[0] else None


def links(element: HtmlElement) -> list[HtmlElement]:
    """The links to posts in it; without those in a quote inside it, where there are others."""
    found = [a for a in islice(element.iter("a"), _MOST_NODES) if _x.linked(a.get("href"))]
    return [a for a in found if _nearest_quote(a) is element] or found


def _shown(link: HtmlElement) -> str:
    return " ".join("".join(link.itertext()).split())


def _without(text: str, link: HtmlElement | None) -> str:
    """An unsigned embed ends with its own link, which shows its address or date."""
    shown = _shown(link) if link is not None else ""
    if shown and text.endswith(shown):
        text = text[: -len(shown)].rstrip()
    return re.sub(r"\s*[—–]\s*$", "", _EMPTY_SIGNATURE.sub("", text))


def _leads(element: HtmlElement, own: HtmlElement | None, *, whole: bool) -> tuple[str, ...]:
    """Where the post itself leads, up to its signature; mentions and hashtags are its text."""
    found: list[str] = []
    for anchor in element.iter("a"):
        shown = "".join(anchor.itertext()).strip()
        url = markup.absolute(unwrapped((anchor.get("href") or "").strip()), "")
        if not url and _PICTURE.match(shown):
            url = f"https://{shown}"
        if anchor is own and not whole:
            break
        if url and anchor is not own and not shown.startswith(("#", "@", "$", ".@")):
            found.append(url)
    return tuple(dict.fromkeys(found))


def _language(element: HtmlElement) -> str | None:
    return next((p.get("lang") for p in element.iter("p", "div") if p.get("lang")), element.get("lang"))
