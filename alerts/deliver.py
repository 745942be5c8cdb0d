"""Messages are handed over in lanes, outside of any transaction, so that a slow receiver holds up nobody else.

An address that fails is asked by one message at a time. Dying between two steps repeats a try with the same key,
and loses nothing.
"""

import time
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import structlog
from sqlmodel import Session

from alerts import channel, saving
from alerts.channel import LONGEST_ANSWER, Letter
from alerts.desk import Desk
from alerts.settle import Result, settle
from core import times
from core.errors import DeliveryError, KleError
from core.secrecy import masked
from db import alerts, deliveries, subscribers, work
from db.database import Database
from db.deliveries import Tried
from db.models import Delivery

LANES = 16  # messages that are handed over at once
_MOST_SIGNATURES = 10  # of one message: the own secrets, and those of other alerts at the same address
_RENEWED_EVERY = 10.0  # seconds; a claim holds for 30
log = structlog.get_logger("kle.alerts")


@dataclass(frozen=True, slots=True)
class _Parcel:
    """A delivery with all that its try needs: to whom it goes, and all that they hear."""

    row: Any
    who: Any
    mine: Sequence[Any]
    lang: str


@dataclass
class Outbox:
    """Hands messages over as long as there are some; one a process, ticked from one thread."""

    database: Database
    desk: Desk
    worker: str
    _pool: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(LANES, "delivering"))
    _lanes: dict[Future[list[Result]], tuple[int, list[int]]] = field(default_factory=dict)
    _renewed: float = field(default_factory=time.monotonic)

    def tick(self, now: datetime, stopping: Callable[[], bool] = lambda: False) -> int:
        """Until nothing more can be begun and nothing has ended, or `stopping`; how many tries ended."""
        ended = 0
        while True:
            begun = 0 if stopping() else self._begin(now)
            results = self._ended(patience=0.05 if begun else 0.0)
            ended += len(results)
            self._write(results)
            self._renew(now)
            if not begun and (stopping() or not results):
                return ended
            now = max(now, times.now())

    def only(self, keys: Collection[str], patience: float = 60.0) -> list[dict[str, Any]]:
        """Try these messages once each, unless another process does so first, and say how that ended."""
        until = time.monotonic() + patience
        while True:
            self._begin(times.now(), keys)
            self._write(self._ended(patience=0.2))
            with self.database.read() as session:
                rows = deliveries.of_keys(session, keys)
                tries = deliveries.attempts(session, [row.id for row in rows])
            if all(tries[row.id] or row.ended_at for row in rows) or time.monotonic() > until:
                return [_told(row, tries[row.id]) for row in rows]

    def close(self, grace: float) -> None:
        """What is on its way may end within `grace` seconds; the rest is tried again by whoever comes next."""
        self._pool.shutdown(wait=False, cancel_futures=True)
        if self._lanes:
            wait(list(self._lanes), grace)
        self._write(self._ended())

    def _begin(self, now: datetime, keys: Collection[str] | None = None) -> int:
        free = LANES - len(self._lanes)
        if free <= 0:
            return 0
        busy = [subscriber_id for subscriber_id, _ in self._lanes.values()]
        with self.database.read() as session:
            if not deliveries.is_due(session, now):
                return 0
        with self.database.write(lasting=True) as session:  # no power cut takes back what is sent now, key and list
            rows = deliveries.claim(session, self.worker, now, free, busy, keys)
            parcels = list(self._parcels(session, rows))
        by_subscriber: dict[int, list[_Parcel]] = defaultdict(list)
        for parcel in parcels:
            by_subscriber[parcel.row.subscriber_id].append(parcel)
        for subscriber_id, mine in by_subscriber.items():
            future = self._pool.submit(self._hand_over, mine)
            self._lanes[future] = subscriber_id, [parcel.row.id for parcel in mine]
        return len(by_subscriber)

    def _parcels(self, session: Session, rows: Sequence[Any]) -> Iterator[_Parcel]:
        known = subscribers.by_id(session, {row.subscriber_id for row in rows})
        mine: dict[int, list[Any]] = defaultdict(list)
        for one in alerts.of_subscribers(session, known):
            mine[one.subscriber_id].append(one)
        langs = alerts.by_id(session, {row.alert_id for row in rows if row.alert_id is not None})
        for row in rows:
            alert = langs.get(row.alert_id)
            yield _Parcel(row, known[row.subscriber_id], mine[row.subscriber_id], alert.lang if alert else "en")

    def _letter(self, parcel: _Parcel, now: datetime) -> Letter:
        row, mine = parcel.row, parcel.mine
        own = next((one for one in mine if one.alert_id == row.alert_id), None)
        links = self.desk.office.links
        leave = own and links.unsubscribe(own.id, self.desk.token("unsubscribe", own.id))
        agree = own and row.kind == "confirm" and links.confirm(own.id, self.desk.token("confirm", own.id))
        return Letter(
            key=row.key,
            kind=row.kind,
            lang=parcel.lang,
            address=self.desk.sealer.open(parcel.who.address),
            body=row.body,
            sent_at=now,
            secrets=tuple(self._secrets(own, mine, now)),
            unsubscribe=leave or None,
            confirm=agree or None,
        )

    def _secrets(self, own: Any, mine: Sequence[Any], now: datetime) -> list[str]:
        """The alert's own first. One address may hear of several alerts, and know the secret of one of them."""
        found: list[str] = []
        for one in ([own] if own else []) + [other for other in mine if other is not own]:
            if one.secret is not None and len(found) < _MOST_SIGNATURES:
                found += [self.desk.sealer.open(one.secret), *saving.formers(one, self.desk, now)]
        return found[:_MOST_SIGNATURES]

    def _hand_over(self, parcels: Sequence[_Parcel]) -> list[Result]:
        """In their order; after one that the address did not take for now the others are left for later."""
        results: list[Result] = []
        for parcel in parcels:
            failed = bool(results) and results[-1].error is not None and results[-1].error.transient
            results.append(Result(parcel.row, None, results[-1].error) if failed else self._try(parcel))
        return results

    def _try(self, parcel: _Parcel) -> Result:
        began, at = time.monotonic(), times.now()
        error: KleError | None = None
        status, said = None, ""
        try:
            letter = self._letter(parcel, at)
            answer = channel.module(parcel.who.kind).send(letter, self.desk.office)
            status, said = answer.status, answer.said
        except KleError as failure:
            error = failure
        except Exception as failure:  # a channel is a plugin: what it did not foresee must not end the others
            log.exception("a channel broke", channel=parcel.who.kind)
            error = DeliveryError(f"the channel {parcel.who.kind} broke: {failure!r}")
        if error is not None:
            status, said = getattr(error, "answered", None), error.message
        outcome = "sent" if error is None else "failed"
        took = round(time.monotonic() - began, 3)
        return Result(
            parcel.row, Tried(parcel.row.id, at, took, outcome, status, masked(said)[:LONGEST_ANSWER]), error
        )

    def _ended(self, patience: float = 0.0) -> list[Result]:
        if self._lanes and patience:
            wait(list(self._lanes), patience, "FIRST_COMPLETED")
        done = [future for future in self._lanes if future.done()]
        found: list[Result] = []
        for future in done:
            del self._lanes[future]
            if not future.cancelled():
                found += future.result()
        return found

    def _write(self, results: Sequence[Result]) -> None:
        if not results:
            return
        now = times.now()
        with self.database.write() as session:
            mine = work.still_mine(session, Delivery, [r.row.id for r in results], self.worker)
            deliveries.note(session, [r.tried for r in results if r.tried])
            for result in sorted(results, key=lambda one: one.tried is not None):
                if result.row.id in mine:
                    settle(session, result, self.desk, now)

    def _renew(self, now: datetime) -> None:
        if time.monotonic() - self._renewed < _RENEWED_EVERY:
            return
        self._renewed = time.monotonic()
        keys = [key for _, numbers in self._lanes.values() for key in numbers]
        if keys:
            with self.database.write() as session:
                work.renew(session, Delivery, keys, self.worker, now)


def _told(row: Any, tries: Sequence[Any]) -> dict[str, Any]:
    last = tries[-1] if tries else None
    outcome = last.outcome if last else "waiting"
    said = {
        "outcome": outcome,
        "status": last.status if last else None,
        "answer": last.answer if last else row.answer,
    }
    return {"key": row.key, "kind": row.subscriber_kind, "shown": row.shown, **said}
