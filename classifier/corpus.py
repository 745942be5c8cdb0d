"""The labelled posts in a folder, in their parts: what trains, what validates, what tests."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from classifier.lines import Labelled, read
from classifier.logistic import Floats
from classifier.split import PARTS, Part, data_digest, part, without_near_duplicates
from core.errors import ModelError

SHIPPED = Path(__file__).with_name("data")


@dataclass(frozen=True)
class Corpus:
    """`posts` without near-duplicates, of which there were `removed`; `parts`: where each belongs."""

    slugs: tuple[str, ...]
    posts: tuple[Labelled, ...]
    parts: tuple[Part, ...]
    removed: int

    @classmethod
    def read(cls, folder: Path, slugs: Sequence[str], seed: int) -> "Corpus":
        """Every *.jsonl file in `folder`, whatever its name."""
        given = [post for file in sorted(folder.glob("*.jsonl")) for post in read(file, slugs)]
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
        rows = [[slug in post.labels for slug in self.slugs] for post in posts]
        return np.array(rows, np.float64).reshape(len(posts), len(self.slugs))

    @property
    def digest(self) -> str:
        return data_digest(self.posts)
