"""`kle verify --anchor FILE`: write where the chains stand, or hold the archive against what was written before.

Beside FILE lie FILE.tsq, the request to a timestamping authority, and FILE.tsr, its answer, once somebody put it
there.
"""

from pathlib import Path
from typing import Any

import orjson

from core import times
from core.errors import BadRequest
from db import ledger
from db.database import Database
from db.proof import anchors
from kle import timestamps


def anchor(database: Database, file: Path, trusted: Path | None) -> dict[str, Any]:
    """Write FILE where it is not there, else check it: {"file", "written", "at", "archive_id", "ledger_lines",
    "audit_lines", "stamped_at", "signature", "problem"}."""
    if not file.exists():
        return _write(database, file)
    content = _content(file)
    said = anchors.read(content)
    with database.read() as session:
        problem = anchors.problem(session, said)
    answer = beside(file, "tsr")
    stamp = timestamps.read(_content(answer), content, trusted) if answer.exists() else None
    if trusted and not stamp:
        raise BadRequest(f"{answer} is not there: without an authority's answer there is no signature to check")
    if stamp and stamp.problem:
        problem = problem or f"{answer.name}: {stamp.problem}"
    return _report(file, said, False, stamp, problem)


def beside(file: Path, kind: str) -> Path:
    return file.with_name(f"{file.name}.{kind}")


def _write(database: Database, file: Path) -> dict[str, Any]:
    with database.write() as session:
        while ledger.seal(session):
            pass
    with database.read() as session:
        said = anchors.make(session, times.now())
    content = orjson.dumps(said.model_dump(), option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
    try:
        beside(file, "tsq").write_bytes(timestamps.request(content))
        file.write_bytes(content)
    except OSError as error:
        raise BadRequest(f"{file} cannot be written: {error.strerror or error}") from None
    return _report(file, said, True, None, None)


def _content(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise BadRequest(f"{file} cannot be read: {error.strerror or error}") from None


def _report(
    file: Path, said: anchors.Anchor, written: bool, stamp: timestamps.Stamp | None, problem: str | None
) -> dict[str, Any]:
    return {
        "file": str(file),
        "written": written,
        "at": said.at,
        "archive_id": said.archive_id,
        "ledger_lines": said.ledger.lines,
        "audit_lines": said.audit.lines,
        "stamped_at": times.text(stamp.at) if stamp and stamp.at else None,
        "signature": "holds" if stamp and stamp.signed else None,
        "problem": problem,
    }
