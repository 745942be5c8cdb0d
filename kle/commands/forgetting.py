"""`kle forget` and `kle retention`."""

from typing import Annotated

import typer

from kle import output

Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
_REPORTED = 200
_NOT_PURGED = (
    "The texts are erased; traces may stand in the database's log and unused bytes, since somebody reads from it."
    " `kle up` clears them when the reader is done, or call this again."
)


def register(app: typer.Typer) -> None:
    app.command()(forget)
    app.command()(retention)


def forget(
    ids: Annotated[
        list[str] | None, typer.Argument(metavar="POST...", help="Any id: platform:platform_id.")
    ] = None,
    reason: Annotated[str, typer.Option(metavar="TEXT", help="Why; it stays in the tombstone, for good.")] = "",
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    report: Annotated[
        bool, typer.Option("--report", help="What was erased, and how long after its deletion.")
    ] = False,
    json: Json = False,
) -> None:
    """Erase what posts say, everywhere in the archive and for good; digests, times and the reason stay.

    All versions, links, media, notes, addresses and the captures that show them go, also from the index, the file's
    unused bytes and its log. It cannot be undone, and the posts do not come back when a source shows them again. It
    tells which other posts lose a capture, and which releases and backups may still hold the texts: those are yours
    to deal with (docs/forgetting.md). Exit code 1 if you say no, or if traces are left because somebody reads.

    Examples: kle forget x:1957430200000000000 --reason "asked by its author"; kle forget --report
    """
    from kle import forgetting_screen as screen
    from kle import runtime

    if report:
        if ids:
            output.fail("--report lists all erasures; leave the posts out")
        with runtime.archive() as (_, database):
            screen.report(database, _REPORTED, json)
        return
    _check(ids, reason, yes, json)
    with runtime.archive() as (settings, database):
        plans = screen.plans(database, ids or [])
        if not json:
            screen.show_plans(plans)
        if not yes and not typer.confirm("Erase them for good?", err=True):
            output.fail("nothing was erased", 1)
        done = screen.erase(database, list(plans), reason)
        purged = screen.purge(database, settings.data_dir)
        screen.show_done(database, done, purged, json)
    if not purged:
        output.note(_NOT_PURGED)
        raise typer.Exit(1)


def _check(ids: list[str] | None, reason: str, yes: bool, json: bool) -> None:
    if not ids:
        output.fail("name the posts to forget by their ids, such as x:1957430200000000000, or ask for --report")
    if not reason.strip():
        output.fail("say why: --reason TEXT; the reason stays in the tombstone")
    if json and not yes:
        output.fail("--json asks nothing: add --yes to erase")


def retention(
    apply: Annotated[bool, typer.Option("--apply", help="Erase it now.")] = False,
    json: Json = False,
) -> None:
    """What goes by the platforms' terms and by the sources' `keep`; with --apply it goes now.

    `kle up` does this by itself: each minute what was deleted there, once a day what a source has kept long enough,
    a day after it was announced. This is for archives that only `kle collect` fills, and for looking before.

    Example: kle retention --apply
    """
    from kle import forgetting_screen as screen
    from kle import runtime

    with runtime.archive(sync=runtime.config_is_there()) as (settings, database):
        found = screen.what_is_due(database)
        purged = True
        if apply:
            found["erased"] = screen.apply(database)
            purged = screen.purge(database, settings.data_dir)
            found["purged"] = purged
    if json:
        output.print_json(found)
    else:
        screen.show_due(found)
    if not purged:
        output.note(_NOT_PURGED)
        raise typer.Exit(1)
