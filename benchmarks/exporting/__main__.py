"""python -m benchmarks.exporting: a whole archive as a release, next to plain dumps of the same columns.

How to read it stands in benchmarks/README.md.
"""

import argparse
import sys
import tempfile
from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path

from rich.console import Console

from benchmarks import report
from benchmarks.exporting import page, running
from benchmarks.exporting.contenders import FORMATS
from core.errors import KleError


def main(arguments: Sequence[str] | None = None) -> int:
    asked = _arguments(arguments)
    try:
        _run(asked)
    except KleError as error:
        Console(stderr=True).print(error.message, style="red", markup=False)
        return 2
    return 0


def _run(asked: argparse.Namespace) -> None:
    machine, progress = report.machine(), Console(stderr=True)
    kept = nullcontext(asked.cache) if asked.cache else tempfile.TemporaryDirectory(prefix="kle-bench-")
    with kept as name, progress.status("beginning") as status:
        how = tuple(asked.posts), asked.seed, Path(name).absolute(), tuple(asked.format or FORMATS), asked.compared
        found = running.run(running.Asked(*how), status.update)
    text = page.markdown(found, machine)
    report.publish(asked, text, page.as_json(found, machine))


def _arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser("python -m benchmarks.exporting", description=__doc__)
    sizes = "of the archives, one after the other (100000)"
    parser.add_argument("--posts", type=report.count, nargs="+", default=[100_000], help=sizes)
    parser.add_argument("--seed", type=int, default=1, help="of the posts (%(default)s)")
    parser.add_argument("--cache", type=Path, metavar="FOLDER", help="keep the archives there for later runs")
    parser.add_argument("--format", choices=FORMATS, action="append", help="only this one (all)")
    compared = "rows of each table that are compared with ours cell by cell (%(default)s)"
    parser.add_argument("--compared", type=report.count, default=2_000, metavar="ROWS", help=compared)
    parser.add_argument("--markdown", type=Path, metavar="FILE", help="write the section there as well")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there as well")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
