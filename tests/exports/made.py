"""Releases made by hand: rows with what a test says, everything else empty, and a manifest that fits."""

import hashlib
import json
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import orjson

from core import plugins
from exports import canonical, tables
from exports.batch import Options
from exports.canonical import Content
from exports.tables import Field, Table
from exports.written import described

Rows = Sequence[dict[str, Any]]
TOPICS = ["reform", "training"]
MODEL, OTHER_MODEL = "ab" * 32, "cd" * 32


def tag(slug: str, decision: str = "tagged", model: str | None = MODEL, by: str = "model") -> dict[str, Any]:
    return {"topic": slug, "probability": 0.5, "decision": decision, "model": model, "evidence": None, "by": by,
            "correction": None}  # fmt: skip


def post(number: int, text: str | None = None, tags: Sequence[dict[str, Any]] = (), **more: Any) -> dict[str, Any]:
    said = f"Post {number} on talks." if text is None else text
    row = empty(tables.posts(TOPICS).fields)
    decided = {slug: {"probability": None, "decision": None} for slug in TOPICS}
    decided |= {t["topic"]: {"probability": 0.5, "decision": t["decision"]} for t in tags}
    return row | {
        "id": f"mastodon:office.example/{number}", "platform": "mastodon", "text": said,
        "platform_id": f"office.example/{number}",
        "account": {"platform": "mastodon", "handle": "@press@office.example", "name": "Press", "actor": None},
        "text_sha256": hashlib.sha256(said.encode()).hexdigest(), "tags": list(tags), "topics": decided,
        "created_at": f"2026-01-{number % 28 + 1:02}T12:00:00Z", "media": [], "links": [], "labels": [],
        "sightings": [], "rights": {"policy": "full", "text_withheld": False},
    } | more  # fmt: skip


def withheld(row: dict[str, Any]) -> dict[str, Any]:
    return row | {"text": None, "rights": {"policy": "ids", "text_withheld": True}}


def version(post: int, **more: Any) -> dict[str, Any]:
    row = empty(tables.VERSIONS.fields)
    return row | {"id": f"mastodon:office.example/{post}", "number": 1, "links": [], "media": []} | more


def empty(fields: Sequence[Field]) -> dict[str, Any]:
    return {field.name: None for field in fields}


def release(folder: Path, posts: Rows, versions: Rows = (), format_: str = "jsonl", **more: Any) -> Path:
    """A release in that format; `more` stands in its manifest."""
    folder.mkdir()
    manifest: dict[str, Any] = {
        "release": 1, "software": {"name": "kle-monitor", "version": "0.1.0"}, "query": "",
        "as_of": "2026-02-01T00:00:00Z", "format": format_, "audience": "public", "tables": {}, "topics": TOPICS,
        "models": [], "counts": {"posts": len(posts)}, "withheld": [], "content": {}, "files": [],
        "archive": {"id": "4f0c0c52-0000-4000-8000-000000000000", "line": 7, "digest": "ee" * 32},
    } | more  # fmt: skip
    for name, rows in (("posts", posts), ("versions", versions)):
        file = folder / f"{name}.{format_}"
        content = canonical.batch(rows)
        with plugins.load("exports.formats")[format_].table(file, _table(manifest, name), Options()) as writer:
            writer.write(content)
        counted = Content()
        counted.add(content)
        manifest["content"].setdefault(name, {"rows": len(rows), "sha256": counted.sha256})
        manifest["files"].append({"path": file.name, "rows": len(rows), **described(file)})
    (folder / "manifest.json").write_text(json.dumps(manifest))
    return folder


def _table(manifest: dict[str, Any], name: str) -> Table:
    columns = manifest["tables"].get(name)
    table = tables.every(TOPICS)[name]
    return tables.only(table, {tuple(c.split(".")): None for c in columns}) if columns else table


def line(row: dict[str, Any]) -> bytes:
    return orjson.dumps(row, option=orjson.OPT_SORT_KEYS | orjson.OPT_APPEND_NEWLINE)


def zipped(folder: Path, inside: str = "") -> Path:
    packed = folder.with_suffix(".zip")
    with zipfile.ZipFile(packed, "w") as archive:
        for file in sorted(folder.iterdir()):
            archive.write(file, f"{inside}{file.name}")
    return packed
