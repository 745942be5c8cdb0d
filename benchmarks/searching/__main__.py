"""python -m benchmarks.searching: how fast an archive of any size is searched, next to what a user would pick.

`build` only makes an archive; `run` makes what is missing and measures. How to read it stands in
benchmarks/README.md.
"""

import argparse
import sys
import tempfile
from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path

from rich.console import Console

from benchmarks import report
from benchmarks.searching import building, figures, page, running
from core.errors import KleError


def main(arguments: Sequence[str] | None = None) -> int:
    asked = _arguments(arguments)
    try:
        asked.does(asked)
    except KleError as error:
        Console(stderr=True).print(error.message, style="red", markup=False)
        return 2
    return 0


def _build(asked: argparse.Namespace) -> None:
    console = Console(stderr=True)
    with console.status("building") as status:
        spent = building.build(asked.out, asked.seed, asked.posts, lambda done: status.update(f"{done:,} posts"))
    console.print(f"{asked.out}: {spent.posts / spent.ingested:,.0f} posts/s taken in,"
                  f" {spent.versions / spent.tagged:,.0f} versions/s tagged")  # fmt: skip


def _run(asked: argparse.Namespace) -> None:
    machine, progress = report.machine(), Console(stderr=True)
    kept = nullcontext(asked.cache) if asked.cache else tempfile.TemporaryDirectory(prefix="kle-bench-")
    with kept as folder, progress.status("beginning") as status:
        how = asked.rounds, asked.budget, asked.pages, asked.requests, asked.alone
        screen = running.Screen(status.update, lambda line: progress.print(line, markup=False, highlight=False))
        found = running.run(running.Asked(asked.posts, asked.seed, Path(folder), *how), screen)
    text = page.markdown(found, machine)
    report.publish(asked, text, figures.as_json(found, machine))


def _arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser("python -m benchmarks.searching", description=__doc__)
    commands = parser.add_subparsers(required=True)
    build = commands.add_parser("build", help="make an archive of so many posts")
    build.add_argument("--out", type=Path, required=True, metavar="FILE")
    build.set_defaults(does=_build)
    run = commands.add_parser("run", help="make what is missing, and measure")
    run.add_argument("--cache", type=Path, metavar="FOLDER", help="keep archives and indexes there for later runs")
    run.add_argument("--rounds", type=report.count, default=100, help="of each shape of query (%(default)s)")
    budget = "that a contender may take with one shape; it is asked five times in any case (%(default)s)"
    run.add_argument("--budget", type=float, default=5.0, metavar="SECONDS", help=budget)
    run.add_argument(
        "--pages", type=report.count, default=30, help="of each shape in a block beside a writer (%(default)s)"
    )
    run.add_argument("--requests", type=report.count, default=50, help="of each shape over HTTP (%(default)s)")
    alone = "neither beside a writer nor over HTTP, which need a copy of the archive"
    run.add_argument("--alone", action="store_true", help=alone)
    run.add_argument("--markdown", type=Path, metavar="FILE", help="write the tables there as well")
    run.add_argument("--json", type=Path, metavar="FILE", help="write the figures there as well")
    run.set_defaults(does=_run)
    for command in (build, run):
        command.add_argument("--posts", type=report.count, default=100_000, help="(%(default)s)")
        command.add_argument("--seed", type=int, default=1, help="of the posts (%(default)s)")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
