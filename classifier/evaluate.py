"""How good tags are: precision, recall and F1 by topic and language, from predictions and labelled lines.

`unsure` counts as not tagged. Macro F1 is the mean over the topics that the labels hold (within a language: that
they hold in it); micro F1 counts all tags together. A figure without anything to count is 0.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from classifier.embed import Progress
from classifier.lines import Labelled, read
from classifier.model import Model

Tags = frozenset[str]
_DIGITS = 4


def evaluate(path: Path, model: Model, progress: Progress | None = None) -> dict[str, Any]:
    """The figures of `model` on the labelled lines of `path` ({"text", "labels", "language"})."""
    posts = read(path, model.topics)
    predictions = model.predict([post.text for post in posts], progress=progress)
    return measure(posts, [found.tagged for found in predictions], model.topics)


def measure(posts: Sequence[Labelled], tagged: Sequence[Tags], slugs: Sequence[str]) -> dict[str, Any]:
    pairs = [(post.labels, found) for post, found in zip(posts, tagged, strict=True)]
    codes = sorted({post.language for post in posts})
    return {
        **_averages(pairs, slugs),
        "off_topic_tagged": _share(bool(found) for labels, found in pairs if not labels),
        "topics": {slug: _topic(pairs, slug) for slug in slugs},
        "languages": {code: _language(posts, pairs, slugs, code) for code in codes},
    }


def _language(
    posts: Sequence[Labelled], pairs: Sequence[tuple[Tags, Tags]], slugs: Sequence[str], code: str
) -> dict[str, Any]:
    own = [pair for post, pair in zip(posts, pairs, strict=True) if post.language == code]
    return {**_averages(own, slugs), "posts": len(own)}


def _averages(pairs: Sequence[tuple[Tags, Tags]], slugs: Sequence[str]) -> dict[str, float]:
    counts = [_counts(pairs, slug) for slug in slugs]
    supported = [_f1(*count) for count in counts if count[0] + count[2]]
    macro = sum(supported) / len(supported) if supported else 0.0
    micro = _f1(*(sum(column) for column in zip(*counts, strict=True)))
    return {"macro_f1": round(macro, _DIGITS), "micro_f1": round(micro, _DIGITS)}


def _topic(pairs: Sequence[tuple[Tags, Tags]], slug: str) -> dict[str, float]:
    hits, false, missed = _counts(pairs, slug)
    return {
        "precision": round(hits / max(hits + false, 1), _DIGITS),
        "recall": round(hits / max(hits + missed, 1), _DIGITS),
        "f1": round(_f1(hits, false, missed), _DIGITS),
        "support": hits + missed,
    }


def _counts(pairs: Sequence[tuple[Tags, Tags]], slug: str) -> tuple[int, int, int]:
    """(rightly tagged, wrongly tagged, missed)."""
    hits = sum(slug in labels and slug in found for labels, found in pairs)
    false = sum(slug not in labels and slug in found for labels, found in pairs)
    missed = sum(slug in labels and slug not in found for labels, found in pairs)
    return hits, false, missed


def _f1(hits: int, false: int, missed: int) -> float:
    return 2 * hits / max(2 * hits + false + missed, 1)


def _share(flags: Iterable[bool]) -> float:
    found = list(flags)
    return round(sum(found) / len(found), _DIGITS) if found else 0.0
