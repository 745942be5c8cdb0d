"""What the papers are made of; every paper is a function of `About` alone, so that a release can be built again."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from core import times
from core.tables import CitationConfig
from exports.tables import Field, Table

Manifest = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class About:
    """`manifest` as far as it is known before the papers are written: its `files` are those of the tables.

    `tables` with the columns that were chosen; `topics` with slug, name and definition; `cards` are
    {"digest", "card"} of each model that judged what is in it, the card as the archive has it.
    """

    manifest: Manifest
    tables: Mapping[str, Table]
    topics: Sequence[Mapping[str, Any]]
    cards: Sequence[Mapping[str, Any]]
    citation: CitationConfig

    @property
    def format(self) -> str:
        return str(self.manifest["format"])

    @property
    def query(self) -> str:
        return str(self.manifest["query"])

    @property
    def as_of(self) -> str:
        return str(self.manifest["as_of"])

    @property
    def released(self) -> str:
        """The day of the moment that it shows, or of the last that was known by then; when somebody built it is
        nowhere told."""
        return str(self.manifest["archive"]["at"] if self.ahead else self.as_of)[:10]

    @property
    def ahead(self) -> bool:
        """Whether it is as of a moment behind all that the archive had then: more may come until that has passed,
        and nothing in a release tells whether it has."""
        return ahead(self.manifest)

    @property
    def stood(self) -> str:
        """Where the ledger stood, for such a moment."""
        archive = self.manifest["archive"]
        return f"the archive's ledger stood at line {archive['line']} of {archive['at']} then"

    @property
    def public(self) -> bool:
        return bool(self.manifest["audience"] == "public")

    @property
    def counts(self) -> Mapping[str, Any]:
        return dict(self.manifest["counts"])

    @property
    def digest(self) -> str:
        """Short, and another one as soon as a single row is another one."""
        content = {name: said["sha256"] for name, said in self.manifest["content"].items()}
        return hashlib.sha256(orjson.dumps(content, option=orjson.OPT_SORT_KEYS)).hexdigest()[:12]

    @property
    def version(self) -> str:
        return f"{self.as_of}-{self.digest}"

    @property
    def title(self) -> str:
        given = self.citation.title
        return given or f"Public posts on Key Leader Engagements: {self.query or 'everything'}"

    @property
    def ids_only(self) -> bool:
        """Whether posts of X left without their text."""
        return any(entry["policy"] == "ids" for entry in self.manifest["withheld"])

    @property
    def digests(self) -> bool:
        """Whether it tells the digests of texts."""
        return any(self.has(name, "text_sha256") for name in ("posts", "versions"))

    @property
    def found(self) -> int:
        """Posts that the query found, also where their rows were not chosen."""
        return sum(self.counts["platforms"].values())

    @property
    def of_posts(self) -> bool:
        """Whether it has anything of posts: looks at sources say nothing of any."""
        return set(self.tables) != {"runs"}

    @property
    def judged(self) -> bool:
        """Whether it has anything that a model or a person said of topics."""
        return "tags" in self.tables or any(self.has("posts", name) for name in ("tags", "topics", "is_kle"))

    @property
    def filled(self) -> list[str]:
        """Tables with rows: `datasets` takes a file without any for a mistake."""
        return [name for name in self.tables if self.rows(name)]

    def rows(self, table: str) -> int:
        return int(self.manifest["content"][table]["rows"])

    def file(self, table: str) -> str:
        return f"{table}.{self.format}"

    def has(self, table: str, *fields: str) -> bool:
        """Whether the release has these fields of the table, and so the table."""
        there = self.tables.get(table)
        return there is not None and {field.name for field in there.fields} >= set(fields)

    def columns(self, table: str) -> list[tuple[str, Field, bool]]:
        return columns(self.tables[table], self.format)


def ahead(manifest: Manifest) -> bool:
    """Whether its moment is later than the last line of the ledger."""
    archive = manifest["archive"]
    return bool(archive["line"]) and times.parse(manifest["as_of"]) > times.parse(archive["at"])


def columns(table: Table, format_: str) -> list[tuple[str, Field, bool]]:
    """What its file has: (name, field, never null). In CSV what is in a record may be null with it."""
    if format_ != "csv":
        return [(field.name, field, field.required) for field in table.fields]
    return [(name, field, _certain(table.fields, path)) for name, (path, field) in table.columns().items()]


def _certain(fields: Sequence[Field], path: Sequence[str]) -> bool:
    """Never null: the field itself and every record around it."""
    field = next(field for field in fields if field.name == path[0])
    return field.required and (len(path) == 1 or _certain(field.fields, path[1:]))
