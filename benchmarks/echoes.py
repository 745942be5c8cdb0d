"""How well texts that say the same are told from those that only look alike: `python -m benchmarks.echoes`.

Each way judges the same pairs of `benchmarks.echo_texts`. Beside the shipped one: other thresholds, the shipped one
without its look at numbers and names, and what a user would try first (equal texts; Jaccard of all words; MinHash
with bands, which finds what shares about half of its shingles).
"""

import argparse
import json
import sys
from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path
from unittest.mock import patch

from benchmarks.echo_texts import Pair, pairs
from core import sameness
from core.sameness import Said, likeness
from core.text import squeeze, words

Way = Callable[[Pair], bool]
SEED, EACH = 20250818, 12


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.echoes", description=__doc__.split("\n")[0])
    parser.add_argument("--each", type=int, default=EACH, help="fillings of every template")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--json", type=Path)
    given = parser.parse_args(arguments)
    found = list(pairs(given.seed, given.each))
    told = {name: _measure(found, way) for name, way in WAYS.items()}
    detail = {"languages": _by(found, lambda pair: pair.lang), "changes": _by(found, lambda pair: pair.how)}
    unseen = list(pairs(given.seed, given.each, "held_out"))
    told["shipped, on templates that were not looked at"] = _measure(unseen, _shipped)
    sys.stdout.write(_table(told) + "\n" + _changes(detail["changes"]) + "\n" + _table(detail["languages"]))
    if given.json:
        given.json.write_text(json.dumps({"ways": told, **detail}, indent=1, ensure_ascii=False), "utf-8")
    return 0


def _shipped(pair: Pair) -> bool:
    return likeness(Said(pair.one), Said(pair.other)) is not None


def _at(enough: float, names: bool = True) -> Way:
    """The shipped way with another threshold, or without its look at what differs."""

    def judge(pair: Pair) -> bool:
        with patch.object(sameness, "ENOUGH", enough):
            if names:
                return _shipped(pair)
            with patch.object(sameness, "_another", lambda short, long: False):
                return _shipped(pair)

    return judge


def _jaccard(at_least: float) -> Way:
    def judge(pair: Pair) -> bool:
        one, other = set(words(pair.one)), set(words(pair.other))
        return len(one & other) >= at_least * len(one | other)

    return judge


def _shingled(at_least: float) -> Way:
    def judge(pair: Pair) -> bool:
        one, other = Said(pair.one).shingles, Said(pair.other).shingles
        return len(one & other) >= at_least * len(one | other)

    return judge


WAYS: dict[str, Way] = {
    "shipped": _shipped,
    **{f"shipped, {enough} is enough": _at(enough) for enough in (0.4, 0.5, 0.6, 0.8, 0.9)},
    "shipped, numbers and names not looked at": _at(sameness.ENOUGH, names=False),
    "0.8 is enough, numbers and names not looked at": _at(0.8, names=False),
    "equal words": lambda pair: squeeze(pair.one) == squeeze(pair.other),
    "Jaccard of words from 0.7": _jaccard(0.7),
    "Jaccard of shingles from 0.5, as MinHash": _shingled(0.5),
    "Jaccard of shingles from 0.8, as MinHash": _shingled(0.8),
}


def _measure(found: Sequence[Pair], way: Way) -> dict[str, float]:
    judged = [(pair.same, way(pair)) for pair in found]
    hits = sum(same and said for same, said in judged)
    told, real = sum(said for _, said in judged), sum(same for same, _ in judged)
    return {"precision": hits / told if told else 1.0, "recall": hits / real if real else 1.0, "pairs": len(found)}


def _by(found: Sequence[Pair], name: Callable[[Pair], str]) -> dict[str, dict[str, float]]:
    groups: dict[str, list[Pair]] = defaultdict(list)
    for pair in found:
        groups[name(pair)].append(pair)
    said = {key: _measure(group, _shipped) for key, group in groups.items()}
    return {key: {**said[key], "same": groups[key][0].same, "right": _right(groups[key])} for key in groups}


def _right(group: Sequence[Pair]) -> float:
    return sum(_shipped(pair) is pair.same for pair in group) / len(group)


def _table(told: dict[str, dict[str, float]]) -> str:
    rows = [f"| {name} | {m['precision']:.3f} | {m['recall']:.3f} |" for name, m in told.items()]
    return "\n".join(["| way | precision | recall |", "| --- | --- | --- |", *rows, ""])


def _changes(told: dict[str, dict[str, float]]) -> str:
    rows = [f"| {name} | {'yes' if m['same'] else 'no'} | {m['right']:.3f} |" for name, m in told.items()]
    return "\n".join(["| what differs | says the same | judged rightly |", "| --- | --- | --- |", *rows, ""])


if __name__ == "__main__":
    sys.exit(main())
