"""Posts that are not here come over whole: versions, tags and corrections as they were sealed there.

Their digests are unchanged where they cover nothing but what was seen; tags and corrections name rows, whose keys
are others here, and are sealed anew.
"""

from collections import defaultdict
from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

from sqlalchemy import select, update

from db import keys, ledger
from db.blobs import ERASED
from db.erasing.erase import REQUEST, empty_blobs
from db.ledger import Line
from db.models import Alias, Blob, Correction, Erasure, Exhibit, MediaFile, Metrics, Post, Sighting, Tag, Version
from db.moving.merging.names import Names
from db.moving.merging.other import Other
from db.proof import digests
from db.upsert import Row, insert_all, table

_post, _version, _erasure, _blob = table(Post), table(Version), table(Erasure), table(Blob)
_FREE = {"claimed_by": None, "claimed_until": None, "not_before": None, "attempts": 0}
_ID = "id"


def add(names: Names, posts: Sequence[Other], counts: dict[str, int]) -> tuple[set[int], list[Other]]:
    """Take these posts in: their keys here, and those whose key or id another writer took meanwhile."""
    session = names.here
    owners = names.accounts(posts)
    seconds = [int(post.row["created_at"].timestamp() // 1) for post in posts]
    made = sorted(zip(keys.allocate(session, seconds), posts, strict=True), key=lambda pair: pair[0])
    mine = keys.insert(session, [_post_row(post, key, owners) for key, post in made])
    taken = [(key, post) for key, post in made if key in mine]
    names.take_captures([post for _, post in taken])
    graves = _bury(names, taken)
    versions = _versions(names, taken, graves)
    tags = _tags(names, taken, versions)
    _corrections(names, taken, versions, tags, graves)
    _seal_graves(names, taken, graves)
    _around(names, taken, counts)
    counts["added"] += len(taken)
    counts["versions"] += len(versions)
    counts["tags"] += len(tags)
    counts["corrections"] += sum(len(post.corrections) for _, post in taken)
    return mine, [post for key, post in made if key not in mine]


def _post_row(post: Other, key: int, owners: dict[int, int]) -> Row:
    owner = post.account and owners[post.account["id"]]
    return {**post.row, "id": key, "account_id": owner, "doubt": None, "erasure_id": None}


def _versions(names: Names, taken: Sequence[tuple[int, Other]], graves: "Graves") -> dict[int, int]:
    """Version there -> version here."""
    rows, sources, erased = [], [], {}
    for key, post in taken:
        current = post.row["current"]
        for row in post.versions:
            campaign = _campaign(names, post, row) if row["number"] == current else None
            priority = None if row["tag_priority"] is None else 1
            more: Row = {"campaign_id": campaign, "tag_priority": priority, **_FREE}
            rows.append(names.child(row, key, erasure_id=graves.here.get(row["erasure_id"]), **more))
            sources.append(row["id"])
            erased[row["id"]] = row["erasure_id"]
    numbers = insert_all(names.here, Version, rows)
    lines = [Line("version", f"version/{n}", r["digest"], names.now) for n, r in zip(numbers, rows, strict=True)]
    ledger.append(names.here, lines)
    for number, row, there in zip(numbers, rows, sources, strict=True):
        if buried := graves.rename("versions", erased[there], there, number):
            buried["kept"] = digests.of_kept({**row, "id": number})
    return dict(zip(sources, numbers, strict=True))


def _campaign(names: Names, post: Other, version: Row) -> int | None:
    """In which a model gave the tags in force: they are judged again where another model counts here."""
    said = (t["model_id"] for t in reversed(post.tags) if t["version_id"] == version["id"] and t["model_id"])
    model = next(said, None)
    return names.campaign(model) if model else None


def _tags(names: Names, taken: Sequence[tuple[int, Other]], versions: dict[int, int]) -> dict[int, int]:
    """Tag there -> tag here."""
    rows, sources = [], []
    for key, post in taken:
        for row in post.tags:
            rows.append(tag_row(names, row, key, versions[row["version_id"]]))
            sources.append(row["id"])
    numbers = insert_all(names.here, Tag, rows)
    seal_tags(names, rows)
    return dict(zip(sources, numbers, strict=True))


def tag_row(names: Names, row: Row, post_id: int, version_id: int, **more: Any) -> Row:
    model = names.models[row["model_id"]] if row["model_id"] else None
    topic = names.topics[row["topic_id"]]
    return names.child(row, post_id, version_id=version_id, topic_id=topic, model_id=model, **more)


def seal_tags(names: Names, rows: Sequence[Row]) -> None:
    """One line for each round of one version."""
    rounds = defaultdict(list)
    for row in rows:
        said = SimpleNamespace(**row, slug=names.slugs[row["topic_id"]])
        rounds[ledger.tags_subject(row["version_id"], row["valid_from"])].append(said)
    lines = [Line("tags", subject, digests.of_tags(said), names.now) for subject, said in rounds.items()]
    ledger.append(names.here, lines)


def _corrections(
    names: Names,
    taken: Sequence[tuple[int, Other]],
    versions: dict[int, int],
    tags: dict[int, int],
    graves: "Graves",
) -> None:
    """Of one whose note was erased its tombstone says what it was sealed as."""
    found = [row for _, post in taken for row in post.corrections]
    speakers = names.credentials({row["credential_id"] for row in found}) if found else {}
    rows = [
        {
            **{name: value for name, value in row.items() if name not in (_ID, "post_id")},
            "version_id": versions[row["version_id"]],
            "topic_id": names.topics[row["topic_id"]],
            "tag_id": tags.get(row["tag_id"]),
            "credential_id": speakers[row["credential_id"]],
            "erasure_id": graves.here.get(row["erasure_id"]),
        }
        for row in found
    ]
    numbers = insert_all(names.here, Correction, rows)
    lines = []
    for number, row, there in zip(numbers, rows, found, strict=True):
        said = {**row, "id": number, "slug": names.slugs[row["topic_id"]]}
        buried = graves.rename("corrections", there["erasure_id"], there[_ID], number)
        digest = buried["digest"] if buried else digests.of_correction(said)
        if buried:
            buried["kept"] = digests.of_kept_correction(said)
        lines.append(Line("correction", f"correction/{number}", digest, names.now))
    ledger.append(names.here, lines)


@dataclass(slots=True)
class Graves:
    """Erasures there -> their rows here (`here` their ids), sealed once all is known that they name."""

    here: dict[int, int]
    rows: dict[int, Row]

    def rename(self, kind: str, erasure: int | None, old: int, number: int) -> Row | None:
        """What a tombstone says of a row that had the id `old` there, under its id here."""
        said = self.rows[erasure]["said"].get(kind, []) if erasure in self.rows else []
        found: Row | None = next((one for one in said if one[_ID] == old and "new" not in one), None)
        if found:
            found |= {_ID: number, "new": True}
        return found


def _bury(names: Names, taken: Sequence[tuple[int, Other]]) -> Graves:
    pairs = [(row[_ID], names.child(row, key)) for key, post in taken for row in post.erasures]
    numbers = insert_all(names.here, Erasure, [row for _, row in pairs])
    keys_there = [key for key, _ in pairs]
    rows = {key: {**row, "said": deepcopy(row["said"])} for key, row in pairs}
    return Graves(dict(zip(keys_there, numbers, strict=True)), rows)


def _seal_graves(names: Names, taken: Sequence[tuple[int, Other]], graves: Graves) -> None:
    lines = []
    for key, row in graves.rows.items():
        number, said = graves.here[key], row["said"]
        for kind in ("versions", "corrections"):
            for one in said.get(kind, []):
                one.pop("new", None)
        _empty_bytes(names, row)
        names.here.execute(update(_erasure).where(_erasure.c.id == number).values(said=said))
        lines.append(Line("erasure", f"erasure/{number}", digests.of_erasure(row), names.now))
    ledger.append(names.here, lines)
    for key, post in taken:
        if post.row["erasure_id"]:
            mine = update(_post).where(_post.c.id == key)
            names.here.execute(mine.values(erasure_id=graves.here[post.row["erasure_id"]]))


def _empty_bytes(names: Names, row: Row) -> None:
    """Bytes that were erased there and are here: on a person's word they go, else they stay, and go unnamed."""
    said = row["said"]
    named = [*said.get("captures", []), *said.get("media", [])]
    kept = select(_blob.c.sha256).where(_blob.c.sha256.in_(named), _blob.c.codec != ERASED)
    here = set(names.here.execute(kept).scalars()) if named else set()
    if row["cause"] == REQUEST:
        empty_blobs(names.here, sorted(here & set(said.get("captures", []))))
        here -= set(said.get("captures", []))
    for kind in ("captures", "media"):
        said[kind] = [sha256 for sha256 in said.get(kind, []) if sha256 not in here]


def _around(names: Names, taken: Sequence[tuple[int, Other]], counts: dict[str, int]) -> None:
    """Where and how often they were seen, and their further names."""
    counts["sightings"] += len(sightings(names, taken))
    exhibits(names, taken)
    counts["metrics"] += metrics(names, taken)
    counts["aliases"] += names.put(Alias, [names.child(row, key) for key, post in taken for row in post.aliases])
    counts["media"] += media(names, [(key, row) for key, post in taken for row in post.media_files])


def sightings(names: Names, taken: Sequence[tuple[int, Other]]) -> list[Row]:
    """Those that were not here."""
    rows = [names.child(row, key) for key, post in taken for row in post.sightings]
    new = names.new(Sighting, ("post_id", "source_id", "url"), rows)
    insert_all(names.here, Sighting, new)
    return new


def exhibits(names: Names, taken: Sequence[tuple[int, Other]]) -> None:
    rows = [names.child(row, key) for key, post in taken for row in post.exhibits]
    names.put(Exhibit, [row for row in rows if row["capture_id"] is not None])


def metrics(names: Names, taken: Sequence[tuple[int, Other]]) -> int:
    return names.put(Metrics, [names.child(row, key) for key, post in taken for row in post.metrics])


def media(names: Names, found: Sequence[tuple[int, Row]]) -> int:
    """Files of posts, with their bytes and their lines."""
    rows = [names.child(row, key, **_FREE) for key, row in found]
    names.take_blobs({row["sha256"] for row in rows if row["sha256"]})
    numbers = insert_all(names.here, MediaFile, rows)
    lines = [
        Line("media", f"media/{number}", row["digest"], names.now)
        for number, row in zip(numbers, rows, strict=True)
        if row["digest"]
    ]
    ledger.append(names.here, lines)
    return len(rows)
