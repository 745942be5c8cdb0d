"""What the ledger's lines speak for: each kind of line, and whether its row is still as it was sealed."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, select
from sqlmodel import Session

from db import ledger
from db.models import Capture, Correction, Erasure, MediaFile, Tag, Topic, Version
from db.proof import digests, erased
from db.upsert import table

_version, _tag, _topic, _correction = table(Version), table(Tag), table(Topic), table(Correction)
_capture, _media, _erasure = table(Capture), table(MediaFile), table(Erasure)
Lines = dict[str, str]  # subject -> digest of its row
Checked = Iterator[tuple[int, str | None]]  # how many rows a line speaks for, and what is wrong with them
Problem = Callable[[str, Any, str, erased.Tombs], str | None]  # of a subject, its row and the digest in the ledger


@dataclass(frozen=True, slots=True)
class Kind:
    """`plural` names what is counted; `rows` are all that some line must speak for."""

    plural: str
    rows: Any
    check: Callable[[Session, Lines], Checked]


def _of_row(subject: str) -> int:
    return int(subject.split("/")[1])


def _alone(statement: Select[Any], key: Any, problem: Problem) -> Any:
    """The check of a kind whose every line speaks for one row."""

    def check(session: Session, lines: Lines) -> Checked:
        wanted = statement.where(key.in_([_of_row(subject) for subject in lines]))
        rows = {row["id"]: row for row in session.execute(wanted).mappings()}
        known = erased.tombs(session, rows.values())
        for subject, said in lines.items():
            row = rows.get(_of_row(subject))
            yield (1, problem(subject, row, said, known)) if row else (0, _lost(subject))

    return check


def _lost(subject: str) -> str:
    return f"{subject} stands in the ledger and no longer in the archive"


def _otherwise(subject: str) -> str:
    return f"{subject} does not stand in the ledger as it is"


def _version_problem(subject: str, row: Any, said: str, known: erased.Tombs) -> str | None:
    if row["erasure_id"] is not None:
        return erased.version_problem(subject, row, said, known)
    if digests.of_text(row["text"]) != row["text_sha256"]:
        return f"the text of {subject} is not the one that was archived"
    if digests.of_version(row) != row["digest"]:
        return f"{subject} is not as it was archived"
    return None if said == row["digest"] else _otherwise(subject)


def _correction_problem(subject: str, row: Any, said: str, known: erased.Tombs) -> str | None:
    if row["erasure_id"] is not None:
        return erased.correction_problem(subject, row, said, known)
    return None if digests.of_correction(row) == said else _otherwise(subject)


def _capture_problem(subject: str, row: Any, said: str, _known: erased.Tombs) -> str | None:
    return None if digests.of_capture(row) == said == row["digest"] else _otherwise(subject)


def _media_problem(subject: str, row: Any, said: str, _known: erased.Tombs) -> str | None:
    return None if row["fetched_at"] and digests.of_media(row) == said == row["digest"] else _otherwise(subject)


def _erasure_problem(subject: str, row: Any, said: str, _known: erased.Tombs) -> str | None:
    return None if digests.of_erasure(row) == said else _otherwise(subject)


def _tags(session: Session, lines: Lines) -> Checked:
    rounds: dict[str, list[Any]] = {subject: [] for subject in lines}
    judged = {_of_row(subject) for subject in lines}
    statement = select(_tag, _topic.c.slug).join_from(_tag, _topic).where(_tag.c.version_id.in_(judged))
    for row in session.execute(statement):
        subject = ledger.tags_subject(row.version_id, row.valid_from)
        if subject in rounds:
            rounds[subject].append(row)
    for subject, rows in rounds.items():
        yield len(rows), None if digests.of_tags(rows) == lines[subject] else _otherwise(subject)


_corrections = select(_correction, _topic.c.slug).join_from(_correction, _topic)
KINDS: dict[str, Kind] = {
    "version": Kind("versions", _version, _alone(select(_version), _version.c.id, _version_problem)),
    "tags": Kind("tags", _tag, _tags),
    "correction": Kind("corrections", _correction, _alone(_corrections, _correction.c.id, _correction_problem)),
    "capture": Kind("captures", _capture, _alone(select(_capture), _capture.c.id, _capture_problem)),
    "media": Kind("media", select(_media).where(_media.c.digest.is_not(None)).subquery(),
                  _alone(select(_media), _media.c.id, _media_problem)),
    "erasure": Kind("erasures", _erasure, _alone(select(_erasure), _erasure.c.id, _erasure_problem)),
}  # fmt: skip


def sorted_out(lines: Sequence[Any]) -> tuple[dict[str, Lines], str | None]:
    """Kind -> its lines, and the first line that speaks for nothing it can speak for."""
    found: dict[str, Lines] = {}
    wrong = None
    for line in lines:
        number = line["subject"].split("/")[1] if line["subject"].startswith(f"{line['kind']}/") else ""
        if line["kind"] in KINDS and number.isdecimal():
            found.setdefault(line["kind"], {})[line["subject"]] = line["row_digest"]
        else:
            wrong = wrong or f"the ledger speaks for {line['subject']!r}, which is nothing it can speak for"
    return found, wrong
