"""A release, told in one go: read the posts slice by slice, apply the terms, write tables, then the papers.

Everything is written beside its place and moved there at the end, so that a failed export leaves nothing under its
name. The same archive gives the same bytes: no time of making, nothing that depends on the day.
"""

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

import orjson

from core import plugins, times
from core.errors import BadRequest
from core.terms import Audience
from core.version import SOFTWARE
from db import directory, ledger
from db.database import Database
from db.query import PostQuery
from exports import papers, tables, written
from exports.rows import Rows

MANIFEST = "manifest.json"
Row = dict[str, Any]
Progress = Callable[[int], None]


def export(
    database: Database,
    query: PostQuery,
    format: str,  # noqa: A002  the word that people know it by
    out: Path,
    audience: Audience,
    *,
    force: bool = False,
    progress: Progress | None = None,
) -> Row:
    """Write the release `out`; {"dir", "files": [{"path", "rows", "bytes", "sha256"}], "withheld": [...]}.

    A folder that is not empty is refused; with `force` a former release gives way, anything else never does. As of
    a moment that is still to come nothing is exported: nobody could build that again.
    """
    formats = plugins.load("exports.formats")
    if format not in formats:
        raise BadRequest(f"there is no format {format!r}; there are {', '.join(formats)}", parameter="format")
    _refuse_to_come(query)
    _refuse_if_in_use(out, force)
    with _moved_at_the_end(out) as folder:
        rows = Rows(audience)
        archive = _write_tables(database, query, folder, formats[format], format, rows, progress)
        with database.read() as session:
            topics = directory.topics(session)
        as_of = times.text(query.as_of) if query.as_of else None
        manifest = papers.heading(query.q, format, audience, as_of) | {"archive": archive} | rows.summary()
        (folder / "README.md").write_text(papers.readme(manifest), "utf-8")
        (folder / "codebook.md").write_text(papers.codebook(topics), "utf-8")
        counts = {f"{name}.{format}": rows.counts[name] for name in tables.ALL}
        files = [_described(folder, name, counts.get(name)) for name in (*counts, "README.md", "codebook.md")]
        (folder / MANIFEST).write_bytes(_pretty(manifest | {"files": files}))
        files.append(_described(folder, MANIFEST, None))
        _tell(database, manifest, files[-1]["sha256"], out)
    return {"dir": str(out), "files": files, "withheld": manifest["withheld"]}


def _write_tables(
    database: Database,
    query: PostQuery,
    folder: Path,
    plugin: ModuleType,
    suffix: str,
    rows: Rows,
    progress: Progress | None,
) -> Row | None:
    """All tables in one pass over the archive; where its ledger stood, which as of a moment is no matter: the same
    release is built from it later on."""
    with ExitStack() as files, database.read() as session:
        lines, digest = ledger.head(session)
        write = {
            name: files.enter_context(plugin.table(folder / f"{name}.{suffix}", tuple(columns)))
            for name, columns in tables.ALL.items()
        }
        for count in rows.write(session, query, write):
            session.rollback()  # a long export must not keep SQLite from folding its log back
            if progress:
                progress(count)
        changed = ledger.head(session)[0] != lines
    if query.as_of:
        return None
    return {"ledger_lines": lines, "ledger_digest": digest, "changed_meanwhile": changed}


def _tell(database: Database, manifest: Row, digest: str, out: Path) -> None:
    """It says which manifest, and so which files."""
    said = {name: manifest[name] for name in ("query", "as_of", "format", "audience", "counts", "archive")}
    written.tell(database, f"manifest/{digest}", said, out)


def _refuse_to_come(query: PostQuery) -> None:
    if query.as_of and query.as_of > times.now():
        raise BadRequest(f"as_of={times.text(query.as_of)} is still to come: name a moment that has passed",
                         parameter="as_of")  # fmt: skip


def _refuse_if_in_use(out: Path, force: bool) -> None:
    if out.is_dir() and not any(out.iterdir()):
        return
    if not out.exists():
        return
    if not _is_release(out):
        raise BadRequest(f"{out} is there and is no release; name a folder that is empty or not there yet")
    if not force:
        raise BadRequest(f"{out} holds a release already; --force replaces it")


def _is_release(folder: Path) -> bool:
    try:
        manifest = orjson.loads((folder / MANIFEST).read_bytes())
    except (OSError, orjson.JSONDecodeError):
        return False
    return isinstance(manifest, dict) and manifest.get("software", {}).get("name") == SOFTWARE


@contextmanager
def _moved_at_the_end(out: Path) -> Iterator[Path]:
    """A new folder beside `out` that takes its name if all goes well, and is gone if not."""
    place = out.absolute()
    beside = place.with_name(f".{place.name}.unfinished")
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(beside, ignore_errors=True)
        beside.mkdir()
        yield beside
        if place.exists():
            shutil.rmtree(place)
        beside.rename(place)
    except OSError as error:
        raise BadRequest(f"{out} cannot be written: {error.strerror or error}") from None
    finally:
        shutil.rmtree(beside, ignore_errors=True)


def _described(folder: Path, name: str, rows: int | None) -> Row:
    return {"path": name, "rows": rows, **written.described(folder / name)}


def _pretty(value: Row) -> bytes:
    return orjson.dumps(value, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
