"""One round of sources now, from the terminal: `kle collect`, `kle sources run`."""

from collections.abc import Iterator, Sequence
from typing import Any

import typer

from collector.collect import collect
from collector.fetch import Fetcher
from core import times
from core.errors import KleError
from core.outcome import GOOD, Outcome
from db import sources
from kle import checking, claims, output, runtime
from kle.storage import Storage

Round = tuple[str, Outcome]


def collect_named(names: Sequence[str]) -> Iterator[Round]:
    """A round of each, or of all that kle.toml enables; one that another process collects counts as failed."""
    worker = claims.worker_name()
    with runtime.archive(sync=runtime.config_is_there()) as (settings, database):
        claims.release_dead(database)
        storage = Storage(settings, database)
        chosen = [source.name for source in checking.choose(settings, names)]
        with Fetcher.from_settings(settings) as fetcher:
            for name in chosen:
                try:
                    storage.check()
                    with database.write() as session:
                        source = sources.claim_named(session, name, worker, times.now())
                    yield name, collect(database, source, fetcher, worker)
                except KleError as error:
                    yield name, Outcome("failed", error=error.message)


def report(rounds: Iterator[Round], json: bool) -> None:
    """Each round's outcome as it ends; exit code 1 if one went wrong."""
    found = []
    for name, outcome in rounds:
        found.append((name, outcome))
        if not json:
            output.say(output.printable(_sentence(name, outcome)))
    if json:
        output.print_json({"items": [_as_json(name, outcome) for name, outcome in found]})
    elif not found:
        output.note("There is nothing to collect: no source is enabled. `kle init` writes a kle.toml with some.")
    if any(outcome.ending not in GOOD for _, outcome in found):
        raise typer.Exit(1)


def _sentence(name: str, outcome: Outcome) -> str:
    """A good round with what went wrong aside; of another its reason, and what was archived all the same."""
    problems = f", {outcome.problems} unreadable" if outcome.problems else ""
    if outcome.ending in GOOD:
        counts = f"{outcome.posts} posts, {outcome.posts_new} new, {outcome.posts_changed} changed"
        aside = f"; {outcome.error}" if outcome.error else ""
        return f"{name}: {outcome.ending}, {counts}{problems}{aside}"
    before = f"; {outcome.posts} posts were archived, {outcome.posts_new} new{problems}" if outcome.posts else ""
    return f"{name}: {outcome.ending}: {outcome.error}{before}"


def _as_json(name: str, outcome: Outcome) -> dict[str, Any]:
    return {
        "source": name,
        "outcome": outcome.ending,
        "posts": outcome.posts,
        "posts_new": outcome.posts_new,
        "posts_changed": outcome.posts_changed,
        "problems": outcome.problems,
        "error": outcome.error,
    }
