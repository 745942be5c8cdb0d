"""Posts of Bluesky in a page: its blockquote, its frame, blocks of editors that name one.

An id is did/rkey. An embed that names its post by the author's handle alone cannot be told apart from a later
owner's of that handle: it is a problem that says so.
"""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import islice
from urllib.parse import unquote

import orjson
from lxml.html import HtmlElement

from collector.platforms import _answers as answers
from collector.platforms import _bluesky, _embed
from collector.platforms._embed import Embed
from collector.reading import dates, language, markup
from core import times
from core.post import Account, Precision, Problem, SeenPost, View

_ACTOR = r"(did:[a-z]+:[\w.:-]+|[a-z0-9][a-z0-9-]*(?:\.[a-z0-9-]+)+)"
_NAMES = re.compile(
    rf"at://{_ACTOR}/app\.bsky\.feed\.post/(\w+)|//embed\.bsky\.app/embed/{_ACTOR}/app\.bsky\.feed\.post/(\w+)"
    rf"|//(?:www\.)?(?:bsky\.app|main\.bsky\.dev|deer\.social)/profile/{_ACTOR}/post/(\w+)",
    re.I,
)
_SIGNATURE = re.compile(r"(?:^|\s|(?<=\S))(?:—|–|--?|―)\s*([^\n]{0,120}?)\s*\(\s*@([\w.:-]+)\s*\)\s*([^\n]{0,60})$")
_PLACEHOLDER = re.compile(r"\s*\[(?:image|video|image or embed|embed|bild|imagen?|immagine)[^\]]{0,20}\]\s*$", re.I)
_CLOCK = re.compile(r"\s+(?:at|um|à|a las|a la|alle|om|às|kl\.?)\s+\d.*$|,?\s*\d{1,2}[:.]\d\d.*$", re.I)
_NEAR = timedelta(days=2)
_MOST_LINKS = 200
_LONGEST = 20_000


def quote(element: HtmlElement, page_url: str) -> Iterator[Embed]:
    """Bluesky's own blockquote, or one that a sanitiser left of it: signed, with a link to the post."""
    classed = "bluesky-embed" in (element.get("class") or "").lower() or bool(element.get("data-bluesky-uri"))
    named = _named(element)
    if not named:
        return
    lines = [line for line in markup.lines(element) if not _PLACEHOLDER.fullmatch(line)]
    signature = _SIGNATURE.search("\n".join(lines))
    if classed or signature:
        yield Embed(_post(*named, element, lines, signature, page_url), element, lines)


def block(element: HtmlElement, page_url: str) -> Iterator[Embed]:
    """A block for embedding that names the post in an attribute, or shows nothing but its address."""
    if element.tag in ("a", "blockquote", "iframe", "link", "meta", "body", "html") or _embed.shares(element):
        return
    found = _first(_embed.addresses(element)) if _embed.embeds(element) else None
    if not found and (address := _embed.lone_address(element)):
        found = _first([address])
    if found and not any(True for _ in element.iter("blockquote")):
        yield Embed(_told(_post(*found, element, [], None, page_url), element), element, [])


def _told(post: SeenPost | Problem, element: HtmlElement) -> SeenPost | Problem:
    """With what the block's own data say: newsletters keep the whole post as JSON in an attribute."""
    for value in element.attrib.values():
        if isinstance(post, SeenPost) and len(value) < _LONGEST and value.lstrip().startswith("{"):
            try:
                data = orjson.loads(value)
            except orjson.JSONDecodeError:
                continue
            text, handle, name = (answers.text(data, key) for key in ("text", "authorHandle", "authorName"))
            return replace(
                post,
                text=markup.plain_lines(text),
                account=Account(_bluesky.PLATFORM, f"@{handle.lower()}", name or None) if handle else post.account,
                created_at=_exact(answers.text(data, "createdAt")) or post.created_at,
                lang=language.resolve(None, text),
            )
    return post


def frame(element: HtmlElement, page_url: str) -> Iterator[Embed]:
    found = _first(v for v in _embed.addresses(element) if "bsky.app/embed/" in v or "at://" in v)
    if found:
        yield Embed(_post(*found, element, [], None, page_url), element, [])


def _named(element: HtmlElement) -> tuple[str, str] | None:
    """(author, rkey): the DID where anything in the quote tells it, for links name some posts by handle."""
    links = (a.get("href") or "" for a in islice(element.iter("a"), _MOST_LINKS))
    found = [pair for value in [*_embed.addresses(element), *links] if (pair := _first([value]))]
    if not found:
        return None
    own = found[0] if element.get("data-bluesky-uri") else found[-1]
    return next((pair for pair in found if pair[1] == own[1] and pair[0].startswith("did:")), own)


def _first(values: Iterator[str] | list[str]) -> tuple[str, str] | None:
    for value in values:
        if len(value) < 2000 and (found := _NAMES.search(unquote(value))):
            actor, rkey = (part for part in found.groups() if part)
            return actor if actor.startswith("did:") else actor.lower(), rkey
    return None


def _post(
    actor: str, rkey: str, element: HtmlElement, lines: list[str], signature: re.Match[str] | None, page_url: str
) -> SeenPost | Problem:
    whole = "\n".join(lines)
    text = _PLACEHOLDER.sub("", whole[: signature.start()].rstrip() if signature else whole)
    if not actor.startswith("did:"):
        return Problem(
            f"this embed of Bluesky names its post by handle alone (@{actor}, {rkey}): an id needs the DID",
            text[:500],
        )
    shown = signature[2].lower() if signature else ""
    handle = shown if "." in shown and not shown.startswith("did:") else ""
    created, precision = _when(rkey, signature[3] if signature else "")
    return SeenPost(
        platform=_bluesky.PLATFORM,
        platform_id=f"{actor}/{rkey}",
        kind="post",
        account=Account(_bluesky.PLATFORM, f"@{handle}" if handle else actor,
                        (signature[1].strip(" \u200e\u200f") or None) if signature else None),
        text=_embed.spaced(text, element) if lines else text,
        url=f"https://bsky.app/profile/{handle or actor}/post/{rkey}",
        lang=language.resolve(next((p.get("lang") for p in element.iter("p") if p.get("lang")), None), text),
        created_at=created,
        precision=precision,
        links=_links(element, rkey) if lines else (),
        view=View.QUOTE,
        embedded_in=page_url,
    )  # fmt: skip


def _when(rkey: str, shown: str) -> tuple[datetime | None, Precision]:
    """The time that is shown; where only a day is, the record key's own, if the two agree."""
    if exact := _exact(shown):
        return exact, "second"
    day = dates.day_in_words(shown.strip()) or dates.day_in_words(_CLOCK.sub("", shown.strip()))
    moment = _bluesky.tid_time(rkey)
    if moment and (not day or abs(moment - day) <= _NEAR):
        return moment, "second"
    return day, "day" if day else "seen"


def _exact(shown: str) -> datetime | None:
    """A whole time in ISO 8601, to the fraction of a second: as the platform's own record has it."""
    found = dates.iso(shown.strip())
    if not found or found.precision != "second":
        return None
    try:
        return times.parse(shown)
    except ValueError:  # "2026-5-4T9:00Z"
        return found.moment


def _links(element: HtmlElement, rkey: str) -> tuple[str, ...]:
    """Where the post leads; itself, its author, mentions and hashtags are no links of it."""
    found: list[str] = []
    for anchor in islice(element.iter("a"), _MOST_LINKS):
        url, shown = markup.absolute(anchor.get("href"), ""), "".join(anchor.itertext()).strip()
        own = url and re.search(r"//(?:www\.)?bsky\.app/(?:profile/[^/?]+/?(?:$|\?)|hashtag/)", url)
        if url and not own and f"/post/{rkey}" not in url and not shown.startswith(("#", "@")):
            found.append(url)
    return tuple(dict.fromkeys(found))
