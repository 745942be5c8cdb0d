"""Texts as vectors, without any heads: what a search is compared by, and what an archive of before lacks."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from classifier.embed import FILES, Encoder, Vectors, digest_files, joined


@dataclass(frozen=True)
class Reader:
    """An encoder, and the digest of its files: vectors of one digest can be compared."""

    encoder: Encoder
    digest: str

    @classmethod
    def load(cls, path: Path, threads: int = 0) -> "Reader":
        return cls(Encoder.load(path, threads), digest_files(path, FILES))

    def vectors(self, texts: Sequence[str]) -> Vectors:
        """One vector a text, the same as a `Prediction` has; read in windows, but not sentence by sentence."""
        readings = self.encoder.read(texts)
        windows = [reading.ids(window) for reading in readings for window in reading.windows]
        read = self.encoder.vectors(windows)
        ends = np.cumsum([0, *(len(reading.windows) for reading in readings)])
        rows = [joined(reading, read[a:b]) for reading, a, b in zip(readings, ends, ends[1:], strict=False)]
        return np.array(rows, np.float32).reshape(len(rows), self.encoder.width)
