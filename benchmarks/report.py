"""The table and the JSON of one run."""

import argparse
import os
import platform
import re
import sqlite3
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import orjson
from rich.console import Console
from rich.markdown import Markdown
from rich.table import Table

from benchmarks.rounds import RATIOS, Result

_PART = re.compile(r"^(?=# )", re.M)  # what stands under a heading of the first rank
_WIDTH = 150  # columns of a page where nobody looks
_SPEEDS = ("decoded", "parsed", "archived", "again", "plain", "searched")


def machine() -> dict[str, Any]:
    """What a reader needs to judge the speeds by; `load` is how many processes wanted a core in the last minute."""
    return {
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
        "system": f"{platform.system()} {platform.machine()}",
        "cores": os.cpu_count(),
        "load": round(os.getloadavg()[0], 2),
    }


def count(text: str) -> int:
    """An argument of a command: how many."""
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("must be 1 or more")
    return number


def publish(asked: argparse.Namespace, text: str, figures: dict[str, Any]) -> None:
    """A page to the terminal, and into the files that --markdown and --json name."""
    console = Console()
    console.width = max(console.width, _WIDTH)
    console.print(Markdown(text))
    if asked.markdown:
        write_section(asked.markdown, text)
    if asked.json:
        asked.json.write_bytes(orjson.dumps(figures, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))


def write_section(file: Path, text: str) -> None:
    """Into a page that several benchmarks write: instead of its part under the same heading, or behind the rest."""
    heading = text.partition("\n")[0]
    parts = _PART.split(file.read_text("utf-8")) if file.exists() else []
    kept = [part.strip("\n") for part in parts if part.strip()]
    places = [place for place, part in enumerate(kept) if part.partition("\n")[0] == heading]
    if places:
        kept[places[0]] = text.strip("\n")
    else:
        kept.append(text.strip("\n"))
    file.write_text("\n\n".join(kept) + "\n", "utf-8")


def milliseconds(seconds: float) -> str:
    digits = 2 if seconds < 0.01 else 1 if seconds < 1 else 0
    return f"{seconds * 1000:,.{digits}f}"


def number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}" if value >= 10 else f"{value:.2g}"


def size(count: float) -> str:
    return f"{count / 1e9:.2f} GB" if count >= 1e9 else f"{count / 1e6:,.1f} MB"


def lines(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table of Markdown, numbers behind the first column."""
    made = [head, ["---", *["---:"] * (len(head) - 1)], *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in made)


def table(results: Sequence[Result]) -> Table:
    """Posts a second, and in the last columns the shares of them."""
    made = Table(title="Posts a second, and the archive's speed as a share of others'")
    made.add_column("kind", no_wrap=True)
    for name in ("bytes a post", *_SPEEDS, *(f"{a}\n/ {b}" for a, b in RATIOS)):
        made.add_column(name, justify="right")
    for result in results:
        speeds = [f"{result.speed(name):,.0f}" for name in _SPEEDS]
        ratios = [f"{result.ratio(a, b):.2g}" for a, b in RATIOS]
        made.add_row(result.job.name, f"{result.job.size / result.job.count:,.0f}", *speeds, *ratios)
    return made


def as_json(facts: dict[str, Any], results: Sequence[Result], memory: dict[str, int]) -> dict[str, Any]:
    return {"machine": facts, "kinds": {r.job.name: r.as_json() for r in results}, "memory": memory}
