"""One pass over the archive: the rows of a release, table by table, with their digests. Nothing is written here, so
that verifying a release takes the very same pass."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from core import garbage, times
from db import directory, ledger, runs, whole
from db.clock import INSTANT
from db.database import Database
from db.exhibits import archive_id
from db.slices import chunks
from exports import canonical, sampling
from exports.batch import Batch, Row
from exports.canonical import Content
from exports.order import Order
from exports.pseudonyms import Pseudonyms
from exports.rows import Rows
from exports.sampling import Drawn
from exports.tables import Table

Batches = dict[str, Batch]
Reading = Callable[[Sequence[int]], None]


@dataclass(frozen=True, slots=True)
class Stand:
    """Where an archive stood at a moment: its id, and the head of its content chain."""

    moment: datetime
    archive: Row


def stand(database: Database, moment: datetime | None) -> Stand:
    """At this moment, or at the last line of the content chain. What was committed and is not chained yet is
    chained first, so that the head speaks for it."""
    while True:
        with database.write() as session:
            if not ledger.seal(session):
                break
    with database.read() as session:
        head = ledger.last_before(session, moment + INSTANT) if moment else ledger.last(session)
        number, digest, at = (head.seq, head.digest, head.at) if head else (0, ledger.START, times.EARLIEST)
        said = {"id": archive_id(session), "line": number, "digest": digest, "at": times.text(at)}
    return Stand(moment or at, said)


class Passage:
    """`order` names its moment. After the pass `content` and `rows` know what was in it. `reading` is told the keys
    of each slice of posts before these are read."""

    def __init__(self, session: Session, order: Order, reading: Reading | None = None) -> None:
        assert order.query.as_of
        self.order = order
        self.topics = directory.topics_by(session, order.query.as_of)
        slugs = [topic["slug"] for topic in self.topics]
        self.tables: Mapping[str, Table] = order.chosen(slugs)
        self.pseudonyms = Pseudonyms(order.pseudonyms) if order.pseudonyms else None
        self.content = {name: Content() for name in self.tables}
        self.rows = Rows(self.tables, slugs, order.audience, self.pseudonyms, sheet=order.sample is not None)
        self.drawn: Drawn | None = None
        self._reading = reading

    def batches(self, session: Session) -> Iterator[tuple[int, Batches]]:
        """Of each slice how many posts it had, and its rows. Between slices no view of the archive is held: a long
        pass must not keep SQLite from folding its log back, and as of a moment each view says the same."""
        for keys in self._keys(session):
            if self._reading:
                self._reading(keys)
                session.rollback()  # what is read is of after that
            with garbage.paused():
                made = self._told(self.rows.of(whole.read(session, keys, self._moment)))
            yield len(keys), made
            session.rollback()
            del made  # gone before the next slice is read
        if "runs" not in self.tables:
            return
        for looks in runs.until(session, self.order.query.since, self._moment):
            yield 0, self._told({"runs": self.rows.runs(looks)})
            session.rollback()

    @property
    def _moment(self) -> datetime:
        assert self.order.query.as_of
        return self.order.query.as_of

    def _keys(self, session: Session) -> Iterator[Sequence[int]]:
        if self.order.sample is None:
            return whole.key_slices(session, self.order.selects)
        self.drawn = sampling.draw(session, self.order.selects, self.order.sample)
        return chunks(self.drawn.keys, whole.SLICE)

    def _told(self, rows: Mapping[str, list[Row]]) -> Batches:
        made = {name: canonical.batch(some) for name, some in rows.items() if some}
        for name, batch in made.items():
            self.content[name].add(batch)
        return made

    def said(self) -> Row:
        """What the manifest tells of the rows."""
        counts = {name: content.rows for name, content in self.content.items()}
        return {
            "pseudonyms": self.pseudonyms.said() if self.pseudonyms else None,
            "sample": self.drawn.summary() if self.drawn else None,
            "topics": [topic["slug"] for topic in self.topics],
            "counts": {**counts, **self.rows.counts()},
            "content": {n: {"rows": c.rows, "sha256": c.sha256} for n, c in self.content.items()},
            "withheld": self.rows.withheld(),
        }
