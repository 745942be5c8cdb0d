"""`kle verify`: walk the ledger and everything that it speaks for, and name the first thing that does not fit."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from sqlalchemy import func, select
from sqlmodel import Session

from db import blobs, ledger, search
from db.models import Blob, Ledger, Post, Unsealed
from db.proof import agreement, sealed
from db.slices import slices
from db.upsert import table

_ledger, _unsealed, _post, _blob = table(Ledger), table(Unsealed), table(Post), table(Blob)
_COUNTED = {"tags": "tag_rounds"}  # lines, not rows
_PLURALS = [_COUNTED.get(kind.plural, kind.plural) for kind in sealed.KINDS.values()]
Step = tuple[str, str | None]  # what was looked at, and what is wrong with it


def verify(session: Session, progress: Callable[[int], None] | None = None) -> dict[str, Any]:
    """Walk and re-hash everything; names the first thing that does not fit, None where all does."""
    counts = dict.fromkeys([*_PLURALS, "blobs", "ledger_lines"], 0)
    first = None
    for kind, problem in _walk(session):
        if kind in counts:
            counts[kind] += 1
        first = first or problem
        if progress:
            progress(1)
    waiting = session.execute(select(func.count()).select_from(_unsealed)).scalar_one()
    return {"ok": first is None, **counts, "unsealed": waiting, "first_problem": first}


def _walk(session: Session) -> Iterator[Step]:
    """Slice by slice along the chain, each line with the rows that it speaks for: memory stays flat."""
    spoken: Counter[str] = Counter()
    seq, previous = 0, ledger.START
    for lines in slices(session, _ledger, _ledger.c.seq):
        for line in lines:
            seq += 1
            fits = (
                line["seq"] == seq and line["previous"] == previous and line["digest"] == ledger.line_digest(line)
            )
            yield "ledger_lines", None if fits else f"ledger line {line['seq']} does not fit the chain"
            seq, previous = line["seq"], line["digest"]
        yield from _rows_of(session, lines, spoken)
    for lines in slices(session, _unsealed, _unsealed.c.id):
        yield from _rows_of(session, lines, spoken)
    for rows in slices(session, _blob, _blob.c.sha256, 50):
        for row in rows:
            said = f"capture {row['sha256']} is not the bytes that were fetched"
            yield "blobs", None if blobs.intact(row) else said
    yield "agreement", _unspoken(session, spoken) or agreement.problem(session) or search.integrity(session)


def _rows_of(session: Session, lines: Sequence[Any], spoken: Counter[str]) -> Iterator[Step]:
    """Check the rows that these lines speak for; `spoken` counts them."""
    by_kind, wrong = sealed.sorted_out(lines)
    yield "line", wrong
    for name, said in by_kind.items():
        kind = sealed.KINDS[name]
        for rows, problem in kind.check(session, said):
            spoken[kind.plural] += rows
            yield _COUNTED.get(kind.plural, kind.plural), problem


def _unspoken(session: Session, spoken: Counter[str]) -> str | None:
    """Rows that no line speaks for."""
    for kind in sealed.KINDS.values():
        there = session.execute(select(func.count()).select_from(kind.rows)).scalar_one()
        if there != spoken[kind.plural]:
            return f"the archive has {there} {kind.plural}, the ledger speaks for {spoken[kind.plural]}"
    counted = session.execute(select(func.coalesce(func.sum(_post.c.versions), 0))).scalar_one()
    there = spoken["versions"]
    return None if counted == there else f"posts count {counted} versions, there are {there}"
