"""The table and the JSON of one run."""

import argparse
import os
import platform
import sqlite3
from collections.abc import Sequence
from typing import Any

from rich.table import Table

from benchmarks.rounds import RATIOS, Result

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
