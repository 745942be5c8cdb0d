"""A classifier with topics of one's own beside its own ones: each from the cache, or fitted now."""

import hashlib
import json
import os
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from classifier.embed import FILES, Encoder, Progress, digest_files
from classifier.logistic import Floats
from classifier.model import SHIPPED, Classifier, Model, Prediction, judged
from classifier.own import background, fitting
from classifier.own.background import Background
from classifier.own.heads import OwnHead, OwnHeads, Together
from classifier.reading import Reader
from core.tables import TopicConfig

CACHE = "own-topics"  # in the data folder: one small file a fitted head, named by its digest


@dataclass(frozen=True)
class Beside:
    """`base` and `own` as one classifier; `encoder` reads for the own topics."""

    base: Classifier
    own: OwnHeads
    encoder: Encoder

    @property
    def topics(self) -> tuple[str, ...]:
        return self.base.topics + self.own.topics

    @property
    def thresholds(self) -> Floats:
        return np.append(self.base.thresholds, self.own.thresholds)

    @property
    def path(self) -> Path:
        return self.base.path

    @property
    def reader(self) -> Reader | None:
        return self.base.reader

    @cached_property
    def digest(self) -> str:
        """SHA-256 over the base model's digest and those of the own heads, in whatever order they come."""
        parts = [self.base.digest, *sorted(head.digest for head in self.own.heads)]
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()

    @property
    def card(self) -> dict[str, Any]:
        """The base model's card, which stays as it was, and the figures of the own topics."""
        return {**self.base.card, "own_topics": self.own.figures}

    def predict(self, texts: Sequence[str], *, progress: Progress | None = None) -> list[Prediction]:
        if isinstance(self.base, Model):  # one encoder reads once for both
            return judged(self.encoder, Together(self.base.heads, self.own), texts, progress)
        own = judged(self.encoder, self.own, texts)
        found = self.base.predict(texts, progress=progress)
        return [Prediction(a.topics + b.topics, a.vector) for a, b in zip(found, own, strict=True)]


def beside(base: Classifier, topics: Sequence[TopicConfig], data_dir: Path, threads: int = 0) -> Classifier:
    """`base` as it is if there are no `topics`; else with a head for each on its own or the shipped encoder."""
    if not topics:
        return base
    encoder, path = (
        (base.encoder, base.path) if isinstance(base, Model) else (Encoder.load(SHIPPED, threads), SHIPPED)
    )
    heads = _heads(topics, encoder, digest_files(path, FILES), data_dir / CACHE)
    return Beside(base, OwnHeads(tuple(heads)), encoder)


def _heads(topics: Sequence[TopicConfig], encoder: Encoder, name: str, cache: Path) -> Iterator[OwnHead]:
    posts = background.posts()
    read: Background | None = None
    for topic in topics:
        digest = fitting.digest(topic, name, posts)
        head = _cached(cache / f"{digest}.json", topic.slug, digest, encoder.width)
        if head is None:
            read = read or Background.read(encoder, posts)
            head = fitting.fit(topic, encoder, read, digest)
            _keep(cache / f"{digest}.json", head)
        yield head


def _cached(file: Path, topic: str, digest: str, width: int) -> OwnHead | None:
    """The head in `file`; None where there is none, or what is there cannot be it: it is then fitted again."""
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
        weights = np.array(found.pop("weights"), np.float64)
        head = OwnHead(weights=weights, **found)
    except (OSError, ValueError, TypeError, AttributeError, KeyError):
        return None
    fits = weights.shape == (width,) and np.isfinite(weights).all()
    return head if fits and (head.topic, head.digest) == (topic, digest) else None


def _keep(file: Path, head: OwnHead) -> None:
    """Whole or not at all; where the data folder cannot be written, the next start fits again."""
    written = file.with_suffix(f".{os.getpid()}")
    with suppress(OSError):
        file.parent.mkdir(parents=True, exist_ok=True)
        written.write_text(json.dumps({**asdict(head), "weights": head.weights.tolist()}), encoding="utf-8")
        written.replace(file)
