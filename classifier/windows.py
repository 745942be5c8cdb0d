"""A long text in windows that the encoder can read: whole sentences where they fit, nothing left out.

Works on tokens: a text is tokenised once, its windows are slices of those tokens.
"""

import re
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass

from classifier.sentences import Span, sentences

_ADDRESS = re.compile(r"https?://\S+|(?<![\w.-])[\w-]+(?:\.[\w-]+)+/\S*|(?<!\w)@[\w.-]+")
_WORD = re.compile(r"[^\W\d_]{2,}")


@dataclass(frozen=True)
class Tokens:
    """One text's token ids, without prefix and special tokens, and where each lies in the text."""

    ids: list[int]
    offsets: list[Span]


@dataclass(frozen=True)
class Piece:
    """Tokens `first` to `last` (exclusive), which are the text from `start` to `end`."""

    first: int
    last: int
    start: int
    end: int

    @property
    def size(self) -> int:
        return self.last - self.first


@dataclass(frozen=True)
class Reading:
    """One text, ready for the encoder: its sentences, and the windows in which it is read."""

    tokens: Tokens
    sentences: list[Piece]
    windows: list[Piece]

    @classmethod
    def of(cls, text: str, tokens: Tokens, limit: int) -> "Reading":
        pieces = sentence_pieces(text, tokens, limit) if says_something(text) else []
        return cls(tokens, pieces, windows(pieces, limit))

    def ids(self, piece: Piece) -> list[int]:
        return self.tokens.ids[piece.first : piece.last]

    def sentences_in(self, window: Piece) -> list[Piece]:
        return [piece for piece in self.sentences if window.first <= piece.first < window.last]


def says_something(text: str) -> bool:
    """Whether a word of two letters or more is left without addresses and mentions.

    A handle, a link, a row of flags or a single letter has no topic; what an encoder makes of them is chance.
    """
    return _WORD.search(_ADDRESS.sub(" ", text)) is not None


def sentence_pieces(text: str, tokens: Tokens, limit: int) -> list[Piece]:
    """The sentences of `text`; one of more than `limit` tokens is cut, between words where it has any."""
    spans = sentences(text)
    ends = [end for _, end in spans]
    owners = [min(bisect_left(ends, stop), len(spans) - 1) for _, stop in tokens.offsets]
    pieces: list[Piece] = []
    first = 0
    for owner, (start, end) in enumerate(spans):
        last = first
        while last < len(owners) and owners[last] <= owner:
            last += 1
        pieces += _cut(text, tokens, Piece(first, last, start, end), limit)
        first = last
    return [piece for piece in pieces if piece.size]


def windows(pieces: Sequence[Piece], limit: int) -> list[Piece]:
    """Neighbouring pieces joined to windows of at most `limit` tokens, of about equal size.

    Equal, because a last window of a few words would be judged without its context.
    """
    count = -(-sum(piece.size for piece in pieces) // limit)
    target = sum(piece.size for piece in pieces) / max(count, 1)
    joined: list[Piece] = []
    for piece in pieces:
        open_one = joined[-1] if joined else None
        if open_one and open_one.size < target and open_one.size + piece.size <= limit:
            joined[-1] = Piece(open_one.first, piece.last, open_one.start, piece.end)
        else:
            joined.append(piece)
    return joined


def _cut(text: str, tokens: Tokens, piece: Piece, limit: int) -> list[Piece]:
    parts, first, start = [], piece.first, piece.start
    while piece.last - first > limit:
        last = _word_start(text, tokens, first, first + limit)
        parts.append(Piece(first, last, start, tokens.offsets[last - 1][1]))
        first, start = last, _skip_space(text, tokens.offsets[last][0], piece.end)
    return [*parts, Piece(first, piece.last, start, piece.end)]


def _word_start(text: str, tokens: Tokens, first: int, last: int) -> int:
    """The last token in the second half of `first`..`last` that begins a word, else `last`."""
    for at in range(last, (first + last) // 2, -1):
        start = tokens.offsets[at][0]
        if text[start : start + 1].isspace() or text[start - 1 : start].isspace():
            return at
    return last


def _skip_space(text: str, start: int, end: int) -> int:
    while start < end and text[start].isspace():
        start += 1
    return start
