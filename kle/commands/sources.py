"""`kle sources list|check|run`."""

from datetime import datetime
from typing import Annotated, Any

import typer

from kle import output

app = typer.Typer(help="What is collected, and how it does.", no_args_is_help=True)
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
_LONGEST_REASON = 60  # characters


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
            ("name", "kind", "enabled", "last run", "posts", "next due", "failures", "volume", "reason"),
            map(_row, rows),
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
        _short(run.get("error")),
    ]


def _short(reason: str | None) -> str | None:
    """Its start, for a table; `--json` has the whole."""
    if reason is None or len(reason) <= _LONGEST_REASON:
        return reason
    return reason[: _LONGEST_REASON - 3] + "..."


@app.command()
def run(name: Annotated[str, typer.Argument(help="Its name in kle.toml.")], json: Json = False) -> None:
    """One round of one source now, due or not; the same as `kle collect NAME`."""
    from kle import rounds

    rounds.report(rounds.collect_named([name]), json)


@app.command()
def check(
    names: Annotated[list[str] | None, typer.Argument(metavar="NAME...", help="Some only.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="The disabled ones too.")] = False,
    enable: Annotated[
        bool, typer.Option("--enable", help="Switch those on in kle.toml that answered with posts.")
    ] = False,
    json: Json = False,
) -> None:
    """Fetch once without archiving: what was asked, what came, what was read, what the next run will do.

    One source gets a screen, several a line each; exit code 1 if one fails. A kind that costs money is priced and
    not asked. With --enable, `enabled` and `verified` become true in kle.toml for those that answered with posts;
    comments stay.

    Examples: kle sources check office-news; kle sources check --all --enable
    """
    from core import settings
    from kle import checking, checking_screen, runtime, toml_edit

    knobs = settings.load()
    chosen = checking.choose(knobs, names or [], everything)
    with runtime.archive(knobs) as (_, database):
        found = [checking.look(source, knobs, database) for source in chosen]
    if json:
        output.print_json({"items": [finding.as_json() for finding in found]})
    elif len(found) == 1:
        checking_screen.show(found[0])
    else:
        output.print_table(("source", "answer", "posts", "newest", "a day costs"), map(_finding, found))
    good = [finding.source.name for finding in found if finding.answers_with_posts]
    if enable and good:
        toml_edit.enable(knobs.config, good)
        output.note(f"Enabled in {knobs.config}: {', '.join(good)}.")
    if any(finding.error for finding in found):
        raise typer.Exit(1)


def _finding(finding: Any) -> list[Any]:
    newest: datetime | None = finding.newest
    fine = "not asked: it costs money" if finding.cost else "fine"
    fine = f"not asked: it lacks {'; '.join(finding.lacks)}" if finding.lacks else fine
    cost = f"${finding.cost.sum_a_day:.2f} of ${finding.cost.budget:.2f}" if finding.cost else None
    name, date = finding.source.name, newest.date() if newest else None
    return [name, finding.error or fine, finding.posts, date, cost]
