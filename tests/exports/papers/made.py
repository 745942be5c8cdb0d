"""A small release without an archive: rows of every table in their shape, their files, and what is told of them."""

import hashlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import orjson

from core import plugins
from core.tables import CitationConfig
from exports import papers, tables
from exports.batch import Batch, Options, Row
from exports.papers import About
from exports.tables import Field, Table
from exports.written import described

FORMATS = sorted(plugins.load("exports.formats"))
TOPICS = [
    {"slug": "reform", "name": "Reform", "definition": "Institutional reform | of `security` forces\nand *more*."},
    {"slug": "training", "name": "Training", "definition": "Courses."},
]
MODEL = "ab" * 32
AS_OF = "2026-02-03T04:05:06.000007Z"
X_ID = "1957400000000000000"


def blank(fields: Iterable[Field]) -> Row:
    """A row that says nothing: null where it may be, else empty."""
    return {field.name: [] if field.many else _blank(field) for field in fields}


def _blank(field: Field) -> Any:
    if field.type == "record" and field.required:
        return blank(field.fields)
    return None


def post(id_: str, text: str | None, **more: Any) -> Row:
    platform, _, platform_id = id_.partition(":")
    made = {
        "id": id_, "platform": platform, "platform_id": platform_id, "kind": "post", "text": text,
        "url": f"https://{platform}.example/{platform_id}", "text_sha256": hashlib.sha256(id_.encode()).hexdigest(),
        "created_at": "2025-08-17T00:00:00Z", "created_at_precision": "second", "synthetic": False,
        "first_seen_at": "2025-08-17T00:01:00.25Z"[:-1] + "0000Z", "changed_at": "2025-08-17T00:01:00Z",
        "tagging": "done", "is_kle": False, "versions": 1, "edits": 0,
        "account": {"platform": platform, "handle": "@office", "name": 'Press "office", | north', "actor": None},
        "rights": {"policy": "ids" if text is None else "full", "text_withheld": text is None},
        "topics": {"reform": {"probability": 0.75, "decision": "tagged"}, "training": None},
    }  # fmt: skip
    return {**blank(tables.posts(["reform", "training"]).fields), **made, **more}


def tag(id_: str, **more: Any) -> Row:
    made = {
        "id": id_, "version": 1, "topic": "reform", "probability": 0.75, "decision": "tagged", "model": MODEL,
        "by": "model", "valid_from": "2025-08-17T00:02:00Z",
    }  # fmt: skip
    return {**blank(tables.TAGS.fields), **made, **more}


def version(id_: str) -> Row:
    made = {
        "id": id_, "number": 1, "change": "first", "seen_at": "2025-08-17T00:01:00Z", "first_hand": True,
        "digest": "cd" * 32, "text_sha256": "ef" * 32, "erased": False,
    }  # fmt: skip
    return {**blank(tables.VERSIONS.fields), **made}


MANY = {"media": [{"type": "image", "url": "https://a.example/1.jpg", "alt": None}], "links": ["https://a.example"]}
ROWS: dict[str, list[Row]] = {
    "posts": [
        post("mastodon:office.example/1", "Talks on reform, line one\nline two; ئاسایش و سەقامگیری", **MANY),
        post("mastodon:office.example/2", "NA", synthetic=True, lang="en"),
        post("mastodon:office.example/3", "", created_at="2025-08-18T00:00:00.5Z"[:-2] + "500000Z"),
        post(f"x:{X_ID}", None),
    ],
    "tags": [tag("mastodon:office.example/1"), tag(f"x:{X_ID}", probability=1, decision="tagged")],
    "versions": [version(f"mastodon:office.example/{n}") for n in (1, 2, 3)] + [version(f"x:{X_ID}")],
    "metrics": [],
    "sightings": [{
        "id": f"x:{X_ID}", "source": None, "first_hand": True, "url": None, "seen_at": "2025-08-17T00:01:00Z",
    }],
    "runs": [{**blank(tables.RUNS.fields), "source": "office", "kind": "x", "started_at": "2025-08-17T00:00:00Z"}],
}  # fmt: skip
WITHHELD = [{
    "platform": "x", "policy": "ids", "posts": 1, "fields": ["text", "media.alt"],
    "why": "X's developer terms let third parties have post ids, not texts",
}]  # fmt: skip
COUNTS = {
    "posts": 4, "tags": 2, "synthetic": 1, "erased": 0, "languages": {"en": 1, "unknown": 3},
    "platforms": {"mastodon": 3, "x": 1}, "topics": {"reform": 4, "training": 0},
    "first": "2025-08-17T00:00:00Z", "last": "2025-08-18T00:00:00.500000Z",
}  # fmt: skip
CARD = {
    "encoder": {"encoder": "a small model (nobody, MIT)"},
    "data": {"posts": 90, "languages": {"en": 60, "ckb": 30}, "synthetic": True},
    "thresholds": {"reform": 0.4375},
    "test": {
        "posts": 30, "macro_f1": 0.8, "micro_f1": 0.81, "mean_average_precision": 0.9, "off_topic_tagged": 0.05,
        "posts_with_unsure": 0.1, "intervals": {"macro_f1": [0.7, 0.9], "micro_f1": None},
        "languages": {"en": {"macro_f1": 0.82, "micro_f1": 0.83, "off_topic_tagged": 0.04, "posts": 20}},
        "topics": {"reform": {"precision": 0.9, "recall": 0.7, "f1": 0.79, "average_precision": 0.9,
                              "calibration_error": 0.02, "support": 11}},
    },
    "own_topics": {"drones": {"f1": {"value": 0.5, "low": 0.3, "high": 0.7}}},
    "limits": ["Real posts | differ.", "Irony is not read."],
}  # fmt: skip


def canonical(rows: list[Row]) -> bytes:
    option = orjson.OPT_SORT_KEYS | orjson.OPT_APPEND_NEWLINE
    return b"".join(orjson.dumps(row, option=option) for row in rows)


def about(format_: str = "jsonl", citation: Mapping[str, Any] | None = None, **more: Any) -> About:
    """What is told of those rows; `more` is laid over the manifest."""
    every = tables.every([topic["slug"] for topic in TOPICS])
    manifest = {
        "release": 1, "software": {"name": "kle-monitor", "version": "0.1.0", "sha256": "12" * 32},
        "pyarrow": "26.0.1", "query": "reform OR training", "as_of": AS_OF, "format": format_, "audience": "public",
        "tables": dict.fromkeys(every), "pseudonyms": None, "sample": None, "topics": ["reform", "training"],
        "archive": {"id": "0", "line": 7, "digest": "34" * 32, "at": AS_OF}, "models": [{"digest": MODEL}],
        "counts": COUNTS, "withheld": WITHHELD,
        "content": {name: {"rows": len(rows), "sha256": hashlib.sha256(canonical(rows)).hexdigest()}
                    for name, rows in ROWS.items()},
        **({"csv": {"bom": False, "raw": False, "defused": 3}} if format_ == "csv" else {}),
        **more,
    }  # fmt: skip
    said = CitationConfig.model_validate(citation or {})
    return About(manifest, every, TOPICS, [{"digest": MODEL, "card": CARD}], said)


def tables_of(about: About, folder: Path, options: Options | None = None) -> None:
    """The files of the tables, as exports.formats writes them."""
    plugin = plugins.load("exports.formats")[about.format]
    folder.mkdir(parents=True, exist_ok=True)
    for name, table in about.tables.items():
        _write(plugin, folder / about.file(name), table, ROWS[name], options or Options())


def _write(plugin: Any, path: Path, table: Table, rows: list[Row], options: Options) -> None:
    with plugin.table(path, table, options) as writer:
        if rows:
            writer.write(Batch(rows, canonical(rows)))


def released(format_: str, folder: Path, citation: Mapping[str, Any] | None = None, **more: Any) -> About:
    """The whole folder: tables, papers, manifest."""
    told = about(format_, citation, **more)
    tables_of(told, folder)
    names = [*(told.file(name) for name in told.tables), *papers.write(told, folder)]
    files = [{"path": name, **described(folder / name)} for name in names]
    (folder / "manifest.json").write_bytes(orjson.dumps({**told.manifest, "files": files}))
    return told
