"""What Prometheus reads: requests by route template, and the archive's own counts at the time of asking."""

import time
from collections.abc import Iterator
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from sqlmodel import Session
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from core import times
from db import campaigns, counts, deliveries, drift, exports, tags
from db.erasing import tombstones
from db.erasing.erase import CAUSES

_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
_SIDES = {None: 0, "low": -1, "high": 1}
_WAITING = {
    "oldest_deletion_seconds": "Age of the oldest deletion that the terms want erased and that is not yet",
    "unpurged_erasures": "Erasures of which a trace may still stand in index, file or log",
    "oldest_unpurged_seconds": "Age of the oldest of these",
}
_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")


class Metrics:
    """One registry an application, so that two in one process do not mix."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "kle_http_requests", "Requests answered", ["method", "route", "status"], registry=self.registry
        )
        self.seconds = Histogram(
            "kle_http_request_seconds", "Time to answer", ["route"], buckets=_BUCKETS, registry=self.registry
        )
        self.refused = Counter(
            "kle_http_refused", "Requests answered with 503, by cause", ["cause"], registry=self.registry
        )

        self.streams = Gauge("kle_open_streams", "Streams of changes that are open", registry=self.registry)

    def text(self, session: Session) -> bytes:
        return generate_latest(self.registry) + generate_latest(_archive(session))

    def observe(self, scope: Scope, status: int, seconds: float) -> None:
        """Routes by template, the rest as one: a label for every address asked for would grow without end."""
        route = template(scope)
        method = scope["method"] if scope["method"] in _METHODS else "other"
        self.requests.labels(method, route, str(status)).inc()
        self.seconds.labels(route).observe(seconds)


def _archive(session: Session) -> CollectorRegistry:
    """The archive's own counts, now."""
    made = CollectorRegistry()
    held = counts.totals(session)
    Gauge("kle_posts", "Posts in the archive", registry=made).set(held["posts"])
    Gauge("kle_versions", "Versions of posts in the archive", registry=made).set(held["versions"])
    runs = Gauge("kle_runs", "Looks at sources by outcome", ["outcome"], registry=made)
    for outcome, count in held["runs"].items():
        runs.labels(outcome).set(count)
    waiting = Gauge("kle_pending_tags", "Versions that wait for their tags", registry=made)
    waiting.set(tags.pending_count(session))
    stale = Gauge("kle_stale_tags", "Versions tagged by another model, to be tagged again", registry=made)
    stale.set(campaigns.stale_count(session))
    messages = Gauge("kle_messages", "Messages of alerts that are not sent, by state", ["state"], registry=made)
    for state, count in deliveries.unsent(session).items():
        messages.labels(state).set(count)
    releases = Gauge("kle_exports", "Exports that were asked for, by state", ["state"], registry=made)
    for state, count in exports.counts(session, times.now()).items():
        releases.labels(state).set(count)
    _drift(session, made)
    made.register(_Erasures(tombstones.figures(session, times.now())))
    return made


class _Erasures:
    """How fast what was deleted there was erased here, from the tombstones themselves."""

    def __init__(self, found: dict[str, Any]) -> None:
        self._found = found

    def collect(self) -> Iterator[Metric]:
        found = self._found
        erased = CounterMetricFamily("kle_erasures", "Posts erased, by cause", labels=["cause"])
        for cause in CAUSES:
            erased.add_metric([cause], found["causes"].get(cause, 0))
        yield erased
        buckets = [(str(float(bound)), count) for bound, count in found["buckets"].items()]
        yield HistogramMetricFamily(
            "kle_erasure_seconds",
            "From the deletion that was seen to the erasure here",
            [*buckets, ("+Inf", found["deletions"])],
            found["seconds"],
        )
        for name, what in _WAITING.items():
            yield GaugeMetricFamily(f"kle_{name}", what, found[name])


def _drift(session: Session, made: CollectorRegistry) -> None:
    """The last full week of each source, from counts that stand ready; `of` is unsure, or topic: and a slug."""
    labels = ["source", "of"]
    share = Gauge("kle_week_share", "Share of the last full week's posts", labels, registry=made)
    unusual = Gauge(
        "kle_week_unusual", "1 above, -1 below what is usual for the source, else 0", labels, registry=made
    )
    for source in drift.drift(session, times.now()):
        for told in source["shares"]:
            if told["share"] is not None:
                share.labels(source["source"], told["of"]).set(told["share"])
                unusual.labels(source["source"], told["of"]).set(_SIDES[told["alarm"]])


def template(scope: Scope) -> str:
    route: Any = scope.get("route")
    found = getattr(route, "path", None)
    if found is None and scope.get("path", "").startswith("/static/"):
        return "/static"
    return found or "none"


class CountRequests:
    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self.app = app
        self.metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started, status = time.perf_counter(), 500

        async def note_status(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self.app(scope, receive, note_status)
        finally:
            self.metrics.observe(scope, status, time.perf_counter() - started)
