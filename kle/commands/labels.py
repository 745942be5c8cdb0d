"""`kle labels`."""

from pathlib import Path
from typing import Annotated

import typer

from kle import output


def register(app: typer.Typer) -> None:
    app.command()(labels)


def labels(
    files: Annotated[
        list[Path],
        typer.Argument(metavar="FILE...", exists=True, dir_okay=False, help="CSV with id and label columns."),
    ],
    annotator: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="Who filled in a file; once a file, in their order. Else its name."),
    ] = None,
    release: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="The release of the sample; else the folder where a file lies."),
    ] = None,
    check: Annotated[
        bool, typer.Option("--check", help="Only compare; exit code 1 if something could not be taken.")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Take in labels that people gave elsewhere: how far they agree, how good the tags are, and as corrections.

    A file is the sheet of `kle export --sample`, filled in by one annotator, or any CSV with a column id and a
    column label_TOPIC or TOPIC of 1 and 0, yes and no, true and false or x and nothing; or a column labels that
    lists the topics. A column annotator says who, where several share a file.

    It tells Cohen's kappa of each two annotators and precision, recall and F1 of the model's tags against what most
    of them said, in all, by topic and by language. What all who answered agree on becomes a person's word in the
    archive, unless somebody corrected it there by hand; the rest is listed. The same file again changes nothing.
    Exit code 1 if there was no label.

    Examples: kle labels ana.csv ben.csv --release to-label --check; kle labels labels.csv --annotator ana --json
    """
    from kle import label_cells, labels_screen, runtime
    from kle import labels as taking

    with runtime.archive() as (_, database), output.progress() as bar:
        task = bar.add_task("storing", total=None)
        found = taking.run(
            database,
            files,
            annotator or [],
            check,
            lambda done, total: bar.update(task, completed=done, total=total),
            release,
        )
    if json:
        output.print_json(found)
    else:
        labels_screen.show(found, check)
    labels_screen.tell_problems(found["problems"])
    if found["rows"] and not found["labels"]:
        output.fail("no label in it; fill in the label columns: " + label_cells.EXPECTED, 1)
    if check and found["problems"]:
        raise typer.Exit(1)
