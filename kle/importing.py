"""`kle import`: files of posts into the archive, as one run of the source "import", a slice a transaction."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, NoReturn

from sqlmodel import col, select

from collector import folders, kinds
from collector.intake import Intake
from collector.platforms import file as reader
from core import times
from core.errors import KleError, NoRoom
from core.page import Page
from core.post import WITHHELD, Problem
from db import sources
from db.database import Database
from db.models import Quarantine
from kle.storage import Storage

MOST_REASONS = 10
ALL_WITHHELD = (
    "every text was withheld from this copy: import the operator's own export (kle export --audience internal), or"
    " look the posts up by their ids, as rehydrate.md beside it says"
)
Progress = Callable[[int, int], None]  # called with the bytes that were read so far, and those of all files


@dataclass(slots=True)
class Report:
    """What `kle import` did; `formats` counts the items that were read in each format.

    `reasons` are the first of those why items were put aside, "file: reason", `remarks` what else is to be said of
    files; --json prints neither.
    """

    files: int = 0
    items: int = 0
    posts_new: int = 0
    posts_changed: int = 0
    posts_unchanged: int = 0
    posts_forgotten: int = 0
    quarantined: int = 0
    formats: dict[str, int] = field(default_factory=dict)
    reasons: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)

    @property
    def refused(self) -> bool:
        """Nothing could be taken though there was something."""
        return self.quarantined > 0 and self.quarantined == self.items

    def as_json(self) -> dict[str, Any]:
        return {name: value for name, value in asdict(self).items() if name not in ("reasons", "remarks")}


def run(
    database: Database,
    files: Sequence[Path],
    progress: Progress,
    storage: Storage,
    format_: str = reader.AUTO,
    account: str = "",
) -> Report:
    """Take in all of `files`; what cannot be read is put aside with its reason and the rest goes in.

    Raises NoRoom where the disk is full, or nearly: what went in before stays.

    `account` is whose archive they are, where they do not say. A folder stands for the posts in it.
    """
    storage.check()
    found = [file for path in files for file in folders.files(path)]
    with database.write() as session:
        source = sources.import_source(session, times.now())
        assert source.id is not None
        run_id = sources.start_run(session, source.id, times.now(), alone=False)
    intake = Intake(database, source, run_id, live=False)
    taking = _Taking(intake, format_, account, progress, storage, found)
    reasons: list[str] = []
    try:
        for file in taking.files:
            before = intake.outcome.problems
            taking.take(file)
            if intake.outcome.problems > before and len(reasons) < MOST_REASONS:
                reasons += _reasons(intake, before, MOST_REASONS - len(reasons))
    except NoRoom as error:
        _broke_off(intake, error)
    outcome = intake.outcome
    outcome.ending = "ok" if outcome.posts else "failed" if outcome.problems else "empty"
    outcome.error = None if outcome.posts else next(iter(reasons), None)
    _finish(intake)
    return _report(intake, taking, reasons)


def _broke_off(intake: Intake, error: NoRoom) -> NoReturn:
    """What went in stays, and is said; that the run failed is written where that can be written."""
    outcome = intake.outcome
    outcome.ending, outcome.error = "failed", error.message
    with suppress(NoRoom):
        _finish(intake)
    raise NoRoom(
        f"{error.message}. {outcome.posts} posts went in and stay, {outcome.posts_new} of them new; the same import"
        " again brings the rest"
    )


def _finish(intake: Intake) -> None:
    now = times.now()
    with intake.database.write() as session:
        sources.finish_run(
            session, intake.source.id or 0, intake.run_id, "", intake.outcome, {}, now + timedelta(days=1), now
        )


@dataclass(slots=True)
class _Taking:
    """Files on their way in; `formats` counts the items of each."""

    intake: Intake
    format: str
    account: str
    progress: Progress
    storage: Storage
    files: list[Path]
    formats: dict[str, int] = field(default_factory=dict)
    remarks: dict[str, None] = field(default_factory=dict)  # each once
    _before: int = 0  # bytes of the files that are done
    _total: int = 0  # of all

    def __post_init__(self) -> None:
        self._total = sum(map(_size, self.files))

    def take(self, file: Path) -> None:
        self.intake.file = str(file)
        try:
            for page in reader.slices(file, format_=self.format, account=self.account):
                if missing := page.headers.get(reader.MISSING):
                    self.remarks[f"{file}: {missing}"] = None
                self._take(page)
        except NoRoom:
            raise
        except KleError as error:  # the file as a whole cannot be read: one problem
            self._refuse(error.message)
        self._before += _size(file)
        self.progress(self._before, self._total)

    def _take(self, page: Page) -> None:
        outcome = self.intake.outcome
        items = outcome.posts + outcome.problems
        self.storage.check()
        try:
            self.intake.take(page, kinds.kind("file"))
        finally:
            name = page.headers[reader.FORMAT]
            if done := outcome.posts + outcome.problems - items:
                self.formats[name] = self.formats.get(name, 0) + done
        self.progress(self._before + int(page.headers[reader.DONE]), self._total)

    def _refuse(self, reason: str) -> None:
        with self.intake.database.write() as session:
            sources.quarantine(session, self.intake.run_id, [Problem(reason)], times.now(), self.intake.file)
        self.intake.outcome.problems += 1


def _size(file: Path) -> int:
    try:
        return reader.size(file)
    except (OSError, KleError):  # which is told when it is read
        return 0


def _reasons(intake: Intake, before: int, most: int) -> list[str]:
    """Why items of a file were put aside; `before` were already when it was begun."""
    wanted = select(Quarantine.error).where(col(Quarantine.run_id) == intake.run_id)
    with intake.database.read() as session:
        return list(session.exec(wanted.order_by(col(Quarantine.id)).offset(before).limit(most)).all())


def _report(intake: Intake, taking: _Taking, reasons: list[str]) -> Report:
    outcome = intake.outcome
    items = outcome.posts + outcome.problems
    if reasons and not outcome.posts and all(WITHHELD in reason for reason in reasons):
        taking.remarks[ALL_WITHHELD] = None
    return Report(
        files=len(taking.files),
        items=items,
        posts_new=outcome.posts_new,
        posts_changed=outcome.posts_changed,
        posts_unchanged=intake.unchanged,
        posts_forgotten=intake.forgotten,
        quarantined=outcome.problems,
        formats=taking.formats,
        reasons=reasons,
        remarks=list(taking.remarks),
    )
