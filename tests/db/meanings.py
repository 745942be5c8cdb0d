"""Invented meanings: a text means what its words do, each word a direction of its own."""

import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from sqlalchemy import select

from core.text import words
from db import posts, similar, vectors
from db.models import Embedding, Version
from db.near import Meaning
from db.query import PostQuery
from db.upsert import table
from tests.db.conftest import Room, Score

WIDTH = 384
_version = table(Version)


def direction(word: str) -> Any:
    return np.random.default_rng(zlib.crc32(word.encode())).standard_normal(WIDTH).astype(np.float32)


def meant(text: str, same: Mapping[str, str] | None = None) -> Any:
    """Of length 1, or 0 for a text that says nothing; `same` makes a word mean what another one does."""
    total = sum((direction((same or {}).get(w, w)) for w in words(text)), np.zeros(WIDTH, np.float32))
    return total / max(float(np.linalg.norm(total)), 1e-9)


@dataclass
class Reader:
    """Stands in for the encoder."""

    digest: str = "encoder-1"
    same: dict[str, str] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def __call__(self, said: str) -> Any:
        self.asked.append(said)
        return meant(said, self.same)


def read(room: Room, reader: Reader | None = None, **same: str) -> int:
    """A vector for every version that may have one; how many are new."""
    reader = reader or Reader(same=same)
    with room.database.write() as session:
        rows = session.execute(select(_version.c.id, _version.c.text)).all()
        return vectors.put(session, reader.digest, {r.id: meant(r.text, reader.same) for r in rows})


def tagged(room: Room, *seen: Any, **same: str) -> None:
    """Archived, tagged and read."""
    room.archive(*seen)
    room.tag(Score("reform"), limit=1000)
    read(room, **same)


def near(room: Room, public_id: str, meaning: Meaning | None = None, **query: Any) -> list[tuple[str, float]]:
    """(id, cosine) of everything similar."""
    with room.database.read() as session:
        key = posts.key_of(session, public_id)
        found = similar.similar(session, meaning or Meaning(), key, PostQuery.build(**query))
        pairs = [pair for part in found for pair in part]
        return [(posts.forms.posts(session, [k])[0]["id"], cosine) for k, cosine in pairs]


def kept(room: Room) -> dict[int, Any]:
    """Version -> its row."""
    return {row.version_id: row for row in room.rows(Embedding)}
