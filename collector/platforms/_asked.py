"""A known post asked for by its id: the page that answers, and what it means that there is none any more.

The same question serves a kind's own look after what has vanished, and `recheck`.
"""

from collections.abc import Callable, Collection, Iterator
from dataclasses import replace
from typing import Any

from collector.fetch import Fetcher
from collector.platforms import _answers as answers
from core.errors import ParseError
from core.page import Page
from core.post import Problem, SeenPost

GONE = (404, 410)
JSON = {"accept": "application/json"}


def one(
    fetcher: Fetcher,
    url: str,
    platform_id: str,
    *,
    headers: dict[str, str] | None = None,
    also: Collection[int] = GONE,
) -> Iterator[Page]:
    """The page at `url`, also one whose status is in `also`, with the post that it was asked about."""
    if page := fetcher.get(url, headers=headers, also=also):
        yield replace(page, about=(platform_id,), state={})


def sound(page: Page, read: Callable[[Any], object]) -> bool:
    """Whether the page can be read, `read` being what parse makes of its JSON; if not, it is asked for again."""
    try:
        return page.status in GONE or read(answers.document(page)) is not None
    except ParseError:
        return False


def deleted(page: Page, platform: str, kind: str) -> SeenPost:
    """What a page that is gone says. Raises ParseError where nobody knows which post it was."""
    if len(page.about) != 1:
        raise ParseError(f"{page.url} is gone, and nobody knows which post it was")
    return SeenPost(platform, page.about[0], kind, None, "", deleted=True)


def gone_from_api(page: Page, platform: str, kind: str) -> SeenPost | Problem:
    """As `deleted`, where a web page instead of the API's own 404 may be a server that moved or is being mended."""
    if page.status == 404 and page.body.lstrip()[:1] == b"<":
        told = f"{page.url} is answered by a web page that is not there, which says nothing of the post"
        return Problem(told, ", ".join(page.about))
    return deleted(page, platform, kind)
