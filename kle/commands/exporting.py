"""`kle export`: releases, what differs between two, whether one is still true, and the raw captures."""

import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from kle import output

if TYPE_CHECKING:
    from exports.order import Order

_WORD = "diff"  # `kle export diff A B`


def register(app: typer.Typer) -> None:
    app.command()(export)


def export(
    query: Annotated[str | None, typer.Argument(help='Which posts, as in the search box; "" for all.')] = None,
    releases: Annotated[
        list[Path] | None, typer.Argument(metavar="[A B]", help="After the word diff: two releases.")
    ] = None,
    format_: Annotated[str, typer.Option("--format", help="csv, jsonl or parquet.")] = "",
    out: Annotated[Path | None, typer.Option(metavar="DIR", help="The folder of the release.")] = None,
    audience: Annotated[
        Literal["public", "internal"] | None,
        typer.Option(help="public obeys each platform's terms.", show_default="public"),
    ] = None,
    as_of: Annotated[
        str, typer.Option(metavar="TIME", help="What the archive knew then; else all that it knows.")
    ] = "",
    tables: Annotated[
        list[str] | None,
        typer.Option(metavar="NAMES", help="Some: posts,tags,versions,metrics,sightings,runs."),
    ] = None,
    columns: Annotated[
        list[str] | None, typer.Option(metavar="NAMES", help="Some only: text,account.handle,tags.topic; id stays.")
    ] = None,
    pseudonyms: Annotated[
        bool, typer.Option("--pseudonyms", help="Other names for accounts that belong to no actor.")
    ] = False,
    bom: Annotated[bool, typer.Option("--bom", help="CSV: begin with the mark that Excel knows UTF-8 by.")] = False,
    raw: Annotated[
        bool, typer.Option("--raw", help="CSV: leave formulas in cells as they are (unsafe in spreadsheets).")
    ] = False,
    zip_: Annotated[bool, typer.Option("--zip", help="One zip of it too, DIR.zip.")] = False,
    sample: Annotated[
        int | None, typer.Option(metavar="N", help="No more than N posts by chance, with a sheet to label them.")
    ] = None,
    stratify: Annotated[
        str, typer.Option(metavar="NAMES", help="Of the sample: as many of each, such as topic,lang.")
    ] = "",
    seed: Annotated[int | None, typer.Option(metavar="N", help="Of the sample.", show_default="1")] = None,
    verify: Annotated[
        Path | None, typer.Option(metavar="DIR", help="No release: is this one as it was written, and still true?")
    ] = None,
    warc: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="No release: the raw captures of these posts, or all, as WARC."),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace what is there.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Write a release: posts, tags, versions, counts, sightings and runs (looks at sources) as files, with all that
    explains them.

    It can be cited, shared under each platform's terms, and built again: the same command with --as-of gives the
    same bytes next year, save for what is today's: names of accounts, the terms, wishes and erasures that came
    later. --audience internal is for your own use. docs/releases.md says what is in one.

    `kle export diff A B` tells what changed between two releases. --verify DIR checks a release against its
    digests, and whether this archive still says the same: exit code 1 if not. --warc FILE writes the evidence: each
    capture that shows such a post as it was fetched, whole pages of others among them, for the operator alone.

    A query that begins with - goes last, behind --: kle export --format csv --out DIR -- '-training'.

    Examples: kle export 'topic:reform since:2025-01-01' --format csv --out reform-2025;
    kle export "" --format parquet --out all-of-2025 --as-of 2026-01-01 --zip;
    kle export is:kle --format csv --out to-label --sample 200 --stratify topic,lang --seed 7;
    kle export diff reform-2025 reform-2026; kle export --verify reform-2025;
    kle export 'from:@CJTFOIR' --warc evidence.warc.gz
    """
    of_release = {
        "--format": format_, "--out": out, "--audience": audience, "--as-of": as_of, "--tables": tables,
        "--columns": columns, "--pseudonyms": pseudonyms, "--bom": bom, "--raw": raw, "--zip": zip_,
        "--sample": sample, "--stratify": stratify, "--seed": seed,
    }  # fmt: skip
    if releases and query != _WORD:
        words = " ".join([query or "", *map(str, releases)])
        output.fail(f"one query is one word: put it in quotes, such as {shlex.quote(words)}")
    if releases:
        _refuse(f"kle export {_WORD}", {**of_release, "--warc": warc, "--verify": verify, "--force": force})
        _diff(releases, json)
    elif verify:
        _refuse("--verify", {**of_release, "--warc": warc, "--force": force, "QUERY": query})
        _verify(verify, json)
    elif warc:
        _refuse("--warc", of_release)
        _warc(query, warc, force, json)
    else:
        if query is None or not format_ or out is None:
            output.fail("a release needs QUERY, --format and --out; the raw captures need --warc FILE")
        if sample is None and (stratify or seed is not None):
            output.fail("--stratify and --seed are of a sample: say how many posts with --sample N")
        drawn = (sample, stratify, 1 if seed is None else seed)
        order = _ordered(query, as_of, format_, audience or "public", tables, columns, (bom, raw), zip_, drawn)
        _release(order, out, pseudonyms, force, json)


def _refuse(word: str, others: Mapping[str, object]) -> None:
    for name, value in others.items():
        if value:
            output.fail(f"{name} does not go with {word}; leave one of them out")


def _ordered(
    query: str,
    as_of: str,
    format_: str,
    audience: Literal["public", "internal"],
    tables: list[str] | None,
    columns: list[str] | None,
    csv: tuple[bool, bool],
    zip_: bool,
    drawn: tuple[int | None, str, int],
) -> "Order":
    from db.query import PostQuery
    from exports.batch import Options
    from exports.order import Order
    from exports.sampling import Sample

    size, stratify, seed = drawn
    return Order.build(
        PostQuery.build(query, as_of=as_of), format_, audience, tables=tables or (), columns=columns or (),
        csv=Options(*csv), zip=zip_, sample=None if size is None else Sample.build(size, stratify, seed),
    )  # fmt: skip


def _release(order: "Order", out: Path, pseudonyms: bool, force: bool, json: bool) -> None:
    from dataclasses import replace

    from core import sealed
    from exports import release
    from kle import runtime
    from kle.stopping import StopSign

    with runtime.archive() as (settings, database), output.progress() as bar:
        key = sealed.derived(settings.secret_key, settings.data_dir, "pseudonyms") if pseudonyms else None
        task = bar.add_task("exporting", total=release.expected(database, order))
        stop = StopSign()
        database.pass_by()
        done = release.export(
            database, replace(order, pseudonyms=key, citation=settings.citation), out,
            force=force, progress=lambda count: bar.advance(task, count), going=lambda: not stop.given,
        )  # fmt: skip
    if json:
        output.print_json({name: value for name, value in done.items() if name != "manifest"})
        return
    for file in done["files"]:
        rows = f"{file['rows']:,} rows, " if file["rows"] is not None else ""
        output.say(f"{out / file['path']}: {rows}{file['bytes']:,} bytes")
    if packed := done.get("zip"):
        output.say(f"{packed['path']}: {packed['bytes']:,} bytes, SHA-256 {packed['sha256']}")
    for entry in done["withheld"]:
        output.say(f"withheld of {entry['posts']:,} posts on {entry['platform']}: {', '.join(entry['fields'])}:"
                   f" {entry['why']}")  # fmt: skip
    output.note(_moment(done["manifest"]))


def _moment(manifest: Mapping[str, Any]) -> str:
    """That it can be built again is promised of a moment that the archive has gone past alone."""
    from exports.papers.about import ahead

    if not ahead(manifest):
        return f"as of {manifest['as_of']}; the same --as-of builds it again"
    archive = manifest["archive"]
    return (
        f"as of {manifest['as_of']}; the archive's ledger stood at line {archive['line']} of {archive['at']} then;"
        " until that moment has passed the same command may give more"
    )


def _diff(releases: list[Path], json: bool) -> None:
    if len(releases) != 2:
        output.fail(f"two releases are compared: kle export {_WORD} A B")
    from kle import releases_screen

    before, after = releases
    releases_screen.compare(before, after, json)


def _verify(release: Path, json: bool) -> None:
    from kle import releases_screen

    if not releases_screen.check(release, json):
        raise typer.Exit(1)


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
