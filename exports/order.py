"""What is asked for: which posts, which tables and columns of them, in which form, for whom."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Self

from core import plugins, times
from core.errors import BadRequest
from core.tables import CitationConfig
from core.terms import Audience
from db.query import PostQuery
from exports import tables
from exports.batch import Options
from exports.sampling import Sample
from exports.tables import Field, Table

Row = dict[str, Any]
Columns = Mapping[str, tuple[str, ...]]
_EVERY = tables.every(())
AUDIENCES: tuple[str, ...] = Audience.__args__  # type: ignore[attr-defined]


@dataclass(frozen=True, slots=True)
class Order:
    """`tables` by name, all where none is named; `columns` by table, dotted paths, all where a table is not in it.
    `pseudonyms` is the key of the names that handles get, None where they stay. `csv` concerns that format alone.
    """

    query: PostQuery
    format: str
    audience: Audience = "public"
    tables: tuple[str, ...] = ()
    columns: Columns = field(default_factory=dict)
    csv: Options = field(default_factory=Options)
    pseudonyms: bytes | None = field(default=None, repr=False)
    zip: bool = False
    sample: Sample | None = None
    citation: CitationConfig = field(default_factory=CitationConfig)

    def __post_init__(self) -> None:
        """Raises BadRequest for what there is not; topics among the columns are looked up where they are known."""
        formats = plugins.names("exports.formats")
        if self.format not in formats:
            raise _unknown("format", self.format, formats, "format")
        if self.audience not in AUDIENCES:
            raise _unknown("audience", self.audience, list(AUDIENCES), "audience")
        for name in (*self.tables, *self.columns):
            if name not in _EVERY:
                raise _unknown("table", name, list(_EVERY), "tables")
        if self.pseudonyms and self.sample and "account" in self.sample.strata:
            raise BadRequest("strata by account name those whom pseudonyms hide: leave one of the two out",
                             parameter="stratify")  # fmt: skip
        if self.format != "csv" and self.csv != Options():
            raise BadRequest(
                f"bom and raw are of csv; a release as {self.format} has neither: leave them out, or take csv",
                parameter="format",
            )

    @classmethod
    def build(
        cls, query: PostQuery, format: str, audience: Audience = "public", *,  # noqa: A002  the word people know
        tables: Iterable[str] = (), columns: Iterable[str] = (), **more: Any,
    ) -> Self:  # fmt: skip
        """From what a person wrote: "posts,tags", "account.handle,metrics.likes". Raises BadRequest."""
        named = tuple(dict.fromkeys(_listed(tables, "tables")))
        chosen: dict[str, list[str]] = {}
        for column in _listed(columns, "columns"):
            table, name = _placed(column)
            chosen.setdefault(table, []).append(name)
        if named and (left := [name for name in chosen if name not in named]):
            raise BadRequest(f"columns of {left[0]} were chosen, and {left[0]} is not among the tables",
                             parameter="columns")  # fmt: skip
        kept = {name: tuple(dict.fromkeys(paths)) for name, paths in chosen.items()}
        return cls(query, format, audience, named, kept, **more)

    @classmethod
    def of_manifest(cls, said: Mapping[str, Any], pseudonyms: bytes | None, citation: CitationConfig) -> Self:
        """What a release was built from, to build its rows again. Raises BadRequest where it says no such thing."""
        sample = said.get("sample")
        form = said.get("csv") or {}
        return cls(
            PostQuery.build(said["query"], as_of=said["as_of"]), said["format"], said["audience"],
            tables=tuple(said["tables"]),
            columns={name: tuple(columns) for name, columns in said["tables"].items() if columns is not None},
            csv=Options(bool(form.get("bom")), bool(form.get("raw"))),
            pseudonyms=pseudonyms if said.get("pseudonyms") else None,
            sample=None if sample is None else Sample(sample["size"], tuple(sample["stratify"]), sample["seed"]),
            citation=citation,
        )  # fmt: skip

    @property
    def selects(self) -> PostQuery:
        """Erased posts too: their versions go in with their digests."""
        return replace(self.query, tombstones=True)

    def at(self, moment: datetime) -> Self:
        return replace(self, query=replace(self.query, as_of=moment))

    def chosen(self, topics: Sequence[str]) -> dict[str, Table]:
        """Its tables, with the columns that were chosen. Raises BadRequest for columns that there are not."""
        every = tables.every(topics)
        names = [name for name in every if not self.tables or name in self.tables]
        return {name: self._table(every[name]) for name in names}

    def _table(self, table: Table) -> Table:
        if table.name not in self.columns:
            return table
        paths = [_path(table, column) for column in self.columns[table.name]]
        first = [table.fields[0].name] if table.fields[0].name == "id" else []  # who it is about is always told
        return tables.only(table, dict.fromkeys([*map(_alone, first), *paths]))

    def said(self) -> Row:
        """As the manifest says it; `of_manifest` reads it."""
        names = self.tables or tuple(_EVERY)
        form = {"bom": self.csv.bom, "raw": self.csv.raw} if self.format == "csv" else None
        return {
            "query": self.query.asked(),
            "as_of": times.text(self.query.as_of) if self.query.as_of else None,
            "format": self.format,
            "audience": self.audience,
            "tables": {name: self._said(name) for name in _EVERY if name in names},
            **({"csv": form} if form else {}),
        }

    def _said(self, name: str) -> list[str] | None:
        return list(self.columns[name]) if name in self.columns else None


def _alone(name: str) -> tuple[str, ...]:
    return (name,)


def _listed(written: Iterable[str], parameter: str) -> list[str]:
    asked = list(written)
    parts = (part.strip() for text in asked for part in text.split(","))
    found = [part for part in parts if part]
    if asked and not found:
        raise BadRequest(f"{parameter}: no name is given; leave it out for all", parameter=parameter)
    return found


def _placed(column: str) -> tuple[str, str]:
    """A column's table: that which it begins with, else posts."""
    table, dot, name = column.partition(".")
    return (table, name) if dot and table in _EVERY else ("posts", column)


def _path(table: Table, column: str) -> tuple[str, ...]:
    """A dotted path, or the name that CSV has for it."""
    flat = table.columns()
    path = flat[column][0] if column in flat else tuple(column.split("."))
    fields: Sequence[Field] = table.fields
    for name in path:
        found = {inner.name: inner for inner in fields}
        if name not in found:
            raise _unknown(f"column of {table.name}", column, list(found) or [".".join(path[:-1])], "columns")
        fields = found[name].fields if found[name].nested else ()
    return path


def _unknown(what: str, name: str, known: list[str], parameter: str) -> BadRequest:
    said = f"there is no {what} {name!r}; there are {', '.join(known)}"
    return BadRequest(said, parameter=parameter, expected=known)
