"""The labelled posts in a folder, in their parts: what trains, what validates, what tests."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from classifier.figures import Flags
from classifier.lines import Labelled, read
from classifier.logistic import Floats
from classifier.split import PARTS, Part, data_digest, part, without_near_duplicates
from core.errors import ModelError

SHIPPED = Path(__file__).with_name("data")
SEED = 7  # by which the shipped posts are split


def read_folder(folder: Path, slugs: Sequence[str]) -> list[Labelled]:
    """The posts of every *.jsonl file in `folder`, as they lie there."""
    if not folder.is_dir():
        raise ModelError(f"{folder}: there is no such folder; labelled posts are *.jsonl files in one")
    return [post for file in sorted(folder.glob("*.jsonl")) for post in read(file, slugs)]


def held(posts: Sequence[Labelled], slugs: Sequence[str]) -> Flags:
    """n x K: whether the topic holds."""
    rows = [[slug in post.labels for slug in slugs] for post in posts]
    return np.array(rows, np.bool_).reshape(len(posts), len(slugs))


@dataclass(frozen=True)
class Corpus:
    """`posts` without near-duplicates, of which there were `removed`; `parts`: where each belongs."""

    slugs: tuple[str, ...]
    posts: tuple[Labelled, ...]
    parts: tuple[Part, ...]
    removed: int

    @classmethod
    def read(cls, folder: Path, slugs: Sequence[str], seed: int) -> "Corpus":
        """The posts in `folder`, whatever its files are called."""
        given = read_folder(folder, slugs)
        posts = tuple(without_near_duplicates(given))
        found = cls(tuple(slugs), posts, tuple(part(post, seed) for post in posts), len(given) - len(posts))
        if set(found.parts) != set(PARTS):
            raise ModelError(
                f"{folder}: {len(posts)} labelled posts in *.jsonl files are too few to train, validate and test on"
            )
        return found

    def of(self, wanted: Part) -> list[Labelled]:
        return [post for post, where in zip(self.posts, self.parts, strict=True) if where == wanted]

    def labels(self, posts: Sequence[Labelled]) -> Floats:
        """n x K: 1 where the topic holds, 0 where it does not."""
        return held(posts, self.slugs).astype(np.float64)

    @property
    def digest(self) -> str:
        return data_digest(self.posts)
