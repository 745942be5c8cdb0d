"""`kle export`."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from kle import output


def register(app: typer.Typer) -> None:
    app.command()(export)


def export(
    query: Annotated[str | None, typer.Argument(help='Which posts, as in the search box; "" for all.')] = None,
    format_: Annotated[str, typer.Option("--format", help="csv or jsonl.")] = "",
    out: Annotated[Path | None, typer.Option(metavar="DIR", help="The folder of the release.")] = None,
    audience: Annotated[
        Literal["public", "internal"] | None,
        typer.Option(help="public obeys each platform's terms.", show_default="public"),
    ] = None,
    as_of: Annotated[
        str, typer.Option(metavar="TIME", help="What the archive knew then, a moment that has passed.")
    ] = "",
    warc: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="No release: the raw captures of these posts, or all, as WARC."),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace what is there.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Write a release: posts, tags and versions as files, with codebook, manifest and what was withheld.

    With --as-of posts, versions and tags as they were known then: the same command gives the same bytes next year,
    save for what is today's: names of accounts, the terms, wishes and erasures that came later.

    With --warc the evidence behind them: every capture that shows such a post as it was fetched, in a file for the
    replay tools of web archives. It is for the operator: it holds whole pages, texts of others among them.

    Examples: kle export 'topic:reform since:2025-01-01' --format csv --out reform-2025;
    kle export 'from:@CJTFOIR' --warc evidence.warc.gz;
    kle export "" --format jsonl --out all-of-2025 --as-of 2026-01-01
    """
    if warc:
        _refuse("--warc", {"--format": format_, "--out": out, "--audience": audience, "--as-of": as_of})
        _warc(query, warc, force, json)
        return
    if query is None or not format_ or out is None:
        output.fail("a release needs QUERY, --format and --out; the raw captures need --warc FILE")
    _release(query, as_of, format_, out, audience or "public", force, json)


def _refuse(option: str, others: dict[str, object]) -> None:
    for name, value in others.items():
        if value:
            output.fail(f"{name} belongs to a release, and {option} writes none; leave one of them out")


def _release(
    query: str,
    as_of: str,
    format_: str,
    out: Path,
    audience: Literal["public", "internal"],
    force: bool,
    json: bool,
) -> None:
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
            database, PostQuery.build(query, as_of=as_of), format_, out, audience,
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


def _warc(query: str | None, out: Path, force: bool, json: bool) -> None:
    from db.query import PostQuery
    from exports import warc
    from kle import runtime

    with runtime.archive() as (_, database), output.progress() as bar:
        task = bar.add_task("exporting", total=None)
        done = warc.export(
            database, PostQuery.build(query) if query else None, out,
            force=force, progress=lambda count: bar.advance(task, count),
        )  # fmt: skip
    if json:
        output.print_json(done)
        return
    records = ", ".join(f"{count} {kind}" for kind, count in done["records"].items())
    output.say(f"{out}: {done['captures']} captures, {done['bytes']} bytes ({records})")
    if done["erased"]:
        output.say(f"{done['erased']} of them were erased: their digests are told, not their bytes")
    output.note(
        "This file holds whole pages and answers, and with them texts that the terms of platforms and authors may"
        " not let you pass on. It is evidence for you; ask before you share it."
    )
