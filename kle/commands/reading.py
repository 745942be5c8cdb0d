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
    account: Annotated[
        str, typer.Option(metavar="HANDLE", help="Kind file: whose archive it is, where it does not say: @handle.")
    ] = "",
) -> None:
    """Read payloads or pages without a database.

    Prints a JSON line for each post, {"file", "post": {...}}, or problem, {"file", "error"}, and after each file
    {"file", "posts": N, "problems": M}. A file that cannot be read is a problem too; the others go on. Exit code 1
    if nothing could be read though there was something.

    Example: kle parse --kind article --url https://news.example/talks talks.html
    """
    from collector import kinds

    reader = kinds.kind(kind)
    if account and not reader.slices:
        output.fail(f"--account says whose archive a file is; kind {kind} reads none")
    posts = problems = 0
    for name in files:
        for line in _lines(name, reader, url, account):
            output.print_json({"file": name, **line})
        posts, problems = posts + line["posts"], problems + line["problems"]  # the last line counts
    if problems and not posts:
        raise typer.Exit(1)


def _lines(name: str, kind: "Kind", url: str, account: str) -> Iterator[dict[str, Any]]:
    from core.errors import KleError
    from core.post import Problem, to_json

    posts = problems = 0
    try:
        for item in (item for page in _pages(kind, Path(name), url, account) for item in kind.parse(page)):
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


def _pages(kind: "Kind", path: Path, url: str, account: str) -> "Iterator[Page]":
    """The file whole; or slice by slice with what lies beside it, where its kind is files."""
    from collector import local

    if not kind.slices:
        yield local.read(path, url)
        return
    from collector.platforms.file import MISSING

    told = set()
    for page in kind.slices(path, url=url, account=account):
        missing = page.headers.get(MISSING)
        if missing and missing not in told:
            output.note(output.printable(f"{path}: {missing}"))
        told.add(missing)
        yield page
