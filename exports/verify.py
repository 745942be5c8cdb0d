"""Is this release as it was written, and does the archive that it came from still say the same?

First the files, by what its manifest says of them: names, sizes, digests, rows, and the digest of the rows
themselves. Then the archive: the same rows are made again, as of the same moment, and their digests compared.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from core.errors import BadRequest
from db.database import Database
from exports import canonical, opened
from exports.agreeing import agree, rows_again
from exports.batch import Row
from exports.canonical import Content
from exports.opened import MANIFEST, Broken, Opened
from exports.pseudonyms import Pseudonyms
from exports.written import described

Key = Callable[[], bytes]
_SHOWN = 20  # names that are told where there are many


@dataclass
class Report:
    """`problems` are sentences; of the archive `agrees` is None where nobody can say."""

    path: str
    problems: list[str] = field(default_factory=list)
    files: Row = field(default_factory=lambda: {"ok": False, "checked": 0, "bytes": 0})
    archive: Row = field(default_factory=lambda: {"there": False, "agrees": None, "why": ["no archive is here"]})

    @property
    def ok(self) -> bool:
        return bool(self.files["ok"]) and self.archive["agrees"] is not False

    def as_json(self) -> Row:
        said = {"files": self.files, "archive": self.archive, "problems": self.problems}
        return {"ok": self.ok, "path": self.path, **said}


def verify(path: Path, database: Database | None = None, pseudonyms: Key | None = None) -> Report:
    """Its files, and with a `database` whether that still says the same; `pseudonyms` is asked for the key of the
    names of accounts where the release has such. Raises BadRequest for what never was a release."""
    report = Report(str(path))
    try:
        with opened.release(path) as release:
            check(release, report)
            if database:
                report.archive = _archive(database, release, pseudonyms)
                if report.archive["agrees"] is False:
                    report.problems += [f"the archive does not agree: {why}" for why in report.archive["why"]]
    except Broken as error:
        report.problems.append(error.message)
    return report


def _archive(database: Database, release: Opened, pseudonyms: Key | None) -> Row:
    said = release.manifest.get("pseudonyms")
    key = pseudonyms() if said and pseudonyms else None
    if said and (key is None or Pseudonyms(key).said()["key"] != said.get("key")):
        why = "its pseudonyms were made with another key than that of this archive (secret.key, KLE_SECRET_KEY)"
        return {"there": True, "agrees": None, "why": [why]}
    try:
        return agree(database, release, lambda: rows_again(database, release.manifest, key))
    except BadRequest as error:
        return {"there": True, "agrees": False, "why": [f"its rows cannot be built again: {error.message}"]}


def check(release: Opened, report: Report) -> None:
    """Its files, one after the other; then the tables, row by row, of those files that are as they were."""
    found = list(_names(release))
    wrong = set()
    for file in release.manifest["files"]:
        report.files["checked"] += 1
        for problem in _file(release, file, report.files):
            wrong.add(file["path"])
            found.append(problem)
    for name, said in release.manifest["content"].items():
        if release.file(name).name not in wrong:
            found += _table(release, name, said)
    report.problems += found
    report.files["ok"] = not found


def _names(release: Opened) -> Iterator[str]:
    """Nothing is missing, twice, or there beside."""
    counts = Counter(file["path"] for file in release.manifest["files"])
    yield from (f"{MANIFEST} names {name} twice" for name, count in counts.items() if count > 1)
    there = sorted(path.name for path in release.folder.iterdir())
    beside = [name for name in there if name not in counts and name != MANIFEST]
    if beside:
        more = f" and {len(beside) - _SHOWN} more" if len(beside) > _SHOWN else ""
        yield f"not in {MANIFEST}, and beside its files: {', '.join(beside[:_SHOWN])}{more}"
    for name in release.manifest["tables"]:
        if name not in release.manifest["content"]:
            yield f"{MANIFEST} was asked for a table {name} and does not tell of its rows: it was taken out"
    for name in release.manifest["content"]:
        if release.file(name).name not in counts:
            yield f"{MANIFEST} tells of a table {name} and of no file {release.file(name).name}"


def _file(release: Opened, said: Row, sums: Row) -> Iterator[str]:
    name = said["path"]
    path = release.folder / name
    if path.is_symlink() or not path.is_file():
        yield f"{name} is {'a link, no file' if path.is_symlink() else 'not there'}"
        return
    is_ = described(path)
    sums["bytes"] += is_["bytes"]
    if is_["bytes"] != said.get("bytes"):
        yield f"{name} has {is_['bytes']:,} bytes, {MANIFEST} says {_number(said.get('bytes'))}"
    elif is_["sha256"] != said.get("sha256"):
        yield f"{name} has not the SHA-256 that {MANIFEST} says: it was changed"


def _table(release: Opened, name: str, said: Row) -> Iterator[str]:
    """Its rows are as many as both places say, and the very rows of which the digest was taken."""
    file = release.file(name).name
    found = Content()
    try:
        for rows in release.rows(name):
            found.add(canonical.batch(rows))
    except Broken as error:
        yield error.message
        return
    told = [said.get("rows"), *(f.get("rows") for f in release.manifest["files"] if f["path"] == file)]
    for rows_told in dict.fromkeys(told):
        if rows_told != found.rows:
            yield f"{file} has {found.rows:,} rows, {MANIFEST} says {_number(rows_told)}"
    if found.sha256 != said.get("sha256"):
        yield f"{file} has other rows than those of which {MANIFEST} has the digest (content.{name}.sha256)"


def _number(value: Any) -> str:
    return f"{value:,}" if isinstance(value, int) else f"{value!r}"
