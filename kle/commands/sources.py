"""`kle sources list|check|run`."""

from datetime import datetime
from typing import Annotated, Any

import typer

from kle import output

app = typer.Typer(help="What is collected, and how it does.", no_args_is_help=True)
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.command("list")
def list_(json: Json = False) -> None:
    """Every source of the archive with its schedule and its last run."""
    from core import times
    from db import sources
    from kle import runtime

    with runtime.archive(sync=runtime.config_is_there()) as (_, database), database.read() as session:
        rows = sources.list_sources(session, times.now())
    if json:
        output.print_json({"items": rows})
    elif rows:
        output.print_table(
            ("name", "kind", "enabled", "last run", "posts", "next due", "failures", "volume"), map(_row, rows)
        )
    else:
        output.note("There are no sources: `kle init` writes a kle.toml with some.")


def _row(source: dict[str, Any]) -> list[Any]:
    run = source["last_run"] or {}
    due = source["next_due_at"] if source["enabled"] else None
    enabled = "yes" if source["enabled"] else "no"
    return [
        source["name"],
        source["kind"],
        enabled,
        run.get("outcome"),
        run.get("posts"),
        due,
        source["failures"],
        source["volume"]["alarm"],
    ]


@app.command()
def run(name: Annotated[str, typer.Argument(help="Its name in kle.toml.")], json: Json = False) -> None:
    """One round of one source now, due or not; the same as `kle collect NAME`."""
    from kle import rounds

    rounds.report(rounds.collect_named([name]), json)


@app.command()
def check(
    names: Annotated[list[str] | None, typer.Argument(metavar="NAME...", help="Some only.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="The disabled ones too.")] = False,
    enable: Annotated[bool, typer.Option("--enable", help="Write those that answered into kle.toml.")] = False,
    json: Json = False,
) -> None:
    """Fetch once without archiving, and say what was found; exit code 1 if one fails.

    With --enable, `enabled` and `verified` become true in kle.toml for those that answered; comments stay.

    Example: kle sources check --all --enable
    """
    from core import settings
    from kle import checking, toml_edit

    knobs = settings.load()
    found = [checking.look(source, knobs) for source in checking.choose(knobs, names or [], everything)]
    if json:
        output.print_json({"items": [finding.as_json() for finding in found]})
    else:
        output.print_table(("source", "answer", "posts", "newest"), map(_finding, found))
    good = [finding.source for finding in found if not finding.error]
    if enable and good:
        toml_edit.enable(knobs.config, good)
        output.note(f"Enabled in {knobs.config}: {', '.join(good)}.")
    if len(good) < len(found):
        raise typer.Exit(1)


def _finding(finding: Any) -> list[Any]:
    newest: datetime | None = finding.newest
    return [finding.source, finding.error or "fine", finding.posts, newest.date() if newest else None]
