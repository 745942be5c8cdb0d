"""One kind's pages, made before anything is timed, and checked against its reader."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from benchmarks.drafts import drafts
from collector import kinds
from collector.kinds import Kind
from core import plugins
from core.errors import ParseError, SettingsError
from core.page import Page
from core.post import Problem, SeenPost

_FOLDER = "benchmarks/payloads"


@dataclass(frozen=True, slots=True)
class Job:
    """`name` is its kind, for files with the format; `posts` is what each page holds, as the kind parses it."""

    name: str
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


def names(asked: Sequence[str] = ()) -> list[str]:
    """Every kind of source, or those asked for; files by their formats ("file/x_api").

    Raises SettingsError for one that there is not, or that nobody can make pages of.
    """
    for kind in asked:
        kinds.kind(kind)
    formats = [f"file/{name}" for name in plugins.names("collector.formats")]
    found = [name for kind in asked or kinds.names() for name in (formats if kind == "file" else [kind])]
    for name in found:
        maker(name)
    return found


def job(name: str, posts: int) -> Job:
    """Raises SettingsError where the maker and the reader are out of step: nothing else would be timed then."""
    making, kind = maker(name), kinds.kind(name.partition("/")[0])
    made = list(drafts(posts, making.MOST))
    pages = tuple(making.page(page) for page in made)
    read = tuple(tuple(_sound(name, kind, page)) for page in pages)
    found = {post.id for page in read for post in page}
    if len(found) != posts or list(map(len, read)) != list(map(len, made)):
        raise SettingsError(
            "kind", name, f"{posts} drafts became {len(found)} posts: {making.__name__} does not fit its reader"
        )
    return Job(name, kind, making.decode, pages, read)


def maker(name: str) -> Any:
    place = f"{_FOLDER}/{name.replace('file/', 'formats/', 1)}"
    package, _, module = place.replace("/", ".").rpartition(".")
    found = plugins.one(package, module)
    if found is None:
        raise SettingsError("kind", name, f"has no payloads: write {place}.py; its package says what it offers")
    return found


def _sound(name: str, kind: Kind, page: Page) -> list[SeenPost]:
    try:
        items = list(kind.parse(page))
        wrong = next((item.error for item in items if isinstance(item, Problem)), None)
    except ParseError as error:
        items, wrong = [], error.message
    if wrong:
        raise SettingsError("kind", name, f"cannot read what {maker(name).__name__} made: {wrong}")
    return [item for item in items if isinstance(item, SeenPost)]
