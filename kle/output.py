"""How commands speak: results on stdout, everything about the work on stderr."""

import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NoReturn

import typer
from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.table import Table

_WIDE = 200  # columns where nobody looks: a pipe or a file
_NAME = 24  # room for a name in the first column, whatever else a narrow terminal has to show
out = Console(highlight=False, width=None if sys.stdout.isatty() else _WIDE)
err = Console(stderr=True, highlight=False)


def print_json(value: Any) -> None:
    """One line of JSON; the same on a terminal and in a pipe."""
    import orjson

    sys.stdout.write(orjson.dumps(value).decode() + "\n")


def write_lines(path: Path, rows: Iterable[Any]) -> None:
    """JSON Lines in a new or replaced file. A folder that is not there is told, not made."""
    import orjson

    try:
        path.write_bytes(b"".join(orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE) for row in rows))
    except OSError as error:
        fail(f"{path} cannot be written: {error.strerror or error}")


def print_table(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    table = Table(box=None, pad_edge=False, header_style="bold")
    first, *others = columns
    table.add_column(first, overflow="fold", min_width=_NAME)
    for name in others:
        table.add_column(name, overflow="fold")
    for row in rows:
        table.add_row(*("" if cell is None else escape(str(cell)) for cell in row))
    out.print(table)


def escape(text: str) -> str:
    """Text from outside as it is: no Rich markup, no terminal control characters."""
    from rich.markup import escape as without_markup

    return without_markup(printable(text))


def printable(text: str) -> str:
    """Without what moves a terminal's cursor or colours it."""
    return "".join(c if c.isprintable() else " " for c in text)


def note(text: str) -> None:
    err.print(text, markup=False, soft_wrap=True)


def say(text: str) -> None:
    out.print(text, markup=False, soft_wrap=True)


def fail(message: str, code: int = 2) -> NoReturn:
    """One clear line on stderr, then the exit code: 1 the answer is no, 2 wrong use."""
    note(f"kle: {message}")
    raise typer.Exit(code)


def progress() -> Progress:
    """A bar on stderr; nothing where stderr is no terminal."""
    return _bar(MofNCompleteColumn())


def bytes_read() -> Progress:
    """The same for files: bytes done of all, and how long the rest will take."""
    return _bar(DownloadColumn(), TimeRemainingColumn())


def _bar(*counts: ProgressColumn) -> Progress:
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), *counts, TimeElapsedColumn())
    return Progress(*columns, console=err, transient=True, disable=not err.is_terminal)
