"""datapackage.json: the Frictionless description of each file (Data Package and Table Schema, version 1)."""

from collections.abc import Iterator, Mapping
from typing import Any

import orjson

from exports.papers import sheet
from exports.papers.about import About, columns
from exports.papers.citation import abstract, authors, where
from exports.sampling import SHEET
from exports.tables import Field, Table

MEDIA = {"csv": "text/csv", "jsonl": "application/jsonl", "parquet": "application/vnd.apache.parquet"}
_DIALECT = {
    "delimiter": ",", "lineTerminator": "\n", "quoteChar": '"', "doubleQuote": True, "skipInitialSpace": False,
    "header": True,
}  # fmt: skip
_OF_POSTS = ("tags", "versions", "metrics", "sightings", "labels")


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
        "resources": list(_resources(about)),
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


def _resources(about: About) -> Iterator[dict[str, Any]]:
    for name, table in about.tables.items():
        yield _resource(about, about.file(name), table, about.format)
    drawn = sheet.table(about)
    if drawn:
        yield _resource(about, SHEET, drawn, "csv")


def _resource(about: About, file: str, table: Table, format_: str) -> dict[str, Any]:
    known = {said["path"]: said for said in about.manifest.get("files", ())}.get(file)
    return {
        "profile": "tabular-data-resource" if format_ == "csv" else "data-resource",
        "name": table.name,
        "path": file,
        "description": f"One row: {table.about}.",
        "format": format_,
        "mediatype": MEDIA.get(format_, "application/octet-stream"),
        **({"encoding": "utf-8", "dialect": _DIALECT} if format_ == "csv" else {}),
        **({"encoding": "utf-8"} if format_ == "jsonl" else {}),
        **({"bytes": known["bytes"], "hash": f"sha256:{known['sha256']}"} if known else {}),
        "schema": _schema(about, table, format_),
    }


def _schema(about: About, table: Table, format_: str) -> dict[str, Any]:
    """Fields in the order of the file: canonical JSON sorts them by name."""
    found = columns(table, format_)
    there = {column for column, _, _ in found}
    ordered = sorted(found, key=lambda column: column[0]) if format_ == "jsonl" else found
    schema: dict[str, Any] = {"fields": [_column(*column) for column in ordered], "missingValues": [""]}
    if table.key and there >= set(table.key):
        schema["primaryKey"] = list(table.key)
    if table.name in _OF_POSTS and "id" in there and _each_has_its_post(about):
        schema["foreignKeys"] = [{"fields": "id", "reference": {"resource": "posts", "fields": "id"}}]
    return schema


def _each_has_its_post(about: About) -> bool:
    """Not where a post was erased: what is left of its versions and tags stays, its row in posts does not."""
    return about.has("posts", "id") and not about.counts["erased"]


def _column(name: str, field: Field, certain: bool) -> dict[str, Any]:
    kind = "array" if field.many else "object" if field.type == "record" else field.type
    said: dict[str, Any] = {"name": name, "type": kind, "description": field.meaning}
    if field.many and field.type != "record":
        said["arrayItem"] = {"type": field.type}
    if field.type == "record":  # what Table Schema has no words for: the fields inside
        said["fields"] = [_column(inner.name, inner, inner.required) for inner in field.fields]
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
