"""python -m benchmarks.tagging: posts a second tagged on one core and on two, against what else there is.

How to read it stands in benchmarks/README.md.
"""

import argparse
import gc
import json
import os
import random
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

import orjson
from rich.console import Console
from rich.table import Table

from benchmarks import memory, products, report, rounds, taggers
from benchmarks.taggers import TAGGERS, TEXTS, Run, Tagger
from classifier import taxonomy
from classifier.corpus import SHIPPED as DATA
from classifier.corpus import Corpus
from classifier.embed import Tokenizer
from classifier.model import SHIPPED
from core.errors import BadRequest, KleError

CORES = (1, 2)
_FEWEST_TOKENS, _MOST_TOKENS = 45, 95  # about 60 in the middle
_SINGLES = 32  # posts a round where the batch is smaller
_PREDICT, _ENCODER, _EAGER = "predict", "encoder", "torch eager"
_TOLD = (_PREDICT, _ENCODER)  # their speeds are shown as multiples of each row's


class Cell(NamedTuple):
    """What is timed: who, on how many cores, how many posts in a call."""

    name: str
    cores: int
    batch: int


@dataclass(frozen=True)
class Found:
    """`rounds`: seconds a post; `peaks`: by (kind of product, cores), multiply-adds a second in each round."""

    rounds: list[dict[Cell, float]]
    peaks: list[dict[tuple[str, int], float]]
    grown: dict[tuple[str, int], int]
    work: float  # multiply-adds of a post

    def speed(self, cell: Cell) -> float:
        """Posts a second."""
        return 1 / median(seconds[cell] for seconds in self.rounds)

    def times(self, ours: Cell, theirs: Cell) -> float:
        return rounds.share(self.rounds, ours, theirs)

    def of_peak(self, cell: Cell, product: str) -> float:
        """The multiply-adds of `cell` as a share of those of the product on as many cores."""
        shares = (
            self.work / seconds[cell] / peaks[product, cell.cores]
            for seconds, peaks in zip(self.rounds, self.peaks, strict=True)
        )
        return median(shares)


def main(arguments: Sequence[str] | None = None) -> int:
    asked = _arguments(arguments)
    console, progress = Console(), Console(stderr=True)
    console.width = max(console.width, 130)
    facts = report.machine()
    present = [tagger for tagger in TAGGERS if tagger.is_there]
    try:
        texts, tokens = posts(asked.posts)
        found = _found(asked, present, texts, tokens, progress)
    except KleError as error:
        progress.print(error.message, style="red", markup=False)
        return 2
    console.print(table(found))
    if found.peaks[0]:
        console.print(peak_table(found))
    left_out = [tagger.name for tagger in TAGGERS if tagger not in present]
    if left_out:
        needed = "pip install kle-monitor[train]"
        console.print(
            f"Left out, and the machine's peak with them: {', '.join(left_out)}; they need {needed}.", markup=False
        )
    console.print(
        f"{len(texts)} posts of {sum(tokens) / len(tokens):.0f} tokens, {found.work / 1e9:.2f} G multiply-adds."
    )
    console.print(", ".join(f"{name} {value}" for name, value in facts.items()))
    if asked.json:
        content = as_json(facts, found, left_out)
        asked.json.write_bytes(orjson.dumps(content, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))
    return 0


def posts(count: int) -> tuple[list[str], list[int]]:
    """Training posts of about 60 tokens, the same each time, and how many tokens the encoder reads of each."""
    corpus = Corpus.read(DATA, [topic.slug for topic in taxonomy.topics()], seed=7)
    tokenizer = Tokenizer.load(SHIPPED)
    texts = [post.text for post in corpus.of("train")]
    lengths = [len(tokenizer.row(tokens.ids)) for tokens in tokenizer.tokens(texts)]
    fitting = [n for n, length in enumerate(lengths) if _FEWEST_TOKENS <= length <= _MOST_TOKENS]
    if count > len(fitting):
        raise BadRequest(
            f"there are {len(fitting)} posts of about 60 tokens: ask for that many at most with --posts"
        )
    chosen = random.Random(1).sample(fitting, count)
    return [texts[n] for n in chosen], [lengths[n] for n in chosen]


def _found(
    asked: argparse.Namespace, present: Sequence[Tagger], texts: list[str], tokens: list[int], progress: Console
) -> Found:
    cores = [n for n in CORES if n <= (os.cpu_count() or 1)]
    with tempfile.TemporaryDirectory(prefix="kle-bench-") as name:
        folder = Path(name)
        (folder / TEXTS).write_text(json.dumps(texts), encoding="utf-8")
        if any("onnx" in tagger.needs for tagger in present):
            taggers.export_plain(folder)
        grown = {
            (tagger.name, batch): memory.in_own_process(
                "benchmarks.taggers", tagger.name, name, str(cores[-1]), str(batch)
            )
            for tagger in present
            for batch in _batches(tagger, len(texts))
        }
        runs = _loaded(present, folder, cores, texts)
        peaks = _peaks(present, cores)
        timed, measured = [], []
        for number in range(asked.rounds):
            with progress.status(f"round {number + 1} of {asked.rounds}: {len(texts)} posts"):
                gc.collect()
                measured.append({key: products.peak(product) for key, product in peaks.items()})
                timed.append(_round(runs, present, texts))
    shape = products.Shape.of(SHIPPED)
    return Found(timed, measured, grown, shape.of_texts(tokens) / len(tokens))


def _loaded(
    present: Sequence[Tagger], folder: Path, cores: Sequence[int], texts: list[str]
) -> dict[tuple[str, int], Run]:
    """Each loaded, and called once: a first call allocates."""
    runs = {(tagger.name, n): tagger.load(folder, n) for tagger in present for n in cores}
    for run in runs.values():
        run(texts[:1])
    return runs


def _peaks(present: Sequence[Tagger], cores: Sequence[int]) -> dict[tuple[str, int], Any]:
    if not any("onnx" in tagger.needs for tagger in present):
        return {}
    kinds = (("int8", products.bytes_product), ("float32", products.numbers_product))
    return {(name, n): make(n) for name, make in kinds for n in cores}


def _round(runs: dict[tuple[str, int], Run], present: Sequence[Tagger], texts: list[str]) -> dict[Cell, float]:
    """Seconds a post; those who are compared with each other follow each other."""
    cores = sorted({n for _, n in runs})
    return {
        Cell(tagger.name, n, batch): _seconds(runs[tagger.name, n], batch, texts[: _share(tagger, batch)])
        for batch in sorted({batch for tagger in present for batch in tagger.batches})
        for n in cores
        for tagger in present
        if batch in _batches(tagger, len(texts))
    }


def _batches(tagger: Tagger, count: int) -> list[int]:
    return [batch for batch in tagger.batches if batch <= count]


def _share(tagger: Tagger, batch: int) -> int:
    return min(max(batch, _SINGLES), tagger.most)


def _seconds(run: Run, batch: int, texts: Sequence[str]) -> float:
    begun = time.perf_counter()
    for first in range(0, len(texts), batch):
        run(texts[first : first + batch])
    return (time.perf_counter() - begun) / len(texts)


def table(found: Found) -> Table:
    made = Table(title="Posts a second, and how many times as fast as each ours are")
    cores = sorted({cell.cores for cell in found.rounds[0]})
    for heading in ("", "batch", *(f"cores {n}" for n in cores), "MB"):
        made.add_column(heading, justify="right" if heading else "left")
    for ours in _TOLD:
        for n in cores:
            made.add_column(f"{ours}\n/ it, {n}", justify="right")
    for name, batch in found.grown:
        cells = [Cell(name, n, batch) for n in cores]
        speeds = [f"{found.speed(cell):.3g}" for cell in cells]
        times = [f"{found.times(cell._replace(name=ours), cell):.2g}" for ours in _TOLD for cell in cells]
        made.add_row(name, str(batch), *speeds, f"{found.grown[name, batch] / 1e6:,.0f}", *times)
    return made


def peak_table(found: Found) -> Table:
    """At the largest batch."""
    made = Table(title="Multiply-adds a second (G), and the encoder's as a share of the peak")
    headings = ("cores", "int8 peak", "float32 peak", "encoder", "/ int8", "/ float32", _EAGER, "/ float32")
    for heading in headings:
        made.add_column(heading, justify="right")
    batch = max(cell.batch for cell in found.rounds[0])
    for n in sorted({cell.cores for cell in found.rounds[0]}):
        ours, theirs = Cell(_ENCODER, n, batch), Cell(_EAGER, n, batch)
        rates = [median(peaks[kind, n] for peaks in found.peaks) / 1e9 for kind in ("int8", "float32")]
        shown = [*rates, found.work * found.speed(ours) / 1e9]
        shares = [found.of_peak(ours, "int8"), found.of_peak(ours, "float32")]
        eager = found.work * found.speed(theirs) / 1e9
        row = [*(f"{rate:,.0f}" for rate in shown), *(f"{share:.2f}" for share in shares)]
        made.add_row(str(n), *row, f"{eager:,.0f}", f"{found.of_peak(theirs, 'float32'):.2f}")
    return made


def as_json(facts: dict[str, Any], found: Found, left_out: Sequence[str]) -> dict[str, Any]:
    return {
        "machine": facts,
        "multiply_adds_a_post": found.work,
        "left_out": list(left_out),
        "posts_per_second": [{**cell._asdict(), "speed": found.speed(cell)} for cell in found.rounds[0]],
        "grown_bytes": [
            {"name": name, "batch": batch, "bytes": size} for (name, batch), size in found.grown.items()
        ],
        "seconds_a_post": [[{**cell._asdict(), "seconds": s} for cell, s in one.items()] for one in found.rounds],
        "peaks": [
            [{"product": kind, "cores": n, "rate": rate} for (kind, n), rate in one.items()] for one in found.peaks
        ],
    }


def _arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser("python -m benchmarks.tagging", description=__doc__)
    parser.add_argument("--posts", type=report.count, default=256, help="larger batches are left out (%(default)s)")
    parser.add_argument("--rounds", type=report.count, default=3, help="of which the median counts (%(default)s)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there as well")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
