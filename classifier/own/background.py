"""Posts about everything else: what a topic of one's own is told apart from.

A sample of the labelled posts that ship with the program, on the shipped topics and off them: of the validation
part, because the encoder was tuned on the training part and tells those posts apart better than any others. Some of
them may well be in a topic of one's own; nobody said so, and its head is fitted and judged as if none were.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from classifier import corpus, taxonomy
from classifier.embed import Encoder
from classifier.lines import Labelled
from classifier.logistic import Floats
from classifier.passages import Passages
from classifier.split import part

SIZE = 600
"""Read in some 5 s on one core. Average precision of topics with 8 examples: 300 texts 0.542, 600 texts 0.564."""


@dataclass(frozen=True)
class Background:
    passages: Passages
    languages: tuple[str, ...]

    @classmethod
    def read(cls, encoder: Encoder, posts: Sequence[Labelled]) -> "Background":
        return cls(Passages.read(encoder, [post.text for post in posts]), tuple(post.language for post in posts))

    @cached_property
    def tongues(self) -> Floats:
        """The directions in which the languages differ, as orthonormal columns.

        Examples in one language against a background in four would teach a head the language, not the topic.
        """
        vectors, spoken = self.passages.vectors().astype(np.float64), np.array(self.languages)
        means = np.array([vectors[spoken == one].mean(axis=0) for one in sorted(set(self.languages))])
        return np.linalg.svd((means - means.mean(axis=0)).T, full_matrices=False)[0][:, : len(means) - 1]


def posts(size: int = SIZE) -> list[Labelled]:
    """The same ones in the same order wherever the data are the same."""
    read = corpus.read_folder(corpus.SHIPPED, [topic.slug for topic in taxonomy.topics()])
    kept = (post for post in read if part(post, corpus.SEED) == "validation")
    found = {hashlib.sha256(post.text.encode()).digest(): post for post in kept}
    return [found[key] for key in sorted(found)[:size]]
