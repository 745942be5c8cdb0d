"""`kle import`: files of posts into the archive, as one run of the source "import", a slice a transaction."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlmodel import col, select

from collector import kinds
from collector.intake import Intake
from collector.platforms import file as project_form
from core import times
from core.errors import KleError
from core.post import Problem
from db import sources
from db.database import Database
from db.models import Quarantine

FORMATS = ("jsonl",)
MOST_REASONS = 10
Progress = Callable[[int], None]  # called with how many items were read so far


@dataclass(slots=True)
class Report:
    """What `kle import` did; `formats` counts the items that were read in each.

    `reasons` are the first of those why items were put aside, "file: reason"; --json does not print them.
    """

    files: int = 0
    items: int = 0
    posts_new: int = 0
    posts_changed: int = 0
    posts_unchanged: int = 0
    quarantined: int = 0
    formats: dict[str, int] = field(default_factory=dict)
    reasons: list[str] = field(default_factory=list)

    @property
    def refused(self) -> bool:
        """Nothing could be taken though there was something."""
        return self.quarantined > 0 and self.quarantined == self.items

    def as_json(self) -> dict[str, Any]:
        return {name: value for name, value in asdict(self).items() if name != "reasons"}


def run(database: Database, files: Sequence[Path], progress: Progress) -> Report:
    """Take in all of `files`; what cannot be read is put aside with its reason and the rest goes in."""
    with database.write() as session:
        source = sources.import_source(session, times.now())
        assert source.id is not None
        run_id = sources.start_run(session, source.id, times.now())
    intake = Intake(database, source, run_id, live=False)
    reasons: list[str] = []
    for file in files:
        before = intake.outcome.problems
        _take(intake, file, progress)
        if intake.outcome.problems > before and len(reasons) < MOST_REASONS:
            reasons += _reasons(intake, file, before, MOST_REASONS - len(reasons))
    outcome = intake.outcome
    outcome.ending = "ok" if outcome.posts else "failed" if outcome.problems else "empty"
    outcome.error = None if outcome.posts else intake.first_problem
    with database.write() as session:
        now = times.now()
        sources.finish_run(session, source.id, run_id, "", outcome, {}, now + timedelta(days=1), now)
    return _report(intake, len(files), reasons)


def _take(intake: Intake, file: Path, progress: Progress) -> None:
    try:
        for page in project_form.slices(file):
            intake.take(page, kinds.kind("file"))
            progress(intake.outcome.posts + intake.outcome.problems)
    except KleError as error:  # the file as a whole cannot be read: one problem
        with intake.database.write() as session:
            sources.quarantine(session, intake.run_id, [Problem(f"{file}: {error.message}")], times.now())
        intake.outcome.problems += 1
        intake.first_problem = intake.first_problem or f"{file}: {error.message}"


def _reasons(intake: Intake, file: Path, before: int, most: int) -> list[str]:
    """Why items of `file` were put aside; `before` were already when it was begun."""
    wanted = select(Quarantine.error).where(col(Quarantine.run_id) == intake.run_id)
    with intake.database.read() as session:
        found = session.exec(wanted.order_by(col(Quarantine.id)).offset(before).limit(most)).all()
    return [reason if reason.startswith(f"{file}: ") else f"{file}: {reason}" for reason in found]


def _report(intake: Intake, files: int, reasons: list[str]) -> Report:
    outcome = intake.outcome
    items = outcome.posts + outcome.problems
    return Report(
        files=files,
        items=items,
        posts_new=outcome.posts_new,
        posts_changed=outcome.posts_changed,
        posts_unchanged=intake.unchanged,
        quarantined=outcome.problems,
        formats={"jsonl": items} if items else {},
        reasons=reasons,
    )
