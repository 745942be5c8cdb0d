"""Which labelled posts train and which test: near-duplicates out, paraphrases together, decided by hash."""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import Literal, get_args

from classifier.lines import Labelled
from core.text import words

Part = Literal["train", "validation", "test"]
PARTS: tuple[Part, ...] = get_args(Part)
TEST_PERCENT, VALIDATION_PERCENT = 15, 15
_RUN = 3  # words in a row that two texts share
_ALIKE = 0.5  # share of such runs from which two texts are the same post written twice


def without_near_duplicates(posts: Sequence[Labelled]) -> list[Labelled]:
    """`posts` in an order of their own, the same for any order of files, each unlike all before it.

    Two are alike if at least half of their three-word runs (of both together) are in both.
    """
    kept: list[Labelled] = []
    holders: defaultdict[tuple[str, ...], list[int]] = defaultdict(list)
    sizes: list[int] = []
    for post in sorted(posts, key=lambda post: (post.language, post.text, post.group, sorted(post.labels))):
        runs = _runs(post.text)
        shared = Counter(i for run in runs for i in holders[run])
        if any(n >= _ALIKE * (len(runs) + sizes[i] - n) for i, n in shared.items()):
            continue
        for run in runs:
            holders[run].append(len(kept))
        kept.append(post)
        sizes.append(len(runs))
    return kept


def part(post: Labelled, seed: int) -> Part:
    """Where `post` belongs; all of its group, or of the same words, belong there too."""
    key = post.group or " ".join(words(post.text))
    drawn = int.from_bytes(hashlib.sha256(f"{seed}:{key}".encode()).digest()[:8], "big") % 100
    if drawn < TEST_PERCENT:
        return "test"
    return "validation" if drawn < TEST_PERCENT + VALIDATION_PERCENT else "train"


def data_digest(posts: Sequence[Labelled]) -> str:
    """SHA-256 over what was trained and tested on, whichever files it came from."""
    rows = sorted("\x1f".join((p.text, ",".join(sorted(p.labels)), p.language, p.group)) for p in posts)
    return hashlib.sha256("\x1e".join(rows).encode()).hexdigest()


def _runs(text: str) -> set[tuple[str, ...]]:
    found = words(text)
    return {tuple(found[i : i + _RUN]) for i in range(max(len(found) - _RUN + 1, 1))}
