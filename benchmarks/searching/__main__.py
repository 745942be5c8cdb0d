"""python -m benchmarks.searching: how fast an archive of any size is searched, next to what a user would pick.

`build` only makes the archive; `run` makes what is missing and measures. How to read it stands in
benchmarks/README.md.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from benchmarks import report
from benchmarks.searching import building


def main(arguments: Sequence[str] | None = None) -> int:
    asked = _arguments(arguments)
    return int(asked.does(asked))


def _build(asked: argparse.Namespace) -> int:
    console = Console(stderr=True)
    with console.status("building") as status:
        spent = building.build(asked.out, asked.seed, asked.posts, lambda done: status.update(f"{done:,} posts"))
    console.print(f"{asked.out}: {spent.posts / spent.ingested:,.0f} posts/s taken in,"
                  f" {spent.versions / spent.tagged:,.0f} versions/s tagged")  # fmt: skip
    return 0


def _arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser("python -m benchmarks.searching", description=__doc__)
    commands = parser.add_subparsers(required=True)
    build = commands.add_parser("build", help="make an archive of so many posts")
    build.add_argument("--posts", type=report.count, default=100_000)
    build.add_argument("--seed", type=int, default=1)
    build.add_argument("--out", type=Path, required=True, metavar="FILE")
    build.set_defaults(does=_build)
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
