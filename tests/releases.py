"""Releases for tests: what `kle export` makes of an archive, and what happens to files on their way."""

import hashlib
from pathlib import Path
from typing import Any

import orjson

from db.database import Database
from db.query import PostQuery
from exports import release
from exports.order import Order

FORMATS = ("jsonl", "csv", "parquet")


def export(database: Database, out: Path, format_: str, audience: Any = "internal", **more: Any) -> Path:
    release.export(database, Order.build(PostQuery.build(""), format_, audience, **more), out)
    return out


def changed(folder: Path, name: str, before: bytes, after: bytes, *, honestly: bool = True) -> None:
    """Replace something in one of the files; `honestly`: its manifest knows of it."""
    path = folder / name
    content = path.read_bytes()
    assert before in content
    path.write_bytes(content.replace(before, after))
    if honestly:
        said = orjson.loads((folder / "manifest.json").read_bytes())
        for file in said["files"]:
            if file["path"] == name:
                content = path.read_bytes()
                file |= {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
        (folder / "manifest.json").write_bytes(orjson.dumps(said))
