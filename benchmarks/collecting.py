"""python -m benchmarks.collecting: posts a second parsed and archived, for each kind, against what else there is.

How to read it stands in benchmarks/README.md.
"""

import argparse
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import orjson
from rich.console import Console

from benchmarks import contenders, job, memory, report, rounds
from core.errors import KleError

_WIDTH = 150  # where nobody tells: a table of numbers in 80 columns is none
_MEMORY_TIMES = 50  # as many posts as there are of each kind: 50,000 by default


def main(arguments: Sequence[str] | None = None) -> int:
    asked = _arguments(arguments)
    console, progress = Console(), Console(stderr=True)
    console.width = max(console.width, _WIDTH)
    facts = report.machine()
    posts = asked.posts * _MEMORY_TIMES
    try:
        results = _results(asked, progress)
        with progress.status(f"memory: {posts} posts of kind file"):
            grown = memory.growth(posts)
    except KleError as error:
        progress.print(error.message, style="red", markup=False)
        return 2
    console.print(report.table(results))
    console.print(f"The peak of memory grew by {grown / 1e6:,.0f} MB over {posts:,} posts of kind file.")
    console.print(", ".join(f"{name} {value}" for name, value in facts.items()))
    if asked.json:
        found = report.as_json(facts, results, {"posts": posts, "grown_bytes": grown})
        asked.json.write_bytes(orjson.dumps(found, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))
    return 0


def _results(asked: argparse.Namespace, progress: Console) -> list[rounds.Result]:
    found = []
    with tempfile.TemporaryDirectory(prefix="kle-bench-") as folder:
        archive = contenders.empty_archive(Path(folder))
        for name in job.names(asked.kind or ()):
            with progress.status(f"{name}: {asked.posts} posts, {asked.rounds} rounds"):
                found.append(rounds.run(job.job(name, asked.posts), asked.rounds, archive))
    return found


def _arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser("python -m benchmarks.collecting", description=__doc__)
    parser.add_argument("--posts", type=report.count, default=1000, help="of each kind (%(default)s)")
    parser.add_argument("--rounds", type=report.count, default=5, help="of which the median counts (%(default)s)")
    parser.add_argument("--kind", action="append", help="only this one; may be given several times")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there as well")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
