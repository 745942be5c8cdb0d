"""`kle classify`: tags what waits; with --all the whole archive again, in a campaign that any process goes on with.

Nothing is kept in memory or in files: what is done and what changed stands in the rows of the archive.
"""

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from classifier.fill import Pass
from classifier.tag import register, tag_round
from core import times
from db import campaigns, tags
from db.changes import Changes, changed
from db.database import Database
from kle import claims, drifting, output

if TYPE_CHECKING:
    from classifier.model import Classifier

_PATIENCE = 0.5  # seconds between two looks at what another process holds
_TELL_EVERY = 30.0  # seconds


@dataclass(frozen=True, slots=True)
class Report:
    """`tagged` versions by the model with this digest; all of a campaign, of which `earlier` before this start.

    `changed` is {topic: {"not>tagged": n}}, empty without a campaign; `unread` could not be judged and wait.
    """

    tagged: int
    model: str
    changed: Changes = field(default_factory=dict)
    earlier: int = 0
    unread: int = 0

    def as_json(self) -> dict[str, Any]:
        return {"tagged": self.tagged, "model": self.model, "changed": self.changed}


def waiting(database: Database, model: "Classifier") -> Report:
    """Tag what waits, and what is stale if the model is the archive's."""
    claims.release_dead(database)
    with database.read() as session:
        present = campaigns.chosen(session)
        own = present is not None and present.digest == model.digest
        total = tags.pending_count(session) + (campaigns.stale_count(session) if own else 0)
    tagged = _rounds(database, model, 0, total)
    _fill(database, model)
    drifting.count_weeks(database)
    return Report(tagged, model.digest)


def everything(database: Database, model: "Classifier") -> Report:
    """Judge every current version once; goes on where a campaign of this model was interrupted."""
    claims.release_dead(database)
    with database.write() as session:
        model_id = register(session, model)
        campaign = campaigns.begin(session, model_id, times.now())
        earlier = campaigns.done_count(session, campaign.id)
        left = campaigns.stale_count(session) + tags.pending_count(session)
    if earlier:
        output.note(f"Going on with the campaign begun at {times.text(campaign.started_at)}: {earlier} done.")
    _rounds(database, model, earlier, earlier + left)
    while _held(database, campaign.id):
        time.sleep(_PATIENCE)
        _rounds(database, model, 0, 0)
    _fill(database, model)
    return _reported(database, model, campaign, earlier)


def _fill(database: Database, model: "Classifier") -> None:
    """Vectors of what has tags but none of this model's encoder."""
    if model.reader is None:
        return
    going, read = Pass(database, model.reader), 0
    with output.progress() as bar:
        task = bar.add_task("reading for similar posts", total=None)
        while not going.done:
            read += (count := going.step())
            bar.advance(task, count)
    if read:
        output.note(f"read {read} posts that had no vector of this encoder")


def _rounds(database: Database, model: "Classifier", done: int, total: int) -> int:
    tagged, worker, told = 0, claims.worker_name(), time.monotonic()
    with output.progress() as bar:
        task = bar.add_task("tagging", total=total or None, completed=done)
        while count := tag_round(database, model, worker):
            tagged += count
            bar.advance(task, count)
            if not output.err.is_terminal and time.monotonic() - told >= _TELL_EVERY:  # a log shows no bar
                output.note(f"tagged {done + tagged} of {max(total, done + tagged)}")
                told = time.monotonic()
    return tagged


def _held(database: Database, campaign_id: int) -> int:
    """What another process has in its hands; it is stored soon, or its claim runs out."""
    with database.read() as session:
        return campaigns.held_count(session, campaign_id, times.now())


def _reported(database: Database, model: "Classifier", campaign: Any, earlier: int) -> Report:
    with database.read() as session, output.progress() as bar:
        tagged, unread = campaigns.done_count(session, campaign.id), campaigns.stale_count(session)
        task = bar.add_task("comparing", total=tagged)
        found = changed(session, campaign.id, campaign.started_at, lambda count: bar.advance(task, count))
    with database.write() as session:
        campaigns.finish(session, campaign.id, times.now())
    drifting.count_weeks(database)
    return Report(tagged, model.digest, found, earlier, unread)


STEPS = ("not>tagged", "not>unsure", "unsure>tagged", "unsure>not", "tagged>unsure", "tagged>not")


def show(report: Report, campaign: bool) -> None:
    output.say(f"{report.tagged} versions tagged by model {report.model[:12]}")
    if report.unread:
        output.note(f"{report.unread} versions could not be read; they wait and are tried again later")
    if report.changed:
        rows = [(slug, *(by_step.get(step, 0) for step in STEPS)) for slug, by_step in report.changed.items()]
        output.print_table(("topic", *(step.replace(">", " -> ") for step in STEPS)), rows)
    elif campaign:
        output.say("No decision changed.")
