"""Does the archive still say what a release of it says? If not: what differs, and why, as far as one can tell."""

import hashlib
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import orjson
from sqlmodel import Session

from core import times
from core.errors import NotFound
from core.tables import CitationConfig
from db import audit, ledger, posts
from db.comparing import Side, comparing
from db.database import Database
from exports import canonical, diff
from exports.batch import Batch, Row
from exports.canonical import Content
from exports.diff import Difference
from exports.opened import MANIFEST, Broken, Opened
from exports.order import Order
from exports.passage import Passage, stand
from exports.software import software
from exports.written import described

Again = Callable[[], Iterator[tuple[str, Batch]]]  # one pass over the archive: the rows of every table once more
_FIRST = 20  # ids that are told of each kind of change
_ASKED = 500  # ids of which one looks whether they lead to another post today
_REASONS = {
    "account": "the name or actor of an account is another one today, and no history is kept of them",
    "metrics": "counts of before that moment came later",
    "sightings": "sightings of before that moment came later, or a source has another name",
    "rights": "the terms, a wish of the author or the ways in which it was seen are others today",
    "labels": "an author's wish is another one today",
    "url": "an account counts as an institution in one of them and not in the other",
    "repeats": "what they repeat has another id today",
}


def agree(database: Database, release: Opened, again: Again) -> Row:
    """{"there", "id", "agrees", "chain", "tables", "released_at", "differs", "why": [sentences]}.

    `agrees` is None where this is another archive, `released_at` where its audit chain does not tell of this very
    manifest. Raises BadRequest where the archive cannot build such rows any more.
    """
    said = release.manifest.get("archive") or {}
    found = stand(database, times.parse(release.manifest["as_of"])).archive
    mine = {"there": True, "id": found["id"]}
    if said.get("id") != found["id"]:
        other = f"it was made from the archive {said.get('id')}, and this one is {found['id']}"
        return mine | {"agrees": None, "why": [other]}
    with database.read() as session:
        chain = [] if said == found else list(_chain(session, said, found))
        released = audit.told_of(session, "release", f"manifest/{described(release.folder / MANIFEST)['sha256']}")
    tables = _tables(release, again)
    unlike = [name for name, table in tables.items() if not table["agrees"]]
    mine |= {"agrees": not (chain or unlike), "chain": not chain, "tables": tables}
    mine["released_at"] = times.text(released) if released else None
    if not unlike:
        return mine | {"why": chain}
    try:
        differs, why = _explained(database, release, again, unlike)
    except Broken as error:
        differs, why = None, [f"what differs cannot be told: {error.message}"]
    return mine | {"differs": differs, "why": [*chain, *why]}


def rows_again(database: Database, manifest: Row, pseudonyms: bytes | None) -> Iterator[tuple[str, Batch]]:
    """What the release was built from, asked for once more; of a table that was taken out of it nothing."""
    with database.read() as session:
        passage = Passage(session, Order.of_manifest(manifest, pseudonyms, CitationConfig()))
        for _, batches in passage.batches(session):
            yield from ((name, batch) for name, batch in batches.items() if name in manifest["content"])


def _chain(session: Session, said: Row, found: Row) -> Iterator[str]:
    """What does not fit of the line on which its ledger stood then; `found` is that on which it does today."""
    number, last = said.get("line"), ledger.head(session)[0]
    if not isinstance(number, int) or number < 0:
        yield "the manifest does not say on which line the archive's ledger stood"
        return
    if number > last:
        yield f"the archive's ledger ends at line {last}, and the release is of line {number}: it is an older copy"
        return
    line = ledger.line(session, number) if number else None
    if (line.digest if line else ledger.START) != said.get("digest"):
        yield f"line {number} of the archive's ledger has another digest than the release says: it was written anew"
    if number != found["line"]:
        yield f"the ledger stands at line {found['line']} of that moment, not {number}: more was learnt"


def _tables(release: Opened, again: Again) -> dict[str, Row]:
    contents = {name: Content() for name in release.manifest["content"]}
    for name, batch in again():
        contents[name].add(batch)
    return {
        name: {
            "rows": {"release": said.get("rows"), "archive": contents[name].rows},
            "agrees": said.get("sha256") == contents[name].sha256,
        }
        for name, said in release.manifest["content"].items()
    }


# -- why they do not agree ----------------------------------------------------------------------------------------


def _explained(database: Database, release: Opened, again: Again, unlike: list[str]) -> tuple[Row, list[str]]:
    """The release's rows beside the archive's, which are laid out as JSON Lines for it."""
    with (
        tempfile.TemporaryDirectory(prefix="kle-verify-", ignore_cleanup_errors=True) as folder,
        comparing() as room,
    ):
        archive = _laid_out(release, again, Path(folder))
        why, differs = list(_other_program(release)), Row(rows={})
        if "posts" in release.tables:
            found = Difference(release, archive, room)
            found.fill()
            found.judge()
            differs |= {"posts": {kind: _some(found, kind) for kind in diff.KINDS}, "fields": found.head["fields"]}
            with database.read() as session:
                why += _reasons(session, found)
        for name in unlike:
            differs["rows"][name] = rows = _unlike_rows(release, archive, name, room)
            why.append(_told(name, rows))
    return differs, why


def _laid_out(release: Opened, again: Again, folder: Path) -> Opened:
    archive = Opened(Path("the archive"), folder, release.manifest | {"format": "jsonl"}, release.tables)
    with ExitStack() as files:
        out = {name: files.enter_context(archive.file(name).open("wb")) for name in release.tables}
        for name, batch in again():
            out[name].write(batch.lines)
    return archive


def _unlike_rows(release: Opened, archive: Opened, name: str, room: Any) -> Row:
    sides: tuple[tuple[Side, Opened], ...] = (("a", release), ("b", archive))
    for side, one in sides:
        for rows in one.rows(name):
            room.put_lines(name, side, [(str(row.get("id") or row.get("source")), _mark(row)) for row in rows])
    here, there, ids = room.unlike(name, _FIRST)
    return {"only_in_release": here, "only_in_archive": there, "ids": ids}


def _mark(row: Row) -> bytes:
    return hashlib.blake2b(canonical.batch([row]).lines, digest_size=16).digest()


def _told(name: str, rows: Row) -> str:
    here, there = rows["only_in_release"], rows["only_in_archive"]
    if not here and not there:
        return f"{name}: the same rows in another order"
    some = ", ".join(rows["ids"][:3])
    return f"{name}: rows in the release alone {here:,}, in the archive alone {there:,}, first of {some}"


def _other_program(release: Opened) -> Iterator[str]:
    made, here = release.manifest["software"], software()
    if made.get("version") != here["version"]:
        yield f"version {made.get('version')} of the program made it, and this is {here['version']}"
    elif made.get("sha256") != here["sha256"]:
        yield f"other sources of version {here['version']} made it: what is told of a post may have changed"


def _some(found: Difference, kind: str) -> Row:
    ids = [orjson.loads(item)["id"] for item in found.items(kind, _FIRST)]
    return {"posts": found.head["counts"][kind], "ids": ids}


def _reasons(session: Session, found: Difference) -> Iterator[str]:
    """Told from what stands on both sides: a reason is named where it is one, else what was found."""
    counts = found.head["counts"]
    causes = Counter(orjson.loads(item)["cause"] for item in found.items(diff.ERASED))
    for cause, count in causes.items():
        yield f"{_posts(count)} erased since (cause: {cause or 'not told'})"
    if counts[diff.UNMATCHED]:
        gone = [orjson.loads(item)["id"] for item in found.items(diff.UNMATCHED, _ASKED)]
        became = Counter(_became(session, public_id) for public_id in gone)
        yield from (f"{_posts(count)} no longer there: {what}" for what, count in became.most_common())
    if counts[diff.ADDED]:
        some = ", ".join(orjson.loads(item)["id"] for item in found.items(diff.ADDED, 3))
        yield (
            f"{_posts(counts[diff.ADDED])} in the archive as of then and not in the release ({some}): it came later"
            " from another archive, or was taken out of the release"
        )
    for kind, said in (
        (diff.WITHHELD, "withheld now: the terms or a wish of the author are others today"),
        (diff.EDITED, "told with another text: one of the two was changed by hand"),
        (diff.RETAGGED, "told with other tags of that moment"),
        (diff.DELETED, "told as deleted by then, and the release does not say so"),
    ):
        listed = counts[kind] if kind != diff.DELETED else _listed(found)
        if listed:
            yield f"{_posts(listed)} {said}"
    for name, count in found.head["fields"].items():
        yield f"{_posts(count)} told otherwise in {name}: {_REASONS.get(name, 'nothing says why')}"


def _listed(found: Difference) -> int:
    return sum(orjson.loads(item)["listed"] for item in found.items(diff.DELETED))


def _became(session: Session, public_id: str) -> str:
    """What became of a post that the release has and the archive does not find again."""
    try:
        post = posts.get(session, public_id)
    except NotFound:
        return "the archive knows no such id"
    if post["erasure"]:
        return f"erased since (cause: {post['erasure']['cause']})"
    if post["id"] != public_id:
        return "it turned out to be one with another, whose id it has today"
    return "the query does not find it as of then"


def _posts(count: int) -> str:
    return "1 post is" if count == 1 else f"{count:,} posts are"
