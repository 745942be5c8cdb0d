"""What addresses and words of X look like in other people's pages."""

import re
from collections.abc import Iterator
from datetime import timedelta
from urllib.parse import unquote

from collector.platforms._signature import Signature
from collector.reading import language
from collector.reading.wrapped import unwrapped
from core import ids
from core.post import Account, Problem, SeenPost, View

_HOST = (
    r"(?:www\.|mobile\.|m\.)?(?:twitter\.com|x\.com|(?:fx|vx|fixv|fixup|twitt)(?:itter|twitter|pr|x)\.com|xcancel\.com"
    r"|nitter\.[a-z0-9.-]+)(?::443)?"
)
_STATUS = rf"{_HOST}/+(?:#!/)?(?:i/web|i|@?([A-Za-z0-9_]{{1,20}}))/status(?:es)?/+(\d{{1,19}})(?!\d)"
STATUS = re.compile(rf"^(?:https?:)?//{_STATUS}", re.I)
_INSIDE = re.compile(rf"[?&#=](?:https?:)?//{_STATUS}", re.I)
_FRAME = re.compile(
    r"//platform\.(?:twitter|x)\.com/embed/(?:Tweet|index)\.html[^\"'\s]*?[?&#;]id=(\d{1,19})(?!\d)"
    r"|//(?:www\.)?(?:twitter|x)\.com/i/(?:videos/(?:tweet/)?|cards/tfw/v1/)(\d{1,19})(?!\d)"
    r"|/twitter(?:\.min)?\.html#(\d{1,19})(?!\d)",
    re.I,
)
NOTICE = re.compile(
    r"\W*(?:sorry\W+)?(?:(?:this|that|the)\s+(?:post|tweet|page|account)\b.{0,40}?\b(?:deleted|unavailable|withheld|"
    r"doesn.t exist|does not exist|no longer|isn.t available|not available|suspended|owner limits)"
    r"|account\s+(?:doesn.t exist|owner limits|is suspended)|you.re unable to view this"
    r"|you are not authorized to see this|hmm\W+this page doesn.t exist)",
    re.I,
)
_NOBODY = frozenset({"i", "anyuser", "user", "statuses", "twitter_status", "web"})


def status(href: str | None) -> tuple[str | None, str] | None:
    """(handle, status id) of a link to a post."""
    found = STATUS.match((href or "").strip())
    return _handle_and_id(found) if found else None


def linked(href: str | None) -> tuple[str | None, str] | None:
    """The same of a link as a page shows it, which may lead there by an archive or a filter of links."""
    return status(href) or (status(unwrapped(href.strip())) if href and "status" in href else None)


def framed(address: str) -> tuple[str | None, str] | None:
    """The post that a frame of the platform's own shows."""
    found = _FRAME.search(address)
    return (None, next(filter(None, found.groups()))) if found else None


def inside(address: str) -> tuple[str | None, str] | None:
    """The post whose address another address is, or is handed."""
    asked = _INSIDE.search(unquote(address)) if "status" in address else None
    return _handle_and_id(asked) if asked else status(address)


def _handle_and_id(found: re.Match[str]) -> tuple[str | None, str]:
    return (found[1] if found[1] and found[1].lower() not in _NOBODY else None), found[2]


def statuses(links: Iterator[tuple[str | None, str]]) -> dict[tuple[str, str], str]:
    """(handle, what is shown) -> status id of links to posts: so a signature without its quote tells its id."""
    found: dict[tuple[str, str], str] = {}
    for href, shown in links:
        named = linked(href)
        if named and named[0]:
            found.setdefault((named[0].lower(), shown), named[1])
    return found


def is_notice(text: str) -> bool:
    """What the platform shows in place of a post that is gone."""
    return len(text) < 200 and bool(NOTICE.match(text))


def quoted(
    *, text: str, status_id: str | None, handle: str | None, signature: Signature | None, page_url: str,
    links: tuple[str, ...] = (), lang: str | None = None,
) -> SeenPost | Problem | None:  # fmt: skip
    """A post as someone else's page shows it; None where nobody can be named as its author."""
    author = (signature.handle if signature else None) or handle
    if not author and not status_id:
        return None
    day = signature.day if signature else None
    exact = ids.x_time(status_id) if status_id else None
    if exact and day and not timedelta(days=-3) <= exact - day <= timedelta(days=3):
        shown = f"{day:%Y-%m-%d}"
        return Problem(
            f"the post's id {status_id} is of {exact:%Y-%m-%d}, but the page dates it {shown}", text[:500]
        )
    created = exact or day
    return SeenPost(
        platform="x",
        platform_id=status_id or ids.recovered_id(author or "", day, text),
        kind="post",
        account=Account("x", f"@{author}", (signature.name or None) if signature else None) if author else None,
        text=text,
        url=f"https://x.com/{author or 'i/web'}/status/{status_id}" if status_id else None,
        lang=language.resolve(lang, text),
        created_at=created,
        precision="second" if exact else "day" if day else "seen",
        links=links,
        view=View.QUOTE,
        embedded_in=page_url,
    )
