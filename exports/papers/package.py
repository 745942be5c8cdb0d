"""datapackage.json: the Frictionless description of each file (Data Package and Table Schema, version 1)."""

from collections.abc import Mapping
from typing import Any

import orjson

from exports.papers.about import About
from exports.papers.citation import abstract, authors, where
from exports.tables import Field

MEDIA = {"csv": "text/csv", "jsonl": "application/jsonl", "parquet": "application/vnd.apache.parquet"}
_DIALECT = {
    "delimiter": ",", "lineTerminator": "\n", "quoteChar": '"', "doubleQuote": True, "skipInitialSpace": False,
    "header": True,
}  # fmt: skip
_OF_POSTS = ("tags", "versions", "metrics", "sightings")


def datapackage(about: About) -> bytes:
    said = about.citation
    package = {
        "profile": "tabular-data-package" if about.format == "csv" else "data-package",
        "name": f"kle-{about.digest}",
        "id": where(about),
        "title": about.title,
        "description": abstract(about),
        "version": about.version,
        "homepage": said.url,
        "keywords": list(said.keywords),
        "licenses": [_licence(about)],
        "contributors": [_contributor(author) for author in authors(about)],
        "resources": [_resource(about, name) for name in about.tables],
    }
    there = {key: value for key, value in package.items() if value}
    return orjson.dumps(there, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


def _licence(about: About) -> dict[str, str]:
    """What it holds for is told with it: nobody can license the words of others."""
    words = "Tags and metadata; texts are their authors', under each platform's terms (README.md)"
    name = about.citation.licence
    if not name:
        return {"name": "other", "title": f"No licence was named. {words}"}
    return {"name": name, "path": f"https://spdx.org/licenses/{name}.html", "title": words}


def _contributor(author: Any) -> dict[str, str]:
    title = f"{author.given} {author.name}" if author.given else author.name
    orcid = author.orcid and f"https://orcid.org/{author.orcid}"
    said = {"title": title, "role": "author", "path": orcid, "organization": author.affiliation}
    return {key: value for key, value in said.items() if value}


def _resource(about: About, name: str) -> dict[str, Any]:
    file = about.file(name)
    known = {said["path"]: said for said in about.manifest.get("files", ())}.get(file)
    return {
        "profile": "tabular-data-resource" if about.format == "csv" else "data-resource",
        "name": name,
        "path": file,
        "description": f"One row: {about.tables[name].about}.",
        "format": about.format,
        "mediatype": MEDIA.get(about.format, "application/octet-stream"),
        **({"encoding": "utf-8", "dialect": _DIALECT} if about.format == "csv" else {}),
        **({"encoding": "utf-8"} if about.format == "jsonl" else {}),
        **({"bytes": known["bytes"], "hash": f"sha256:{known['sha256']}"} if known else {}),
        "schema": _schema(about, name),
    }


def _schema(about: About, name: str) -> dict[str, Any]:
    columns = about.columns(name)
    there = {column for column, _, _ in columns}
    key = about.tables[name].key
    schema: dict[str, Any] = {
        "fields": [_column(column, field, certain, about.format) for column, field, certain in columns],
        "missingValues": [""],
    }
    if key and there >= set(key):
        schema["primaryKey"] = list(key)
    if name in _OF_POSTS and "id" in there and _each_has_its_post(about):
        schema["foreignKeys"] = [{"fields": "id", "reference": {"resource": "posts", "fields": "id"}}]
    return schema


def _each_has_its_post(about: About) -> bool:
    """Not where a post was erased: what is left of its versions and tags stays, its row in posts does not."""
    return about.has("posts", "id") and not about.counts["erased"]


def _column(name: str, field: Field, certain: bool, format_: str) -> dict[str, Any]:
    kind = "array" if field.many else "object" if field.type == "record" else field.type
    said: dict[str, Any] = {"name": name, "type": kind, "description": field.meaning}
    if field.many and field.type != "record":
        said["arrayItem"] = {"type": field.type}
    if field.type == "record":  # what Table Schema has no words for: the fields inside
        said["fields"] = [_column(inner.name, inner, inner.required, format_) for inner in field.fields]
    constraints = _constraints(field, certain)
    return {**said, "constraints": constraints} if constraints else said


def _constraints(field: Field, certain: bool) -> Mapping[str, Any]:
    found = {
        "required": certain or None,
        "enum": list(field.values) if field.values and not field.many else None,
        "minimum": _number(field.low),
        "maximum": _number(field.high),
    }
    return {name: value for name, value in found.items() if value is not None}


def _number(value: float | None) -> float | int | None:
    return int(value) if value is not None and float(value).is_integer() else value
