"""`kle parse`: what a kind reads in a payload, without a database."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from kle import output

if TYPE_CHECKING:
    from collector.kinds import Kind
    from core.page import Page


def register(app: typer.Typer) -> None:
    app.command()(parse)


def parse(
    files: Annotated[list[str], typer.Argument(metavar="FILE...", help="Payloads or pages, as saved.")],
    kind: Annotated[
        str, typer.Option(metavar="K", help="The kind of source they are from: feed, article, file ...")
    ],
    url: Annotated[str, typer.Option(help="The public address that the files stand for.")] = "",
) -> None:
    """Read payloads or pages without a database.

    Prints a JSON line for each post, {"file", "post": {...}}, or problem, {"file", "error"}, and after each file
    {"file", "posts": N, "problems": M}. A file that cannot be read is a problem too; the others go on.

    Example: kle parse --kind article --url https://news.example/talks talks.html
    """
    from collector import kinds

    reader = kinds.kind(kind)
    for name in files:
        for line in _lines(name, reader, url):
            output.print_json({"file": name, **line})


def _lines(name: str, kind: "Kind", url: str) -> Iterator[dict[str, Any]]:
    from core.errors import KleError
    from core.post import Problem, to_json

    posts = problems = 0
    try:
        for item in (item for page in _pages(kind, Path(name), url) for item in kind.parse(page)):
            if isinstance(item, Problem):
                problems += 1
                yield {"error": item.error}
            else:
                posts += 1
                yield {"post": to_json(item)}
    except KleError as error:
        problems += 1
        yield {"error": error.message}
    yield {"posts": posts, "problems": problems}


def _pages(kind: "Kind", path: Path, url: str) -> "Iterator[Page]":
    """The file whole; or slice by slice with what lies beside it, where its kind is files."""
    from collector import local

    slices = getattr(kind, "slices", None)
    yield from slices(path, url=url) if slices else [local.read(path, url)]
