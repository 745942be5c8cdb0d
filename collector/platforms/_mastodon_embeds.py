"""Posts of Mastodon in a page: the frame of its servers, and the blockquote that they write since 4.3.

Neither shows the post's text: what a page tells is which post it is, by whom, and when, for its number holds that.
"""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from urllib.parse import unquote

from lxml.html import HtmlElement

from collector.platforms import _embed, _mastodon
from collector.platforms._embed import Embed
from collector.reading import language, markup
from collector.reading.wrapped import unwrapped
from core.post import Account, Problem, SeenPost, View

_HOST = r"https?://([a-z0-9.-]+\.[a-z]{2,}(?::\d+)?)"
_USER = r"(?:@|users/)([A-Za-z0-9_.-]+)(?:@([a-z0-9.-]+))?"
_EMBED = re.compile(rf"{_HOST}/{_USER}/(?:statuses/)?(\d+)/embed/?(?:[?#]|$)", re.I)
_STATUS = re.compile(rf"{_HOST}/{_USER}/(?:statuses/)?(\d{{15,19}})/?(?:[?#]|$)", re.I)
_APART = frozenset({"truthsocial.com"})  # runs Mastodon's program, but speaks with no other server
_EARLIEST, _LATEST = datetime(2017, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)


def quote(element: HtmlElement, page_url: str) -> Iterator[Embed]:
    if "mastodon-embed" not in (element.get("class") or "").lower():
        return
    links = [a.get("href") or "" for a in element.iter("a")]
    found = _first([*_embed.addresses(element), *links], _EMBED) or _first(links, _STATUS)
    if found:
        lines = _own_lines(element)
        yield Embed(_post(found, "\n".join(lines), page_url), element, markup.lines(element))


def frame(element: HtmlElement, page_url: str) -> Iterator[Embed]:
    if found := _first(list(_embed.addresses(element)), _EMBED):
        yield Embed(_post(found, "", page_url), element, [])


def block(element: HtmlElement, page_url: str) -> Iterator[Embed]:
    """An editor's block that holds the post's address; only Mastodon's own block names no other sites."""
    said = f"{element.get('class')} {element.get('data-provider')}".lower()
    if element.tag == "oembed":
        found = _first(list(_embed.addresses(element)), _STATUS)
    elif "mastodon" in said and (address := _embed.lone_address(element)):
        found = _first([address], _STATUS)
    else:
        return
    if found:
        yield Embed(_post(found, "", page_url), element, [])


def _first(values: list[str], form: re.Pattern[str]) -> re.Match[str] | None:
    found = (form.match(unquote(unwrapped(value.strip())).strip()) for value in values)
    return next((match for match in found if match and match[1].lower() not in _APART), None)


def _own_lines(element: HtmlElement) -> list[str]:
    """The lines outside of the link that servers write: a logo, the author and "View on Mastodon"."""
    linked = {line for a in element.iter("a") if _STATUS.match(a.get("href") or "") for line in markup.lines(a)}
    return [line for line in markup.lines(element) if line not in linked]


def _post(found: re.Match[str], text: str, page_url: str) -> SeenPost | Problem:
    host, user, home, number = found[1].lower(), found[2], found[3], found[4]
    if home and home.lower() != host:
        return Problem(
            f"this embed shows a post of @{user}@{home} as {host} keeps it; only {home} tells its number", found[0]
        )
    created = _moment(int(number))
    return SeenPost(
        platform=_mastodon.PLATFORM,
        platform_id=f"{host}/{number}",
        kind="post",
        account=Account(_mastodon.PLATFORM, f"@{user}@{host}"),
        text=text,
        url=f"https://{host}/@{user}/{number}",
        lang=language.resolve(None, text) if text else None,
        created_at=created,
        precision="second" if created else "seen",
        view=View.QUOTE,
        embedded_in=page_url,
    )


def _moment(number: int) -> datetime | None:
    """Milliseconds over 16 bits of a counter; the numbers of Mastodon's first months hold no time."""
    try:
        found = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=number >> 16)
    except OverflowError:
        return None
    return found if _EARLIEST <= found < _LATEST else None
