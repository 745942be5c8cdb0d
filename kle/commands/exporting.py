"""`kle export`."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from kle import output


def register(app: typer.Typer) -> None:
    app.command()(export)


def export(
    query: Annotated[str, typer.Argument(help='Which posts, as in the search box; "" for all.')],
    format_: Annotated[str, typer.Option("--format", help="csv or jsonl.")],
    out: Annotated[Path, typer.Option(metavar="DIR", help="The folder of the release.")],
    audience: Annotated[
        Literal["public", "internal"], typer.Option(help="public obeys each platform's terms.")
    ] = "public",
    force: Annotated[bool, typer.Option("--force", help="Replace a release that is there.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Write a release: posts, tags and versions as files, with codebook, manifest and what was withheld.

    Example: kle export 'topic:reform since:2025-01-01' --format csv --out reform-2025
    """
    from core import plugins
    from db.query import PostQuery
    from exports import release
    from kle import runtime

    formats = plugins.load("exports.formats")
    if format_ not in formats:
        output.fail(f"there is no format {format_!r}; there are {', '.join(formats)}")
    with runtime.archive() as (_, database), output.progress() as bar:
        task = bar.add_task("exporting", total=None)
        done = release.export(
            database, PostQuery.build(query), format_, out, audience,
            force=force, progress=lambda count: bar.advance(task, count),
        )  # fmt: skip
    if json:
        output.print_json(done)
        return
    for file in done["files"]:
        rows = f"{file['rows']} rows, " if file["rows"] is not None else ""
        output.say(f"{out / file['path']}: {rows}{file['bytes']} bytes")
    for entry in done["withheld"]:
        output.say(f"withheld: text of {entry['posts']} posts on {entry['platform']}: {entry['why']}")
