"""Which posts of one message say the same: by their words, or because one names the other.

Compared are only posts that share words in a row, each with the few that share most: a flood of thousands must not
take the square of its size.
"""

from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import Any

from core.sameness import Said, likeness

_NEAREST = 8  # posts with which one is compared
_COMMON = 50  # posts: words in a row that so many share tell nothing about two of them


def groups(posts: Sequence[dict[str, Any]]) -> list[tuple[str, str]]:
    """Pairs of ids of posts that say the same."""
    ids = {post["id"] for post in posts}
    named = [(post["repeats"], post["id"]) for post in posts if post["repeats"] in ids]
    texts = [(post["id"], Said(post["text"])) for post in posts if post["text"]]
    if len(texts) < 2:  # as in most messages: nothing is worth being cut up
        return named
    holders: dict[tuple[str, ...], list[int]] = defaultdict(list)
    found = []
    for number, (public_id, said) in enumerate(texts):
        shared = Counter(
            other for shingle in said.shingles if len(holders[shingle]) <= _COMMON for other in holders[shingle]
        )
        for other, _ in shared.most_common(_NEAREST):
            if likeness(texts[other][1], said):
                found.append((texts[other][0], public_id))
        for shingle in said.shingles:
            holders[shingle].append(number)
    return named + found
