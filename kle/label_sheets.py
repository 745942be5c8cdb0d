"""Files of labels: what people filled in, whichever program they did it in.

CSV with commas, semicolons or tabs, in any encoding that programs write; a column `id`, and for each topic a
column `label_<topic>` or `<topic>`, or one column `labels` that lists those that hold. What cannot be read is told
with its line, and the rest goes on.
"""

import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import orjson

from collector.reading import charset
from core.errors import BadRequest, ParseError
from core.harmless import as_it_was
from core.text import storable
from exports.sampling import LABEL
from kle import label_cells
from kle.label_cells import Column

_DELIMITERS = ",;\t|"
_LIST = "labels"
_LONGEST_NAME = 100
_OWN = ("annotator", "text_sha256", "stratum")
_OUR_SHEET = re.compile(rb"(?:\xef\xbb\xbf)?\"?id\"?[,;\t]")  # no other file: its texts may hold any sign
_LONGEST = 1 << 27  # characters of a cell


@dataclass(frozen=True, slots=True)
class Problem:
    """What of a file could not be taken. `line` is that on which its row begins."""

    file: str
    line: int
    id: str | None
    problem: str


@dataclass(frozen=True, slots=True)
class Row:
    """What one annotator said of one post, as far as it could be read."""

    file: str
    line: int
    id: str
    annotator: str
    answers: Mapping[str, bool]
    text_sha256: str | None
    stratum: str | None


@dataclass
class Sheet:
    """One file. `strata` are the sizes of those it was drawn from by its release's manifest, {} without one, and
    `population` all posts that were drawn from."""

    path: Path
    rows: list[Row] = field(default_factory=list)
    columns: list[Column] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    strata: dict[str, int] = field(default_factory=dict)
    population: int = 0

    def tell(self, line: int, public_id: str | None, problem: str) -> None:
        self.problems.append(Problem(str(self.path), line, public_id, problem))


def read(path: Path, topics: Sequence[str], annotator: str, release: Path | None = None) -> Sheet:
    """`annotator` filled it in where the file has no column that says who; `release` is the folder that the sheet
    was made with, or else the one that it lies in. Raises BadRequest for a file that is no table of labels."""
    sheet = Sheet(path)
    names, lines = _table(path)
    asked = _asked(sheet, names, topics)
    sheet.columns = [label_cells.column(name, [row.get(name, "") for _, row in lines]) for name in asked]
    for line, row in lines:
        _read_row(sheet, line, row, asked, topics, annotator)
    manifest = (release or path.parent) / "manifest.json"
    strata, population = _strata(manifest)
    other = next((row for row in sheet.rows if strata and row.stratum and row.stratum not in strata), None)
    if other:
        sheet.tell(other.line, other.id, f"{manifest} has no stratum {other.stratum}: it is of"
                   " another sample, so there are no weighted figures")  # fmt: skip
    else:
        sheet.strata, sheet.population = strata, population
    return sheet


def _table(path: Path) -> tuple[list[str], list[tuple[int, dict[str, str]]]]:
    """The names of its columns in lower case, and each row with the line on which it begins."""
    text = _text(path)
    first, _, rest = text.partition("\n")
    told = first.strip().lower()
    text = rest if told.startswith("sep=") else text  # Excel's way to say what parts the cells
    before = 1 if told.startswith("sep=") else 0
    for delimiter in _DELIMITERS:
        rows = _rows(path, text, delimiter)
        names = [name.strip().lower() for name in next(rows, (0, []))[1]]
        if "id" in names:
            twice = next((name for name in names if name and names.count(name) > 1), None)
            if twice:
                raise BadRequest(f"{path} has the column {twice!r} twice; leave one of them out")
            found = [(before + line, dict(zip(names, map(as_it_was, row), strict=False))) for line, row in rows]
            return names, [(line, row) for line, row in found if any(map(str.strip, row.values()))]
    raise BadRequest(f"{path} has no column `id` in its first row; a file of labels is CSV with the columns id and "
                     f"{LABEL}<topic>, as `kle export --sample` writes it")  # fmt: skip


def _text(path: Path) -> str:
    try:
        body = path.read_bytes()
        if _OUR_SHEET.match(body) and (text := _as_utf8(body)) is not None:
            return text
        return charset.decode(body)
    except OSError as error:
        raise BadRequest(f"{path} cannot be read: {error.strerror or error}") from None
    except ParseError:
        raise BadRequest(f"{path} is no text, as a workbook is none: save the sheet as CSV (UTF-8) first") from None


def _as_utf8(body: bytes) -> str | None:
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError:
        return None


def _rows(path: Path, text: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    csv.field_size_limit(_LONGEST)
    reader, line = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter), 1
    try:
        for row in reader:
            yield line, row
            line = reader.line_num + 1
    except csv.Error as error:
        raise BadRequest(f"{path}, line {line}: {error}") from None


def _asked(sheet: Sheet, names: Sequence[str], topics: Sequence[str]) -> dict[str, str]:
    """Column -> its topic; "" for the one that lists them."""
    found: dict[str, str] = {}
    for name in names:
        slug = name.removeprefix(LABEL)
        if slug in topics:
            found[name] = slug
        elif name == _LIST:
            found[name] = ""
        elif slug != name:
            sheet.tell(1, None, f"column {name}: there is no topic {slug!r}; there are {', '.join(topics)}")
    if not found:
        raise BadRequest(f"{sheet.path} has no column of labels; expected {LABEL}<topic> for some of "
                         f"{', '.join(topics)}, or one column labels that lists them")  # fmt: skip
    return found


def person(name: str) -> str:
    """The name of who filled in a sheet, as it can be kept."""
    return storable(name).strip()[:_LONGEST_NAME]


def _read_row(
    sheet: Sheet, line: int, row: Mapping[str, str], asked: Mapping[str, str], topics: Sequence[str], annotator: str
) -> None:
    public_id = row.get("id", "").strip()  # a row may end before it
    if not public_id:
        sheet.tell(line, None, "a row without an id")
        return
    answers: dict[str, bool] = {}
    for column in sheet.columns:
        try:
            found = _cell(row.get(column.name, ""), column, asked[column.name], topics)
        except ValueError as error:
            sheet.tell(line, public_id, f"column {column.name}: {error}")
            continue
        if any(answers.get(topic, said) != said for topic, said in found.items()):
            sheet.tell(line, public_id, f"column {column.name} says another thing than the columns before it")
        answers = {**found, **answers}
    who, sha256, stratum = (row.get(name, "").strip() for name in _OWN)
    who = person(who)
    sheet.rows.append(
        Row(str(sheet.path), line, public_id, who or annotator, answers, sha256 or None, stratum or None)
    )


def _cell(cell: str, column: Column, topic: str, topics: Sequence[str]) -> Mapping[str, bool]:
    if not topic:
        return label_cells.listed(cell, topics) or {}
    said = label_cells.answer(cell, column)
    return {} if said is None else {topic: said}


def tells_of_a_sample(release: Path) -> bool:
    return _strata(release / "manifest.json") != ({}, 0)


def _strata(manifest: Path) -> tuple[dict[str, int], int]:
    """Code -> posts, and all of them; of a folder whose manifest tells of no sample none."""
    try:
        sample = orjson.loads(manifest.read_bytes()).get("sample") or {}
        return {one["stratum"]: int(one["posts"]) for one in sample["strata"]}, int(sample["posts"])
    except (OSError, KeyError, TypeError, AttributeError, ValueError):
        return {}, 0
