"""Posts that are in both archives: what the other one knows of them is added, and nothing of ours is lost.

A state that the other archive saw after our last one becomes current, as if we had seen it now; one that it saw
before, or that shows less, is added as `late`. Of what people said of a topic the last word counts.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import select, update
from sqlmodel import Session

from core import terms, times
from core.post import METRICS, named
from db import clock, corrections, directory, hearsay, ledger, versions
from db.ledger import Line
from db.models import Account, Alias, Correction, MediaFile, Metrics, Post, Tag, Version
from db.moving.merging import whole
from db.moving.merging.names import Names
from db.moving.merging.other import Other
from db.moving.merging.states import CONTENT, LATE, State, new_states
from db.proof import digests
from db.upsert import Row, insert_all, table

_post, _version, _account = table(Post), table(Version), table(Account)
_CLOCKS = timedelta(days=1)  # by which they may differ
_media, _correction, _metrics = table(MediaFile), table(Correction), table(Metrics)


@dataclass(slots=True)
class Pair:
    """One post in both: our row as it is locked, our versions in order, and theirs."""

    ours: Row
    versions: list[Row]
    theirs: Other
    moved: bool  # to their id or time just now: that is worth a version
    added: int = 0  # states that it got from them

    @property
    def key(self) -> int:
        return int(self.ours["id"])

    @property
    def name(self) -> str:
        return f"{self.ours['platform']}:{self.ours['platform_id']}"

    @property
    def current(self) -> Row:
        return next(v for v in self.versions if v["number"] == self.ours["current"])


def pairs(session: Session, found: dict[int, tuple[Other, bool]]) -> list[Pair]:
    """Key here -> post there and whether ours has just moved; as pairs, with the rows of ours."""
    with_owner = select(_post, _account.c.handle).join_from(_post, _account, isouter=True)
    posts = session.execute(with_owner.where(_post.c.id.in_(found)).order_by(_post.c.id)).mappings()
    made = {row["id"]: Pair(dict(row), [], *found[row["id"]]) for row in posts}
    history = select(_version).where(_version.c.post_id.in_(found)).order_by(_version.c.post_id, _version.c.number)
    for row in session.execute(history).mappings():
        made[row["post_id"]].versions.append(dict(row))
    return list(made.values())


def add(names: Names, found: Sequence[Pair], counts: dict[str, int]) -> None:
    names.take_captures([pair.theirs for pair in found])
    owners = names.accounts([pair.theirs for pair in found])
    for pair in found:
        _add_states(names, pair, owners, counts)
        counts["corrections"] += _add_words(names, pair)
    _around(names, found, counts)
    counts["joined"] += len(found)


# -- states -------------------------------------------------------------------------------------------------


def _add_states(names: Names, pair: Pair, owners: dict[int, int], counts: dict[str, int]) -> None:
    ours = [State(row) for row in pair.versions]
    theirs = [State(row) for row in pair.theirs.versions]
    steps = list(new_states(ours, State(pair.current), theirs))
    if not any(change != LATE for _, change in steps) and (pair.moved or _gains(pair) or _wishes(pair)):
        change = "delete" if pair.ours["deleted_at"] else "fuller"
        steps.append((State({**pair.theirs.current, "view": -1}), change))  # its id, time, author or wish alone
    pair.added = len(steps)
    numbered = list(enumerate(steps, pair.ours["versions"] + 1))
    last = max((number for number, (_, change) in numbered if change != LATE), default=None)
    for number, (state, change) in numbered:
        row = _late(names, pair, state, number) if change == LATE else _next(names, pair, state, number, change)
        (version_id,) = insert_all(names.here, Version, [row])
        ledger.append(names.here, [Line("version", f"version/{version_id}", row["digest"], names.now)])
        if change != LATE:
            _move_on(names, pair, row, change, owners)
        counts["tags"] += _add_tags(names, pair, state, version_id, in_force=number == last)
        counts["late" if change == LATE else "versions"] += 1
    if steps:
        mine = update(_post).where(_post.c.id == pair.key)
        names.here.execute(mine.values(versions=pair.ours["versions"] + len(steps)))


def _gains(pair: Pair) -> bool:
    """They know its author, whom we do not, or by a pseudonym alone."""
    theirs = pair.theirs.account
    return not named(pair.ours["handle"]) and theirs is not None and named(theirs["handle"])


def _wishes(pair: Pair) -> set[str]:
    """What its author asks of those who read along, and we do not know yet: the stricter of two views counts."""
    return terms.wishes().keys() & {*pair.theirs.current["facts"].get("labels", [])} - {*pair.ours["labels"]}


def _late(names: Names, pair: Pair, state: State, number: int) -> Row:
    return _sealed(names, pair, state, number, LATE, state.row, state.row["facts"])


def _next(names: Names, pair: Pair, state: State, number: int, change: str) -> Row:
    """As `db.archive` would write it, had a source shown that state now: what our row says of it stays."""
    now, shown = pair.current, state.row
    less = shown["view"] < now["view"] and change in ("delete", "restore", "fuller")
    content = now if less else shown
    facts = {name: value for name, value in shown["facts"].items() if name != "deleted"}
    facts |= {name: pair.ours[name] for name in ("kind", "precision", "synthetic")}
    facts |= {"id": pair.name, "created_at": times.text(pair.ours["created_at"])}
    facts |= {"url": shown["facts"]["url"] or pair.ours["url"]}
    labels = (now if less else shown)["facts"].get("labels", [])
    kept = terms.wishes().keys() & {*pair.ours["labels"]}
    facts["labels"] = [*labels, *sorted((kept | _wishes(pair)) - {*labels})]
    if less:
        facts["lang"] = now["facts"]["lang"]
    facts.pop(hearsay.FACT, None)
    if change == "delete" and hearsay.is_one((now if pair.ours["deleted_at"] else shown)["facts"]):
        facts[hearsay.FACT] = True
    if not _gains(pair):
        facts["account"] = now["facts"]["account"] or facts["account"]
    return _sealed(names, pair, state, number, change, content, facts)


def _sealed(names: Names, pair: Pair, state: State, number: int, change: str, content: Row, facts: Row) -> Row:
    shown = state.row
    merged = {"archive": names.archive_id, "number": shown["number"], "change": shown["change"]}
    merged |= {"seen_at": times.text(shown["seen_at"]), "digest": shown["digest"]}
    made = {name: content[name] for name in CONTENT}
    made |= {"post_id": pair.key, "number": number, "change": change, "attempts": 0}
    made["seen_at"] = max([names.now, *(version["seen_at"] for version in pair.versions)])
    made |= {"facts": {**facts, "merged": facts.get("merged") or merged}, "tag_priority": 1}
    made["source_id"] = names.sources[shown["source_id"]] if shown["source_id"] is not None else None
    made["capture_id"] = names.captures.get(shown["capture_id"]) if shown["capture_id"] is not None else None
    return {**made, "digest": digests.of_version(made)}


def _move_on(names: Names, pair: Pair, row: Row, change: str, owners: dict[int, int]) -> None:
    """Make this version the current one."""
    ours, facts = pair.ours, row["facts"]
    changed: Row = {
        "url": facts["url"],
        "lang": facts["lang"],
        "labels": facts["labels"],
        "current": row["number"],
        "edits": ours["edits"] + (change == "edit"),
        "changed_at": row["seen_at"],
        "deleted_at": (ours["deleted_at"] or row["seen_at"]) if change == "delete" else None,
        "doubt": None,
    }
    if pair.theirs.account and _gains(pair):
        changed["account_id"] = owners[pair.theirs.account["id"]]
        pair.ours["handle"] = pair.theirs.account["handle"]
    if change == "restore":
        changed["recheck_at"] = pair.theirs.row["recheck_at"]
    elif change == "delete":
        told = hearsay.is_one(facts)
        changed["recheck_at"] = hearsay.asked_at(ours["platform"], names.now) if told else None
    names.here.execute(update(_post).where(_post.c.id == pair.key).values(changed))
    versions.outdate(names.here, pair.key, row["seen_at"])
    pair.ours |= changed
    pair.versions.append(row)


def _add_tags(names: Names, pair: Pair, state: State, version_id: int, *, in_force: bool) -> int:
    """What models said there of this state, from now on; a version that nobody judged waits for tags."""
    said = [row for row in pair.theirs.tags if row["version_id"] == state.row.get("id") and row["model_id"]]
    if not said or state.view < 0:
        return 0
    decided = corrections.held_by_people(names.here, [pair.key])
    start = clock.after_all_said(names.here, {version_id: pair.key}, names.now)[version_id]
    rounds = {moment: start + n * clock.INSTANT for n, moment in enumerate(sorted({r["valid_from"] for r in said}))}
    rows = []
    for row in said:
        at = rounds[row["valid_from"]]
        made = whole.tag_row(names, row, pair.key, version_id, valid_from=at)
        holds = in_force and row["valid_to"] is None and (pair.key, made["topic_id"]) not in decided
        rows.append(made | {"valid_to": None if holds else at})
    insert_all(names.here, Tag, rows)
    whole.seal_tags(names, rows)
    judged = state.row["tag_priority"] is None and (not in_force or any(r["valid_to"] is None for r in said))
    if judged:
        campaign = names.campaign(said[-1]["model_id"]) if in_force else None
        mine = update(_version).where(_version.c.id == version_id)
        names.here.execute(mine.values(tag_priority=None, campaign_id=campaign))
    return len(rows)


# -- what people said ---------------------------------------------------------------------------------------


def _add_words(names: Names, pair: Pair) -> int:
    """Their last word on each topic, where it is later than ours and says something else; how many. One that is
    still to come would win over whatever is said here, and waits for its time."""
    past = [row for row in pair.theirs.corrections if row["at"] <= names.now + _CLOCKS]
    theirs = {names.topics[row["topic_id"]]: row for row in past if row["topic_id"] in names.topics}
    if not theirs:
        return 0
    mine = (
        select(_correction)
        .join_from(_correction, _version, _version.c.id == _correction.c.version_id)
        .where(_version.c.post_id == pair.key)
        .order_by(_correction.c.id)
    )
    ours = {row["topic_id"]: row for row in names.here.execute(mine).mappings()}
    later = {topic: row for topic, row in theirs.items() if topic not in ours or _overrules(row, ours[topic])}
    speakers = names.credentials({row["credential_id"] for row in later.values()}) if later else {}
    said = 0
    for topic, row in later.items():
        slug, author = names.slugs[topic], corrections.Author(speakers[row["credential_id"]], row["name"])
        at = names.heard(row["at"])
        if row["decision"] == corrections.WITHDRAWN:
            said += corrections.withdraw(names.here, pair.name, slug, author, at)
        elif not directory.is_retired(names.here, slug):
            said += corrections.put(names.here, pair.name, slug, row["decision"], row["note"], author, at)
    return said


def _overrules(theirs: Mapping[Any, Any], ours: Mapping[Any, Any]) -> bool:
    return theirs["at"] > ours["at"] and any(theirs[name] != ours[name] for name in ("decision", "note", "name"))


# -- where and how often it was seen ------------------------------------------------------------------------


def _around(names: Names, found: Sequence[Pair], counts: dict[str, int]) -> None:
    session, taken = names.here, [(pair.key, pair.theirs) for pair in found]
    counts["sightings"] += _add_sightings(names, taken)
    whole.exhibits(names, taken)
    counts["metrics"] += whole.metrics(names, taken)
    _count(session, found)
    counts["aliases"] += _add_aliases(names, found)
    counts["media"] += _add_media(names, found)


def _add_sightings(names: Names, taken: Sequence[tuple[int, Other]]) -> int:
    new = whole.sightings(names, taken)
    firsthand = sorted({row["post_id"] for row in new if row["first_hand"]})
    mine = update(_post).where(_post.c.id.in_(firsthand), _post.c.second_hand)
    names.here.execute(mine.values(second_hand=False))
    return len(new)


def _count(session: Session, found: Sequence[Pair]) -> None:
    """At the post stand the newest counts of each kind, whoever saw them."""
    keys = [pair.key for pair in found if pair.theirs.metrics]
    rows = session.execute(select(_metrics).where(_metrics.c.post_id.in_(keys)).order_by(_metrics.c.observed_at))
    newest: dict[int, Row] = {}
    for row in rows.mappings():
        told = {name: row[name] for name in METRICS if row[name] is not None}
        newest[row["post_id"]] = newest.get(row["post_id"], {}) | told | {"measured_at": row["observed_at"]}
    for pair in found:
        values = newest.get(pair.key, {})
        if any(values[name] != pair.ours[name] for name in values):
            session.execute(update(_post).where(_post.c.id == pair.key).values(values))


def _add_aliases(names: Names, found: Sequence[Pair]) -> int:
    """Their names of it lead to ours, unless another post has them."""
    wanted = {name: pair for pair in found for name in pair.theirs.names if name != pair.name}
    posts = select(_post.c.platform, _post.c.platform_id).where(
        _post.c.platform_id.in_({name.partition(":")[2] for name in wanted})
    )
    taken = {f"{row.platform}:{row.platform_id}" for row in names.here.execute(posts)}
    rows = [{"public_id": n, "post_id": pair.key} for n, pair in wanted.items() if n not in taken]
    return names.put(Alias, rows)


def _add_media(names: Names, found: Sequence[Pair]) -> int:
    """Files that are not here, and the bytes of those that were not fetched here."""
    keys = [pair.key for pair in found]
    rows = names.here.execute(select(_media).where(_media.c.post_id.in_(keys))).mappings()
    known = {(row["post_id"], row["url"]): dict(row) for row in rows}
    theirs = [(pair.key, row) for pair in found for row in pair.theirs.media_files]
    added = whole.media(names, [(key, row) for key, row in theirs if (key, row["url"]) not in known])
    fetched = [(known[key, row["url"]], row) for key, row in theirs if (key, row["url"]) in known and row["digest"]]
    for mine, row in fetched:
        if mine["digest"] is None:
            _take_bytes(names, mine["id"], row)
            added += 1
    return added


def _take_bytes(names: Names, number: int, row: Row) -> None:
    names.take_blobs({row["sha256"]})
    told = ("sha256", "content_type", "size", "fetched_at", "done_at", "digest")
    values: dict[str, Any] = {name: row[name] for name in told}
    mine = update(_media).where(_media.c.id == number)
    names.here.execute(mine.values(**values, error=None, claimed_by=None, claimed_until=None))
    ledger.append(names.here, [Line("media", f"media/{number}", row["digest"], names.now)])
