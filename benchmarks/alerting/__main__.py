"""python -m benchmarks.alerting: thousands of alerts against what comes in, and how long a message takes.

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
from benchmarks.alerting import arriving, growing, matching, page
from core.errors import KleError

MODELS = {"none": "none", "shipped": ""}  # as KLE_MODEL has them


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
        folder, of = Path(name), (asked.seed, Path(name))
        folder.mkdir(parents=True, exist_ok=True)
        how = asked.posts, asked.alerts, asked.batch, asked.rounds, asked.budget
        matched = matching.run(matching.Asked(*how, *of), status.update)
        status.update("memory")
        grown = growing.growth(asked.alerts, asked.seed)
        pace = asked.standing, asked.rate, asked.seconds, asked.burst
        arrived = {
            model: arriving.run(arriving.Asked(asked.posts, *pace, MODELS[model], *of), status.update)
            for model in asked.model
        }
    found = page.Found(matched, grown, arrived)
    text = page.markdown(found, machine)
    report.publish(asked, text, page.as_json(found, machine))


def _arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser("python -m benchmarks.alerting", description=__doc__)
    parser.add_argument("--posts", type=report.count, default=20_000, help="of the archive (%(default)s)")
    parser.add_argument("--seed", type=int, default=1, help="of posts and alerts (%(default)s)")
    parser.add_argument("--cache", type=Path, metavar="FOLDER", help="keep the archive there for later runs")
    parser.add_argument("--alerts", type=report.count, default=10_000, help="that are matched (%(default)s)")
    parser.add_argument("--batch", type=report.count, default=100, help="new posts at once (%(default)s)")
    parser.add_argument("--rounds", type=report.count, default=20, help="batches (%(default)s)")
    budget = "that a contender may take; it is asked twice in any case (%(default)s)"
    parser.add_argument("--budget", type=float, default=20.0, metavar="SECONDS", help=budget)
    standing = "with a receiver each, that are told (%(default)s)"
    parser.add_argument("--standing", type=report.count, default=2_000, metavar="ALERTS", help=standing)
    parser.add_argument("--rate", type=float, default=2.0, help="posts a second (%(default)s)")
    parser.add_argument("--seconds", type=report.count, default=120, help="of posts at a pace (%(default)s)")
    parser.add_argument("--burst", type=report.count, default=500, help="posts at once (%(default)s)")
    models = "with which `kle up` runs, one after the other (both)"
    parser.add_argument("--model", choices=MODELS, action="append", help=models)
    parser.add_argument("--markdown", type=Path, metavar="FILE", help="write the section there as well")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there as well")
    found = parser.parse_args(arguments)
    found.model = found.model or list(MODELS)
    return found


if __name__ == "__main__":
    sys.exit(main())
