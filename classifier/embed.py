"""The encoder at run time: onnxruntime and the tokenizer, no torch, no network.

A vector depends on its own text alone: activations are quantised with one scale a token, and padding is masked.
"""

import hashlib
import json
import os
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray

from classifier.windows import Reading, Tokens
from core.errors import ModelError

Vectors = NDArray[np.float32]
Progress = Callable[[int, int], None]  # called with (passages read, passages in all)

ENCODER, TOKENIZER = "encoder_int8.onnx", "tokenizer.json"
FILES = (ENCODER, TOKENIZER, "tokenizer_config.json", "config.json")
PREFIX = "query:"  # what the encoder was trained to see in front of a text
WINDOW_TOKENS = 128
BATCH_TOKENS = 1024  # padded tokens in one batch: the fastest on 2 cores, and small in memory
REMEDY = "name a model directory with `--model DIR` or KLE_MODEL, or make one with `kle model train`"
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True)
class Tokenizer:
    """Texts to token ids, and what stands around them: `before` every text, `after` it, `padding` behind that.

    One thread at a time cuts texts; the others wait for milliseconds. What `run` is made of bears no more."""

    run: Any
    before: tuple[int, ...]
    after: tuple[int, ...]
    padding: int
    _turn: Lock = field(default_factory=Lock, compare=False)

    @classmethod
    def load(cls, path: Path) -> "Tokenizer":
        run = _tokenizer(path)
        prefix = run(PREFIX, add_special_tokens=False)["input_ids"]
        return cls(run, (run.cls_token_id, *prefix), (run.sep_token_id,), run.pad_token_id)

    def tokens(self, texts: Sequence[str]) -> list[Tokens]:
        if not texts:
            return []
        with self._turn:
            found = self.run(readable(texts), add_special_tokens=False, return_offsets_mapping=True)
        return [Tokens(*pair) for pair in zip(found["input_ids"], found["offset_mapping"], strict=True)]

    def row(self, ids: Sequence[int]) -> tuple[int, ...]:
        """What the encoder reads for a window of these tokens."""
        return (*self.before, *ids, *self.after)


@dataclass(frozen=True)
class Encoder:
    session: Any
    tokenizer: Tokenizer
    width: int

    @classmethod
    def load(cls, path: Path, threads: int = 0) -> "Encoder":
        """`threads` 0: one for each core."""
        require_files(path, FILES)
        try:
            session = _session(path / ENCODER, threads)
            width = int(json.loads((path / "config.json").read_text(encoding="utf-8"))["hidden_size"])
            return cls(session, Tokenizer.load(path), width)
        except Exception as error:  # onnxruntime, tokenizers and json each raise their own kinds
            raise ModelError(f"{path}: its files cannot be read ({error}); {REMEDY}") from error

    @property
    def limit(self) -> int:
        """How many of a text's own tokens fit in a window."""
        return WINDOW_TOKENS - len(self.tokenizer.row(()))

    def tokenize(self, texts: Sequence[str]) -> list[Tokens]:
        return self.tokenizer.tokens(texts)

    def read(self, texts: Sequence[str]) -> list[Reading]:
        tokens = self.tokenize(texts)
        return [Reading.of(text, found, self.limit) for text, found in zip(texts, tokens, strict=True)]

    def vectors(self, windows: Sequence[Sequence[int]], progress: Progress | None = None) -> Vectors:
        """One vector of length 1 for the token ids of each window, in their order."""
        rows = [self.tokenizer.row(window) for window in windows]
        found = np.zeros((len(rows), self.width), np.float32)
        done = 0
        for batch in batches([len(row) for row in rows]):
            found[batch] = self._run([rows[i] for i in batch])
            done += len(batch)
            if progress:
                progress(done, len(rows))
        return found

    def _run(self, rows: Sequence[Sequence[int]]) -> Vectors:
        ids = np.full((len(rows), max(map(len, rows))), self.tokenizer.padding, np.int64)
        mask = np.zeros_like(ids)
        for i, row in enumerate(rows):
            ids[i, : len(row)], mask[i, : len(row)] = row, 1
        found: Vectors = self.session.run(["sentence_vec"], {"input_ids": ids, "attention_mask": mask})[0]
        return found


def readable(texts: Sequence[str]) -> list[str]:
    """Without lone halves of surrogate pairs, on which tokenizers break; every offset stays right."""
    return [_LONE_SURROGATE.sub("\ufffd", text) for text in texts]


def joined(reading: Reading, vectors: Vectors) -> Vectors:
    """One vector for a text from those of its windows: their mean by tokens, of length 1 (0 for an empty text)."""
    if len(vectors) == 1:
        only: Vectors = vectors[0]
        return only
    sizes = np.array([window.size for window in reading.windows], np.float32)
    mean: Vectors = sizes @ vectors
    return mean / max(float(np.linalg.norm(mean)), 1e-12)


def require_files(path: Path, names: Sequence[str]) -> None:
    if not path.is_dir():
        raise ModelError(f"{path}: there is no such model directory; {REMEDY}")
    missing = [name for name in names if not (path / name).is_file()]
    if missing:
        raise ModelError(f"{path}: the model lacks {', '.join(missing)}; {REMEDY}")


def digest_files(path: Path, names: Sequence[str]) -> str:
    """SHA-256 over the named files' bytes, each preceded by its name and size."""
    found = hashlib.sha256()
    for name in names:
        content = (path / name).read_bytes()
        found.update(f"{name} {len(content)}\n".encode())
        found.update(content)
    return found.hexdigest()


def batches(lengths: Sequence[int], budget: int = BATCH_TOKENS) -> Iterator[list[int]]:
    """Indices in batches of similar length, each within `budget` padded tokens (or alone)."""
    batch: list[int] = []
    for i in sorted(range(len(lengths)), key=lambda i: lengths[i]):
        if batch and (len(batch) + 1) * lengths[i] > budget:
            yield batch
            batch = []
        batch.append(i)
    if batch:
        yield batch


def _session(file: Path, threads: int) -> Any:
    import onnxruntime  # half a second that only tagging should pay

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")  # idle threads must sleep
    return onnxruntime.InferenceSession(str(file), options, providers=["CPUExecutionProvider"])


def _tokenizer(path: Path) -> Any:
    for name in ("TRANSFORMERS_NO_ADVISORY_WARNINGS", "HF_HUB_OFFLINE", "HF_HUB_DISABLE_TELEMETRY"):
        os.environ.setdefault(name, "1")  # read at the import below: no advice about torch, no network
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    from transformers import AutoTokenizer  # more than a second that only tagging should pay

    return AutoTokenizer.from_pretrained(str(path), local_files_only=True, model_max_length=10**9)
