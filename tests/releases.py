"""Releases for tests, written by hand in the shape of exports/tables.py, as `kle export` would make them."""

import csv
import hashlib
import re
import zipfile
from collections.abc import Sequence
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa
from pyarrow import parquet as pq

from core import terms, times
from db import posts
from db.database import Database
from db.models import Meta
from db.query import PostQuery
from exports import tables
from exports.tables import Field, Table

Row = dict[str, Any]
FORMATS = ("jsonl", "csv", "parquet")
_PLAIN = {"string": pa.string(), "integer": pa.int64(), "number": pa.float64(), "boolean": pa.bool_(),
          "datetime": pa.timestamp("us", tz="UTC")}  # fmt: skip
_FORMULA = re.compile("'*[=+\\-@\t\r]")


def rows(database: Database, audience: Any = "internal") -> dict[str, list[Row]]:
    """The rows of all tables that an import reads, in the order of posts."""
    found: dict[str, list[Row]] = {"posts": [], "versions": [], "metrics": [], "tags": []}
    shapes = tables.every(())
    with database.read() as session:
        query = replace(PostQuery.build(""), tombstones=True)
        for post, today in chain.from_iterable(posts.slices(session, query)):
            fit = terms.apply_today(post, today, audience)
            history = posts.versions(session, post["id"])
            more = {"id": post["id"], "topics": {}}
            if not post["erasure"]:
                sha256 = next(v["text_sha256"] for v in reversed(history) if v["change"] != "late")
                found["posts"].append(shaped({**fit, **more, "text_sha256": sha256}, shapes["posts"].fields))
            for version in history:
                said = terms.apply({**post, **{n: version[n] for n in ("text", "media", "tags")}}, audience)
                shown = {**version, **more, **{n: said[n] for n in ("text", "media")}, "erased_at": None}
                found["versions"].append(shaped({**shown, "erased_cause": None}, shapes["versions"].fields))
            counts = posts.metrics(session, post["id"])
            found["metrics"] += [shaped({**one, **more}, shapes["metrics"].fields) for one in counts]
    return found


def shaped(value: Any, fields: Sequence[Field]) -> Row:
    return {field.name: _shaped(value[field.name], field) for field in fields}


def _shaped(value: Any, field: Field) -> Any:
    if field.type != "record" or value is None:
        return value
    return [shaped(one, field.fields) for one in value] if field.many else shaped(value, field.fields)


def archive_id(database: Database) -> str:
    with database.read() as session:
        found = session.get(Meta, "archive_id")
        return found.value if found else ""


def export(database: Database, out: Path, format_: str, audience: Any = "internal", *, raw: bool = False) -> Path:
    return write(out, format_, rows(database, audience), archive_id(database), audience, raw=raw)


def write(
    out: Path, format_: str, found: dict[str, list[Row]], archive: str, audience: str = "internal", *,
    raw: bool = False, leave_out: Sequence[str] = ("tags",),
) -> Path:  # fmt: skip
    out.mkdir(parents=True)
    shapes, files = tables.every(()), []
    for name, some in found.items():
        if name in leave_out:
            continue
        path = out / f"{name}.{format_}"
        _WRITERS[format_](path, some, shapes[name], raw)
        content = path.read_bytes()
        sha256 = hashlib.sha256(content).hexdigest()
        files.append({"path": path.name, "rows": len(some), "bytes": len(content), "sha256": sha256})
    said = {
        "release": 1,
        "software": {"name": "kle-monitor"},
        "format": format_,
        "audience": audience,
        "files": files,
    }
    said |= {"archive": {"id": archive, "line": 1, "digest": "0" * 64, "at": times.text(times.now())}}
    said |= {"csv": {"bom": False, "raw": raw, "defused": 0}} if format_ == "csv" else {}
    (out / "manifest.json").write_bytes(orjson.dumps(said))
    return out


def zipped(release: Path, inside: str = "") -> Path:
    path = release.with_suffix(".zip")
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        for file in sorted(release.iterdir()):
            packed.write(file, inside + file.name)
    return path


def _jsonl(path: Path, some: Sequence[Row], table: Table, raw: bool) -> None:
    path.write_bytes(b"".join(orjson.dumps(row, option=orjson.OPT_SORT_KEYS) + b"\n" for row in some))


def _csv(path: Path, some: Sequence[Row], table: Table, raw: bool) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(table.columns())
        writer.writerows([_cell(row, path_, raw) for path_, _ in table.leaves()] for row in some)


def _cell(row: Row, path: Sequence[str], raw: bool) -> Any:
    value: Any = row
    for name in path:
        value = None if value is None else value[name]
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        value = orjson.dumps(value).decode()
    return f"'{value}" if isinstance(value, str) and not raw and _FORMULA.match(value) else value


def _parquet(path: Path, some: Sequence[Row], table: Table, raw: bool) -> None:
    schema = pa.schema([pa.field(field.name, _type(field)) for field in table.fields if field.name != "topics"])
    made = pa.Table.from_pylist([_timed(row, table.fields) for row in some], schema)
    pq.write_table(made, path, compression="zstd", row_group_size=700)


def _type(field: Field) -> Any:
    inner = pa.struct([(f.name, _type(f)) for f in field.fields]) if field.type == "record" else _PLAIN[field.type]
    return pa.list_(inner) if field.many else inner


def _timed(row: Row, fields: Sequence[Field]) -> Row:
    return {field.name: _timed_one(row[field.name], field) for field in fields}


def _timed_one(value: Any, field: Field) -> Any:
    if field.many and value is not None and field.type in ("record", "datetime"):
        return [_timed_value(one, field) for one in value]
    return _timed_value(value, field)


def _timed_value(value: Any, field: Field) -> Any:
    if value is None:
        return None
    if field.type == "record":
        return _timed(value, field.fields)
    return times.parse(value) if field.type == "datetime" and isinstance(value, str) else value


_WRITERS = {"jsonl": _jsonl, "csv": _csv, "parquet": _parquet}
