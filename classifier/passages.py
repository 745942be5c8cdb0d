"""Texts as the heads judge them: window by window, and within each window sentence by sentence.

A window is judged as a whole, and by its most telling sentence: a topic that one sentence states is not drowned by
what else the window says. A text of several windows has the topic as much as the window that has it most. A text of
one sentence is judged by that alone.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from classifier.embed import Encoder, Progress, Vectors, joined
from classifier.logistic import Floats
from classifier.sentences import Span
from classifier.windows import Piece, Reading

Judge = Callable[[Vectors], Floats]  # vectors n x D -> log odds n x K
SENTENCE_SHARE = 1 / 3
"""How much the best sentence counts beside its window.

Out of fold, 1/4 to 1/2 are about equally good on posts as they are (average precision 0.820 to 0.822; without
sentences 0.820), and far better on two posts joined to one (0.75 to 0.78; without 0.70).
"""
_NOTHING = -50.0  # log odds of every topic in an empty text


@dataclass(frozen=True)
class Scores:
    """Log odds by topic: of sentences alone, of windows with their best sentence, of texts by their best window."""

    sentences: Floats
    windows: Floats
    texts: Floats


@dataclass(frozen=True)
class Passages:
    """Windows and sentences of many texts with their vectors; `text_of`, `window_of`: to which each belongs."""

    readings: list[Reading]
    windows: Vectors
    text_of: NDArray[np.int_]
    pieces: list[Piece]
    sentences: Vectors
    window_of: NDArray[np.int_]

    @classmethod
    def read(cls, encoder: Encoder, texts: Sequence[str], progress: Progress | None = None) -> "Passages":
        """Windows and sentences go through the encoder in one pool.

        Those of the same tokens go once: a window of one sentence, a post shared again. Their scores are then the
        same number, so that which of them is the evidence (the first) does not hang on rounding.
        """
        readings = encoder.read(texts)
        windows = [(text, window) for text, reading in enumerate(readings) for window in reading.windows]
        sentences = [
            (n, text, piece)
            for n, (text, window) in enumerate(windows)
            for piece in readings[text].sentences_in(window)
        ]
        window_ids = [tuple(readings[text].ids(window)) for text, window in windows]
        sentence_ids = [tuple(readings[text].ids(piece)) for _, text, piece in sentences]
        rows = {ids: row for row, ids in enumerate(dict.fromkeys([*window_ids, *sentence_ids]))}
        vectors = encoder.vectors(list(rows), progress)
        return cls(
            readings,
            vectors[[rows[ids] for ids in window_ids]],
            np.array([text for text, _ in windows], np.int_),
            [piece for _, _, piece in sentences],
            vectors[[rows[ids] for ids in sentence_ids]],
            np.array([n for n, _, _ in sentences], np.int_),
        )

    def scores(self, judge: Judge) -> Scores:
        sentences, windows = judge(self.sentences), judge(self.windows)
        best = _best(sentences, self.window_of, len(windows))
        mixed = (1 - SENTENCE_SHARE) * windows + SENTENCE_SHARE * best
        return Scores(sentences, mixed, _best(mixed, self.text_of, len(self.readings)))

    def vectors(self) -> Vectors:
        """One vector a text."""
        ends = np.searchsorted(self.text_of, np.arange(len(self.readings) + 1))
        rows = [
            joined(reading, self.windows[a:b]) for reading, a, b in zip(self.readings, ends, ends[1:], strict=False)
        ]
        return np.array(rows, np.float32).reshape(len(rows), self.windows.shape[1])

    def evidence(self, scores: Scores, text: int, topic: int) -> Span:
        """Where the most telling sentence of the most telling window of `text` lies in it."""
        window = _most(scores.windows[:, topic], self.text_of, text)
        sentence = self.pieces[_most(scores.sentences[:, topic], self.window_of, window)]
        return sentence.start, sentence.end


def _best(odds: Floats, owner: NDArray[np.int_], owners: int) -> Floats:
    found = np.full((owners, odds.shape[1]), _NOTHING)
    np.maximum.at(found, owner, odds)
    return found


def _most(odds: Floats, owner: NDArray[np.int_], wanted: int) -> int:
    """The index of the highest among those that belong to `wanted`; `owner` is in order."""
    first, last = np.searchsorted(owner, [wanted, wanted + 1])
    return int(first + odds[first:last].argmax())
