"""The codebook: what each column of each table and each topic means."""

from collections.abc import Iterator

from exports.papers import sheet
from exports.papers.about import About, columns
from exports.papers.markup import code, inline, page, table
from exports.tables import Field, Table

_NULLS = {
    "csv": "Names of nested fields are joined by `_`. A list is JSON in its cell, and its fields are told below it."
    ' An empty cell is null; a text that is there and empty is `""`.',
    "jsonl": "One JSON object a line; `a.b` is the field `b` of the object `a`, `a[]` an item of the list `a`."
    " What is not known is `null`, never left out.",
    "parquet": "`a.b` is the field `b` of the struct `a`, `a[]` an item of the list `a`. Times are"
    " timestamps in UTC.",
}


def codebook(about: About) -> str:
    parts = ["# Codebook", f"Times are RFC 3339 in UTC. {_NULLS.get(about.format, '')}".strip()]
    for described in about.tables.values():
        parts += _table(described, about.format)
    drawn = sheet.table(about)
    return page(*parts, *(_table(drawn, "csv") if drawn else ()), *_topics(about))


def _table(described: Table, format_: str) -> list[str]:
    key = ", ".join(code(field) for field in described.key)
    return [
        f"## {described.name}",
        f"One row: {described.about}." + (f" Rows are told apart by {key}." if key else ""),
        table(("column", "type", "may be null", "meaning"), _rows(described, format_)),
    ]


def _rows(described: Table, format_: str) -> Iterator[tuple[str, str, str, str]]:
    for column, field, certain in columns(described, format_):
        yield from _described(column, field, certain)


def _described(path: str, field: Field, certain: bool) -> Iterator[tuple[str, str, str, str]]:
    yield f"`{path}`", _type(field), "no" if certain else "yes", inline(field.meaning) + _limits(field)
    for inner in field.fields:
        yield from _described(f"{path}{'[]' if field.many else ''}.{inner.name}", inner, inner.required)


def _type(field: Field) -> str:
    return f"list of {field.type}" if field.many else field.type


def _limits(field: Field) -> str:
    if field.values:
        return f" ({', '.join(f'`{value}`' for value in field.values)})"
    bounds = [f"{word} {bound:g}" for word, bound in (("from", field.low), ("to", field.high)) if bound is not None]
    return f" ({' '.join(bounds)})" if bounds else ""


def _topics(about: About) -> list[str]:
    if not about.topics:
        return []
    rows = [(f"`{topic['slug']}`", inline(topic["name"]), inline(topic["definition"])) for topic in about.topics]
    return [
        "## Topics",
        "A topic holds by what the text says, not by what one knows. `tagged`: its probability is at or above the"
        " topic's threshold; `unsure`: close below it; `not`: neither. In the table tags what was found not to hold"
        " has no row, unless a person said so (`by` is `person`).",
        table(("topic", "name", "definition"), rows),
    ]
