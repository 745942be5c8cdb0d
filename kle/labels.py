"""Labels made elsewhere: read, held against each other and against the model, and kept as people's words.

The whole of it in order: files, what they say of which posts, figures, and what all annotators agree on as
corrections in short transactions.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from sqlmodel import Session

from classifier import raters
from core import times
from core.errors import BadRequest
from db import corrections, credentials, directory, labels
from db.corrections import Author
from db.database import Database
from db.labels import Word
from db.slices import chunks
from kle import label_sheets, votes
from kle.label_sheets import Sheet
from kle.votes import Key, Votes

Progress = Callable[[int, int], None]
_AT_ONCE = 50  # corrections in one transaction
_LISTED = 1000  # disagreements that are told one by one


@dataclass
class Kept:
    """What became of the labels on which all agree; `held`: another person's word stands there."""

    stored: int = 0
    unchanged: int = 0
    held: int = 0


def run(
    database: Database,
    files: Sequence[Path],
    names: Sequence[str],
    check: bool,
    progress: Progress | None = None,
    release: Path | None = None,
) -> dict[str, Any]:
    """What `kle labels --json` prints. With `check` nothing is stored. `release` is the folder of the sample, where
    the files do not lie in it. Raises BadRequest."""
    if release and not label_sheets.tells_of_a_sample(release):
        raise BadRequest(f"--release {release}: there is no manifest.json of a sample in it", parameter="release")
    with database.read() as session:
        topics = [topic["slug"] for topic in directory.topics(session) if not topic["retired"]]
    named = zip(files, _named(files, names), strict=True)
    sheets = [label_sheets.read(path, topics, name, release) for path, name in named]
    with database.read() as session:
        said = votes.collect(session, sheets, topics)
        figures = raters.measure(*votes.answers(session, said))
    kept = Kept() if check else _store(database, said, progress)
    return _report(said, figures, kept)


def _named(files: Sequence[Path], names: Sequence[str]) -> list[str]:
    """Who filled in each file. Raises BadRequest."""
    if names and len(names) != len(files):
        raise BadRequest(f"{len(names)} --annotator for {len(files)} files: name one a file, in their order",
                         parameter="annotator")  # fmt: skip
    found = [label_sheets.person(name) for name in names or [path.stem for path in files]]
    if not all(found):
        raise BadRequest("--annotator needs a name", parameter="annotator")
    if not names and len(set(found)) < len(found):
        raise BadRequest("two files of one name, which is taken for their annotator's: say by --annotator, once a"
                         " file, who filled them in", parameter="annotator")  # fmt: skip
    return found


def _store(database: Database, said: Votes, progress: Progress | None) -> Kept:
    kept, done = Kept(), 0
    words = [(key, holds) for key, holds in sorted(said.agreed().items()) if not said.changed(key[0])]
    for some in chunks(words, _AT_ONCE):
        with database.write() as session:
            standing = labels.said_by_people(session, {post for (post, _), _ in some})
            for key, holds in some:
                _put(session, said, key, holds, standing.get(key), kept)
        done += len(some)
        if progress:
            progress(done, len(words))
    return kept


def _put(session: Session, said: Votes, key: Key, holds: bool, standing: Word | None, kept: Kept) -> None:
    """The word of a person who looked at the archive stands: it was said with more at hand than a sheet shows."""
    decision = "tagged" if holds else "not"
    if standing and not standing.labelled:
        same = standing.decision == decision
        kept.unchanged += same
        if not same:
            kept.held += 1
            _tell(said, key, f"{key[1]}: {standing.name} said {standing.decision} in the archive, which stands")
        return
    now, rows = times.now(), said.rows[key[0]]
    name = f"labels: {', '.join(said.said[key])}"
    author = Author(credentials.named(session, labels.PURPOSE, name, now), name)
    note = ", ".join(dict.fromkeys(Path(row.file).name for row in rows if key[1] in row.answers))
    done = corrections.put(session, said.places[key[0]].id, key[1], decision, note, author, now)
    kept.stored += done
    kept.unchanged += not done


def _tell(said: Votes, key: Key, problem: str) -> None:
    row = said.rows[key[0]][0]
    next(sheet for sheet in said.sheets if str(sheet.path) == row.file).tell(row.line, row.id, problem)


def _report(said: Votes, figures: dict[str, Any], kept: Kept) -> dict[str, Any]:
    labels_of = Counter(name for given in said.said.values() for name in given)
    rows_of = Counter(row.annotator for rows in said.rows.values() for row in rows)
    unlike = [key for key, given in sorted(said.said.items()) if len(set(given.values())) > 1]
    return {
        "files": [_file(sheet) for sheet in said.sheets],
        "rows": sum(len(sheet.rows) for sheet in said.sheets),
        "posts": len(said.places),
        "labels": labels_of.total(),
        **asdict(kept),
        "problems": [asdict(problem) for sheet in said.sheets for problem in sheet.problems],
        "annotators": [
            {"name": name, "rows": rows_of[name], "labels": labels_of[name]} for name in said.annotators
        ],
        **figures,
        "disagreements": len(unlike),
        "disagreed": [
            {"id": said.places[post].id, "topic": topic, "answers": said.said[post, topic]}
            for post, topic in unlike[:_LISTED]
        ],
    }


def _file(sheet: Sheet) -> dict[str, Any]:
    columns = [{"column": one.name, "marks": list(one.marks), "empty": one.empty} for one in sheet.columns]
    return {"path": str(sheet.path), "rows": len(sheet.rows), "columns": columns, "strata": len(sheet.strata),
            "stratified": any(row.stratum for row in sheet.rows)}  # fmt: skip
