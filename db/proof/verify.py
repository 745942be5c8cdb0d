"""`kle verify`: walk both chains and everything that they speak for, and name the first thing that does not fit."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from sqlalchemy import func, select, text
from sqlmodel import Session

from db import audit, damage, ledger
from db.models import Audit, Erasure, Ledger, Post, Unsealed
from db.proof import agreement, derived, erased, exported, forms, fulltext, messages, sealed, stored
from db.slices import slices
from db.upsert import is_sqlite, table

_ledger, _unsealed, _audit = table(Ledger), table(Unsealed), table(Audit)
_post, _erasure = table(Post), table(Erasure)
_COUNTED = {"tags": "tag_rounds"}  # lines, not rows
_PLURALS = [_COUNTED.get(kind.plural, kind.plural) for kind in sealed.KINDS.values()]
_BACKWARDS = "backwards"  # lines with a time before the line above them
Step = tuple[str, str | None]  # what was looked at, and what is wrong with it


def verify(session: Session, progress: Callable[[int], None] | None = None) -> dict[str, Any]:
    """Walk and re-hash everything; names the first thing that does not fit, None where all does.

    `unsealed` are rows whose lines the sealer has not chained yet (PostgreSQL), `unpurged` erasures of which traces
    may still lie in free pages, `backwards` lines older than the one above them: a clock was set back.
    """
    counts = dict.fromkeys([*_PLURALS, "blobs", "ledger_lines", "audit_lines", _BACKWARDS], 0)
    first = None
    for kind, problem in _walk(session):
        if kind in counts:
            counts[kind] += 1
        first = first or problem
        if progress:
            progress(1)
    waiting = {"unsealed": select(func.count()).select_from(_unsealed)}
    waiting["unpurged"] = select(func.count()).select_from(_erasure).where(_erasure.c.purged_at.is_(None))
    left = {} if first else {name: session.execute(counted).scalar_one() for name, counted in waiting.items()}
    return {"ok": first is None, **counts, **dict.fromkeys(waiting), **left, "first_problem": first}


def _walk(session: Session) -> Iterator[Step]:
    """Part by part; where the database itself cannot be read, that is what does not fit."""
    spoken: Counter[str] = Counter()
    parts: dict[str, Callable[[], Iterator[Step]]] = {
        "the database": lambda: _pages(session),
        "the ledger": lambda: _content(session, spoken),
        "the audit chain": lambda: _lines(session, _audit, "audit", audit.line_digest),
        "the stored bytes": lambda: _bytes(session),
        "the archive": lambda: _agreement(session, spoken),
    }
    for part, steps in parts.items():
        try:
            yield from steps()
        except Exception as error:
            if (said := damage.unreadable(error)) is None:
                raise
            yield "damage", f"{part} cannot be read: {said}"
            return


def _pages(session: Session) -> Iterator[Step]:
    """SQLite's own check of its file; PostgreSQL looks at its pages as it reads them."""
    if is_sqlite(session):
        found = session.execute(text("PRAGMA integrity_check(1)")).scalar_one()
        yield "pages", None if found == "ok" else f"the database is damaged: {' '.join(found.split())}"
        loose = session.execute(text("PRAGMA foreign_key_check")).first()
        yield "references", f"a row of the table {loose[0]} refers to one that is not there" if loose else None


def _content(session: Session, spoken: Counter[str]) -> Iterator[Step]:
    """Slice by slice along the ledger, each line with the rows that it speaks for: memory stays flat."""
    for lines, steps in _chained(session, _ledger, "ledger", ledger.line_digest):
        yield from steps
        yield from _rows_of(session, lines, spoken)
    for lines in slices(session, _unsealed, _unsealed.c.id):
        yield from _rows_of(session, lines, spoken)


def _lines(session: Session, chain: Any, name: str, digest: Callable[[Any], str]) -> Iterator[Step]:
    for _, steps in _chained(session, chain, name, digest):
        yield from steps


def _chained(
    session: Session, chain: Any, name: str, digest: Callable[[Any], str]
) -> Iterator[tuple[Sequence[Any], list[Step]]]:
    """Slices of a chain, with what is wrong with each of their lines."""
    seq, previous, at = 0, ledger.START, None
    for lines in slices(session, chain, chain.c.seq):
        steps: list[Step] = []
        for line in lines:
            fits = line["seq"] == seq + 1 and line["previous"] == previous and line["digest"] == digest(line)
            steps.append((f"{name}_lines", None if fits else f"{name} line {line['seq']} does not fit the chain"))
            steps += [(_BACKWARDS, None)] if at and line["at"] < at else []
            seq, previous, at = line["seq"], line["digest"], line["at"]
        yield lines, steps


def _bytes(session: Session) -> Iterator[Step]:
    for problem in stored.problems(session):
        yield "blobs", problem
    yield "bytes", stored.lost(session)


def _rows_of(session: Session, lines: Sequence[Any], spoken: Counter[str]) -> Iterator[Step]:
    """Check the rows that these lines speak for; `spoken` counts them."""
    by_kind, wrong = sealed.sorted_out(lines)
    yield "line", wrong
    for name, said in by_kind.items():
        kind = sealed.KINDS[name]
        for rows, problem in kind.check(session, said):
            spoken[kind.plural] += rows
            yield _COUNTED.get(kind.plural, kind.plural), problem


def _agreement(session: Session, spoken: Counter[str]) -> Iterator[Step]:
    """What no line speaks for, and what follows from the rows that lines speak for."""
    yield "rows", _unspoken(session, spoken)
    for part in (forms, agreement, derived, messages, fulltext):
        yield "agreement", part.problem(session)
    for traces in (erased, messages, exported):
        yield "erased", traces.left_over(session)


def _unspoken(session: Session, spoken: Counter[str]) -> str | None:
    """Rows that no line speaks for."""
    for kind in sealed.KINDS.values():
        there = session.execute(select(func.count()).select_from(kind.rows)).scalar_one()
        if there != spoken[kind.plural]:
            return f"the archive has {there} {kind.plural}, the ledger speaks for {spoken[kind.plural]}"
    counted = session.execute(select(func.coalesce(func.sum(_post.c.versions), 0))).scalar_one()
    there = spoken["versions"]
    return None if counted == there else f"posts count {counted} versions, there are {there}"
