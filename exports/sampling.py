"""Samples for annotators: which posts are drawn, and the sheet that people fill in.

A post's place is the BLAKE2 digest of the seed and its id: the same seed draws the same posts from every archive
that holds them, in whatever order, and posts that come later only take places between. A cell is one value of each
stratum, such as topic reform in English; a post with three topics is in three of them. The cells are filled in
turn, the larger ones first: each takes its next post, which counts in all its cells and is drawn once. So every
cell gets as many as the others until it has no more, and what is left goes to the larger ones.

Cells overlap, so weights need strata that do not: all posts in the same cells are one stratum. Within it the posts
drawn are those of the lowest places, a simple random sample; each stands for (posts / drawn) of them.
"""

import csv
import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

from sqlmodel import Session

from core.errors import BadRequest
from core.harmless import harmless
from db import strata
from db.query import PostQuery
from db.strata import STRATA, Member
from exports.batch import Options

LARGEST = 1_000_000
SHEET = "labels.csv"
LABEL = "label_"  # begins the name of a topic's column
_CODE = 10  # hex digits of a stratum's code
_SPARE = 1000  # posts that may wait beyond what can be drawn before the rest is let go
Cell = tuple[str, ...]
Stratum = tuple[tuple[str, ...], ...]
Place = tuple[bytes, str, int, Stratum]  # digest, public id, row key


@dataclass(frozen=True, slots=True)
class Sample:
    """How many posts, by which strata, by which seed. Raises BadRequest for what cannot be drawn."""

    size: int
    strata: tuple[str, ...] = ()
    seed: int = 1

    def __post_init__(self) -> None:
        if not 1 <= self.size <= LARGEST:
            raise BadRequest(f"a sample of {self.size} posts: take 1 to {LARGEST:,}", parameter="sample")
        for name in self.strata:
            if name not in STRATA:
                raise BadRequest(f"there is no stratum {name!r}; there are {', '.join(STRATA)}",
                                 parameter="stratify", expected=list(STRATA))  # fmt: skip
        if len(set(self.strata)) < len(self.strata):
            raise BadRequest(f"--stratify {','.join(self.strata)} names one twice", parameter="stratify")

    @classmethod
    def build(cls, size: int, stratify: str = "", seed: int = 1) -> "Sample":
        """From what a person wrote: "topic, lang"."""
        names = (name.strip().lower() for name in stratify.split(","))
        return cls(size, tuple(name for name in names if name), seed)

    def said(self) -> dict[str, Any]:
        return {"size": self.size, "stratify": list(self.strata), "seed": self.seed}


@dataclass(frozen=True)
class Drawn:
    """What a sample holds: row keys, ascending, and for each public id the code of its stratum.

    The codes are digests, so that a reader of the sheet learns nothing of a stratum's topics.
    """

    sample: Sample
    keys: list[int]
    codes: Mapping[str, str]
    cells: Mapping[Cell, tuple[int, int]]  # posts, drawn
    strata: Mapping[str, tuple[Stratum, int, int]]  # by code: what it is, posts, drawn
    not_drawn: tuple[int, int]  # strata of which no post was drawn, and their posts
    posts: int

    def place(self, public_id: str) -> bytes:
        return _digest(self.sample.seed, public_id)

    def summary(self) -> dict[str, Any]:
        """As the manifest tells it."""
        names = self.sample.strata
        return {
            **self.sample.said(),
            "posts": self.posts,
            "drawn": len(self.keys),
            "cells": [
                {**dict(zip(names, cell, strict=True)), "posts": posts, "drawn": drawn}
                for cell, (posts, drawn) in sorted(self.cells.items())
            ],
            "strata": [
                {"stratum": code, **_told(names, stratum), "posts": posts, "drawn": drawn}
                for code, (stratum, posts, drawn) in sorted(self.strata.items())
            ],
            "not_drawn": {"strata": self.not_drawn[0], "posts": self.not_drawn[1]},
        }


def _told(names: Sequence[str], stratum: Stratum) -> dict[str, Any]:
    """A post may have several topics, and one of everything else."""
    return {n: list(v) if n == "topic" else v[0] for n, v in zip(names, stratum, strict=True)}


def draw(session: Session, query: PostQuery, sample: Sample) -> Drawn:
    """At most `sample.size` of the posts that `query` selects; memory grows with the sample and its cells."""
    pool = _Pool(sample, strata.most_groups(session, sample.strata))
    for found in strata.members(session, query, sample.strata):
        for member in found:
            pool.add(member)
    return pool.drawn()


class _Pool:
    """The posts that may still be drawn: of each cell those of the lowest places, as deep as any draw could go.

    Filling every cell to a depth draws at least (posts to that depth / `most`, the cells that one post may be in).
    Beyond the depth at which this is the sample's size nothing is drawn, and the depth only falls as cells grow.
    """

    def __init__(self, sample: Sample, most: int) -> None:
        self.sizes: Counter[Cell] = Counter()
        self.strata: Counter[Stratum] = Counter()
        self._sample, self._most = sample, most
        self._cells: dict[Cell, list[Place]] = defaultdict(list)
        self._last: dict[Cell, Place] = {}  # where a cell was cut off
        self._waiting, self._allowed = 0, sample.size * most + _SPARE

    def add(self, member: Member) -> None:
        place = _digest(self._sample.seed, member.id), member.id, member.key, member.groups
        self.strata[member.groups] += 1
        for cell in product(*member.groups):
            self.sizes[cell] += 1
            if cell not in self._last or place < self._last[cell]:
                self._cells[cell].append(place)
                self._waiting += 1
        if self._waiting > self._allowed:
            self._trim()

    def _trim(self) -> None:
        depth = self._depth()
        for cell, places in self._cells.items():
            if len(places) > depth:
                places.sort()
                del places[depth:]
                self._last[cell] = places[-1]
        self._waiting = sum(map(len, self._cells.values()))
        self._allowed = 2 * self._waiting + _SPARE

    def _depth(self) -> int:
        """How many of each cell make the sample, whichever posts are in several."""
        left, cells = self._sample.size * self._most, len(self.sizes)
        below = 0
        for size in sorted(self.sizes.values()):
            if (size - below) * cells >= left:
                return below - (-left // cells)
            left -= (size - below) * cells
            below, cells = size, cells - 1
        return below

    def drawn(self) -> Drawn:
        chosen = sorted(self._fill().values(), key=lambda place: place[2])
        in_cells = Counter(cell for place in chosen for cell in product(*place[3]))
        in_strata = Counter(place[3] for place in chosen)
        codes = {stratum: self._code(stratum) for stratum in in_strata}
        return Drawn(
            self._sample,
            keys=[place[2] for place in chosen],
            codes={place[1]: codes[place[3]] for place in chosen},
            cells={cell: (size, in_cells[cell]) for cell, size in self.sizes.items()},
            strata={code: (s, self.strata[s], in_strata[s]) for s, code in codes.items()},
            not_drawn=(len(self.strata) - len(codes), self.strata.total() - sum(self.strata[s] for s in codes)),
            posts=self.strata.total(),
        )

    def _code(self, stratum: Stratum) -> str:
        """Of this stratum in samples of this seed: a sheet beside another one's manifest is told by it."""
        said = ",".join(self._sample.strata) + repr(stratum)
        return f"s{_digest(self._sample.seed, said).hex()[:_CODE]}"

    def _fill(self) -> dict[str, Place]:
        """By id, in turn until there are enough or no more."""
        turn = [sorted(self._cells[cell]) for cell in sorted(self.sizes, key=lambda c: (-self.sizes[c], c))]
        found: dict[str, Place] = {}
        for depth in range(max(map(len, turn), default=0)):
            for places in turn:
                if len(places) > depth:
                    found.setdefault(places[depth][1], places[depth])
                if len(found) == self._sample.size:
                    return found
        return found


def _digest(seed: int, said: str) -> bytes:
    return hashlib.blake2b(f"{seed}\n{said}".encode(), digest_size=16).digest()


def sheet(
    path: Path, rows: Iterable[Mapping[str, Any]], topics: Sequence[str], drawn: Drawn, options: Options
) -> int:
    """Write the sheet of these posts (rows of the release) in the order of their places; how many those are.

    Annotators must not know what the model said: no tags, no probabilities, and strata by their codes. Where the
    text is withheld there is the link. `text_sha256` tells on reading it back whether the text was changed since.
    """
    columns = ["id", "stratum", "text", "lang", "url", *(LABEL + topic for topic in topics), "note", "text_sha256"]
    ordered = sorted(rows, key=lambda row: drawn.place(row["id"]))
    with path.open("w", encoding="utf-8-sig" if options.bom else "utf-8", newline="") as file:
        # quoted throughout: this writer leaves a carriage return bare where it does not end its lines
        writer = csv.DictWriter(file, columns, restval="", lineterminator="\n", quoting=csv.QUOTE_ALL)
        writer.writeheader()
        for row in ordered:
            cells = {name: row[name] or "" for name in ("id", "text", "lang", "url", "text_sha256")}
            told = cells if options.raw else {name: harmless(cell) for name, cell in cells.items()}
            writer.writerow({**told, "stratum": drawn.codes[row["id"]]})
    return len(ordered)
