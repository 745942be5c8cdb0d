"""Rounds without a database: pages are read, and their state kept once they are, as collect() does."""

from itertools import islice
from typing import Any

from collector import kinds
from collector.fetch import Fetcher
from collector.intake import merged
from core.page import Page
from core.post import Asked, Problem, SeenPost


class Source:
    """`look` is one round; `pages` lets it be cut off after so many, as by a kill."""

    def __init__(self, kind: str, fetcher: Fetcher, **options: Any) -> None:
        self.kind = kinds.kind(kind)
        self.target = kinds.target("s", kind, options)
        self.fetcher = fetcher
        self.state: dict[str, Any] = {}
        self.urls: list[str] = []

    def look(self, pages: int | None = None) -> list[SeenPost]:
        return [item for item in self.everything(pages) if isinstance(item, SeenPost)]

    def everything(self, pages: int | None = None) -> list[SeenPost | Problem]:
        found: list[SeenPost | Problem] = []
        for page in islice(self.kind.fetch(self.target, self.fetcher, self.state), pages):
            self.urls.append(page.url)
            found += self.kind.parse(page)
            self.state = merged(self.state, page.state)
            self.took(page)
        return found

    def took(self, page: Page) -> None:
        """A page was archived."""

    def recheck(self, *posts: Asked) -> list[SeenPost | Problem]:
        """What the kind's own question after known posts brings; its pages must leave the state alone."""
        module: Any = self.kind
        pages = list(module.recheck(self.target, self.fetcher, self.state, posts))
        assert all(page.state == {} and len(page.about) == 1 for page in pages)
        return [item for page in pages for item in self.kind.parse(page)]


def ids(posts: list[SeenPost]) -> list[str]:
    return [post.platform_id for post in posts]
