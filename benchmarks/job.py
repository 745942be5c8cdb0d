"""One kind's pages, made before anything is timed, and checked against its reader."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from benchmarks.drafts import drafts
from collector import kinds
from collector.kinds import Kind
from core import plugins
from core.errors import ParseError, SettingsError
from core.page import Page
from core.post import Problem, SeenPost

_PACKAGE = "benchmarks.payloads"


@dataclass(frozen=True, slots=True)
class Job:
    """`posts` is what each page holds, as its kind parses it."""

    kind: Kind
    decode: Callable[[bytes], Any]
    pages: tuple[Page, ...]
    posts: tuple[tuple[SeenPost, ...], ...]

    @property
    def count(self) -> int:
        return sum(map(len, self.posts))

    @property
    def size(self) -> int:
        return sum(len(page.body) for page in self.pages)


def names() -> list[str]:
    """Every kind of source that there is. Raises SettingsError for one that nobody can make pages of."""
    for name in kinds.names():
        maker(name)
    return kinds.names()


def job(name: str, posts: int) -> Job:
    """Raises SettingsError where the maker and the reader are out of step: nothing else would be timed then."""
    making, kind = maker(name), kinds.kind(name)
    made = list(drafts(posts, making.MOST))
    pages = tuple(making.page(page) for page in made)
    read = tuple(tuple(_sound(kind, page)) for page in pages)
    found = {post.id for page in read for post in page}
    if len(found) != posts or list(map(len, read)) != list(map(len, made)):
        raise SettingsError(
            "kind", name, f"{posts} drafts became {len(found)} posts: {_PACKAGE}.{name} does not fit its reader"
        )
    return Job(kind, making.decode, pages, read)


def maker(name: str) -> Any:
    found = plugins.one(_PACKAGE, name)
    if found is None:
        raise SettingsError(
            "kind",
            name,
            f"has no payloads: write benchmarks/payloads/{name}.py; {_PACKAGE} says what it offers",
        )
    return found


def _sound(kind: Kind, page: Page) -> list[SeenPost]:
    try:
        items = list(kind.parse(page))
        wrong = next((item.error for item in items if isinstance(item, Problem)), None)
    except ParseError as error:
        items, wrong = [], error.message
    if wrong:
        raise SettingsError("kind", kind.name, f"cannot read what {_PACKAGE}.{kind.name} made: {wrong}")
    return [item for item in items if isinstance(item, SeenPost)]
