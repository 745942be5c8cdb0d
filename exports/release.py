"""A release, told in one go: fix the moment, pass over the archive, write the tables, then the papers, then move it
to its place.

The same archive as of the same moment gives the same bytes on any machine: no time of making, nothing that depends
on the day, and the rows do not depend on how they are cut.
"""

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path
from types import ModuleType
from typing import Any

import orjson
import pyarrow as pa

from core import plugins
from core.errors import KleError
from db import directory, whole
from db.database import Database
from exports import packing, papers, placing, pseudonyms, sampling, written
from exports.batch import Row, Writer
from exports.opened import KIND, MANIFEST
from exports.order import Order
from exports.papers import About
from exports.passage import Passage, Reading, Stand, stand
from exports.software import software

Progress = Callable[[int], None]
_COMMAND = "the command line"
_COUNTING = 2.0  # seconds


class Stopped(KleError):
    """The program ends before the release is whole; nothing of it stays."""

    title = "Stopped"


def export(
    database: Database,
    order: Order,
    out: Path,
    *,
    force: bool = False,
    progress: Progress | None = None,
    going: Callable[[], bool] = lambda: True,
    by: str = _COMMAND,
    reading: Reading | None = None,
) -> Row:
    """Write the release `out`; {"dir", "files": [{"path", "rows", "bytes", "sha256"}], "withheld", "manifest"}.

    Without a moment it is as of the last line of the content chain. A folder that is not empty is refused; with
    `force` a former release gives way. `progress` is told of each slice how many posts it had; once `going` says no
    the export ends with Stopped. `by` is who asked, for the audit chain; `reading` as in `Passage`. Raises
    BadRequest, NoRoom.
    """
    at = stand(database, order.query.as_of)
    order = order.at(at.moment)
    with placing.moved_at_the_end(out, force, order.zip) as folder:
        with database.read() as session:
            if order.pseudonyms:
                pseudonyms.refuse_named(session, order.query)
            passage = Passage(session, order, reading)
            notes = _write_tables(session, passage, folder, progress or _silent, going)
            cards = directory.cards(session, passage.rows.models)
        manifest = _manifest(at, passage, notes, cards)
        tables = [_described(folder, _file(name, order), passage.content[name].rows) for name in passage.tables]
        tables += [_sheet(passage, folder)] if passage.drawn else []
        about = About({**manifest, "files": tables}, passage.tables, passage.topics, cards, order.citation)
        files = tables + [_described(folder, name, None) for name in papers.write(about, folder)]
        manifest["files"] = files
        (folder / MANIFEST).write_bytes(_pretty(manifest))
        files = [*files, _described(folder, MANIFEST, None)]
        if order.zip:
            packing.pack(folder, placing.packed(folder))
        _tell(database, manifest, files[-1]["sha256"], out, by)
    done = {"dir": str(out), "files": files, "withheld": manifest["withheld"], "manifest": manifest}
    return done | ({"zip": _zipped(out)} if order.zip else {})


def expected(database: Database, order: Order) -> int | None:
    """How many posts it may hold, for who waits for it; None where counting them takes too long."""
    if order.sample:
        return order.sample.size
    with database.read() as session:
        return whole.expected(session, order.selects, _COUNTING)


def _silent(count: int) -> None:
    """Nobody asked how far it is."""


def _write_tables(
    session: Any, passage: Passage, folder: Path, progress: Progress, going: Callable[[], bool]
) -> Mapping[str, int]:
    """All tables in one pass over the archive; what their writers note, summed up."""
    order = passage.order
    plugin = plugins.load("exports.formats")[order.format]
    with ExitStack() as files:
        write = {name: _opened(files, plugin, passage, folder, name) for name in passage.tables}
        for count, batches in passage.batches(session):
            if not going():
                raise Stopped("the export was stopped before it was whole; nothing of it was kept")
            for name, batch in batches.items():
                write[name].write(batch)
            progress(count)
        noted: dict[str, int] = {}
        for writer in write.values():
            for name, count in writer.notes().items():
                noted[name] = noted.get(name, 0) + count
    return noted


def _opened(files: ExitStack, plugin: ModuleType, passage: Passage, folder: Path, name: str) -> Writer:
    path = folder / _file(name, passage.order)
    writer: Writer = files.enter_context(plugin.table(path, passage.tables[name], passage.order.csv))
    return writer


def _file(table: str, order: Order) -> str:
    return f"{table}.{order.format}"


def _manifest(at: Stand, passage: Passage, notes: Mapping[str, int], cards: list[Row]) -> Row:
    said = passage.order.said()
    form = {"csv": {**said.pop("csv"), **notes}} if "csv" in said else {}
    models = [{"digest": row["digest"], "name": row["card"].get("name")} for row in cards]
    return {
        "release": KIND,
        "software": software(),
        "pyarrow": pa.__version__,
        **said,
        **form,
        "archive": at.archive,
        "models": models,
        **passage.said(),
    }


def _sheet(passage: Passage, folder: Path) -> Row:
    """labels.csv, for people who label these posts."""
    assert passage.drawn
    slugs = [topic["slug"] for topic in passage.topics]
    path = folder / sampling.SHEET
    rows = sampling.sheet(path, passage.rows.sheet, slugs, passage.drawn, passage.order.csv)
    return _described(folder, sampling.SHEET, rows)


def _tell(database: Database, manifest: Row, digest: str, out: Path, by: str) -> None:
    """It says which manifest, and so which files; for whom it was made, and who asked."""
    told = ("query", "as_of", "format", "audience", "counts", "archive")
    written.tell(database, f"manifest/{digest}", {**{n: manifest[n] for n in told}, "by": by}, out)


def _zipped(out: Path) -> Row:
    file = placing.packed(out.absolute())
    return {"path": str(file), **written.described(file)}


def _described(folder: Path, name: str, rows: int | None) -> Row:
    return {"path": name, "rows": rows, **written.described(folder / name)}


def _pretty(value: Row) -> bytes:
    return orjson.dumps(value, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
