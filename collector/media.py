"""The pictures and films that a source's posts show, fetched after its look, where it says so.

What a file is its content tells, not its server: a declared picture that is a page is refused. Each is kept once by
its digest; what fails comes again as pages do, and is given up with its reason.
"""

import logging
from typing import Any

from collector import kinds, later, magic
from collector.body import Limit
from collector.fetch import Fetcher
from collector.intake import Intake
from collector.target import Options
from core.errors import CollectError, FetchError, RateLimited, Refused
from core.media import fits
from core.page import Page
from core.secrecy import masked
from db import hold as holding
from db import media, work
from db.hold import Hold
from db.models import MediaFile, Source

log = logging.getLogger(__name__)
A_ROUND = 50
_UNSAID = ("", "application/octet-stream", "binary/octet-stream", "application/unknown")


def fetch_all(intake: Intake, fetcher: Fetcher, hold: Hold, worker: str) -> None:
    """Newest first, as far as this round goes; the rest waits for the next."""
    source = intake.source
    if source.options.get("media") is not True or intake.outcome.ending == "rate_limited":
        return
    target = kinds.target(source.name, source.kind, source.options)
    as_robot = kinds.kind(source.kind).media_as_robot
    had: dict[str, dict[str, Any]] = {}  # what an address gave in this round: it is asked once
    for _ in range(A_ROUND):
        if hold.lost:
            return
        with intake.database.write() as session:
            file = media.claim(session, source.id or 0, worker, intake.clock())
        if file is None or not _fetch_one(intake, fetcher, target, file, as_robot, had):
            return


def _fetch_one(
    intake: Intake,
    fetcher: Fetcher,
    target: Options,
    file: MediaFile,
    as_robot: bool,
    had: dict[str, dict[str, Any]],
) -> bool:
    """False where the round should stop."""
    try:
        if file.url in had:
            with intake.database.write() as session:
                media.keep_same(session, file, had[file.url], intake.clock())
            return True
        limit = Limit(target.media_max_bytes, "media_max_bytes")
        page = fetcher.get(file.url, as_robot=as_robot, limit=limit)
        if page is None:
            raise FetchError(f"{file.url} answered 304 to a question that did not ask for changes")
        if said := _keep(intake, file, page, checked(page, target.media_types)):
            had[file.url] = said
    except Exception as failed:  # as in collect(): one file must not end the round
        _failed(intake, file, failed)
        return not isinstance(failed, RateLimited)
    return True


def checked(page: Page, types: list[str]) -> str:
    """What it is. Raises Refused where the server's word or the content is none of `types`."""
    said = page.headers.get("content-type", "").partition(";")[0].strip().lower()
    if said not in _UNSAID and not fits(said, types):
        raise Refused(f"{page.url} is {said} by its server's word; this source fetches {', '.join(types)}")
    found = magic.told(page.body)
    if found is None:
        raise Refused(
            f"{page.url} is no picture, film or sound by its content, though its server said {said or '-'}"
        )
    if not fits(found, types):
        raise Refused(f"{page.url} is {found} by its content; this source fetches {', '.join(types)}")
    return found


def _keep(intake: Intake, file: MediaFile, page: Page, content_type: str) -> dict[str, Any]:
    with intake.database.write() as session:
        if not work.still_mine(session, Source, [intake.source.id or 0], intake.worker):
            raise CollectError(holding.TAKEN_OVER)
        return media.keep(session, file, page.body, content_type, page.fetched_at, intake.clock())


def _failed(intake: Intake, file: MediaFile, failed: Exception) -> None:
    """To be tried again, or given up, which /sources counts."""
    said, now = later.message(failed), intake.clock()
    log.warning("media %s of source %s: %s", masked(file.url), intake.source.name, said)
    wait = later.wait(failed, file.attempts)
    with intake.database.write() as session:
        if wait is None:
            media.give_up(session, file, said, now)
        else:
            work.postpone(session, file, said, now + wait, asked=later.named(failed) is None)
    ending = "given up" if wait is None else "to be tried again"
    intake.outcome.error = intake.outcome.error or f"a picture or film could not be fetched ({ending}): {said}"
