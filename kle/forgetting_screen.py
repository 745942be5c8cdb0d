"""What `kle forget` and `kle retention` do and say."""

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

from core import times
from db import posts
from db.database import Database
from db.erasing import due, retention, tombstones
from db.erasing.erase import REQUEST, Why
from db.erasing.erase import erase as erase_post
from kle import forgetting, output

BY = "kle forget"


def plans(database: Database, ids: Sequence[str]) -> dict[int, dict[str, Any]]:
    """Row key -> what goes with that post. Raises NotFound for an id that no post has: then nothing goes."""
    with database.read() as session:
        keys = dict.fromkeys(posts.key_of(session, public_id) for public_id in ids)
        return {key: tombstones.plan(session, key) for key in keys}


def show_plans(plans: dict[int, dict[str, Any]]) -> None:
    for plan in plans.values():
        names = ("versions", "notes", "sightings", "media", "captures")
        counts = ", ".join(f"{plan[name]} {name}" for name in names)
        output.say(output.printable(f"{plan['id']}: {counts}"))
        if plan["shared_with"]:
            others = ", ".join(plan["shared_with"])
            output.say(output.printable(f"  the captures show other posts too, which lose this evidence: {others}"))
        if plan["quoted_in"]:
            others = ", ".join(plan["quoted_in"])
            output.say(
                output.printable(f"  its words stand in other posts too, which stay unless you name them: {others}")
            )


def erase(database: Database, keys: Sequence[int], reason: str) -> list[dict[str, Any]]:
    """One transaction a post; the tombstones of those that were not forgotten already."""
    done = []
    for key in keys:
        with database.write(lasting=True) as session:
            made = erase_post(session, key, Why(REQUEST, reason.strip(), BY), times.now())
            if made:
                done.append(tombstones.one(session, made["id"]))
    return done


def purge(database: Database, data_dir: Path) -> bool:
    with output.progress() as bar:
        bar.add_task("clearing the index, the file and its log", total=None)
        return forgetting.purge_traces(database, data_dir, whole=True)


def show_done(database: Database, done: Sequence[dict[str, Any]], purged: bool, json: bool) -> None:
    files = tombstones.files_beside(database.file)
    if json:
        output.print_json({"items": list(done), "purged": purged, "backups": files})
        return
    if not done:
        output.say("All of them were forgotten before.")
    for item in done:
        output.say(f"{item['id']}: erased")
        for version in item["versions"]:
            output.say(f"  version {version['digest']}")
        for digest in item["captures"]:
            output.say(f"  capture {digest}")
    # a release that was written twice is one by its manifest, and lies in two places
    copied = {(c["subject"], c["detail"].get("path")): c for item in done for c in item["copies"]}
    if copied:
        output.say("These were made after it was first seen and may hold it; delete or replace them:")
        for copy in copied.values():
            where = copy["detail"].get("path", copy["subject"])
            output.say(output.printable(f"  {copy['kind']} {where}, {copy['at']}"))
    if files:
        output.say("These files beside the archive may hold it; delete them when you need them no more:")
        for name in files:
            output.say(f"  {name}")


# -- the report and what is due -----------------------------------------------------------------------------


def report(database: Database, most: int, json: bool) -> None:
    """Deleted there -> erased here, newest first."""
    with database.read() as session:
        items, following = tombstones.report(session, most)
        waiting = due.waiting(session, times.now())
    if json:
        output.print_json({"items": items, "next_cursor": following, "waiting": waiting})
        return
    columns = ["post", "cause", "deleted there, seen", "erased here", "seconds", "last trace gone", "reason"]
    names = ("id", "cause", "deleted_at", "at", "seconds", "erased_at", "reason")
    output.print_table(columns if items else ["nothing was erased yet"], ([i[n] for n in names] for i in items))
    if waiting["posts"]:
        output.say(f"{waiting['posts']} deleted posts wait to be erased, the oldest since {waiting['oldest']}.")
    if following:
        output.note(f"the newest {most}; GET /api/v1/erasures has all")


def what_is_due(database: Database) -> dict[str, Any]:
    """What would go now: by the terms, and by each source's keep."""
    now = times.now()
    with database.read() as session:
        return {"terms": due.waiting(session, now), "sources": retention.standing(session, now)}


def apply(database: Database) -> int:
    return forgetting.erase_due(database) + forgetting.erase_kept(database, only_due=False)


def show_due(found: dict[str, Any]) -> None:
    terms = found["terms"]
    since = f", the oldest deleted at {terms['oldest']}" if terms["oldest"] else ""
    output.say(f"by the platforms' terms: {terms['posts']} posts{since}")
    for row in found["sources"]:
        kept = times.every(timedelta(seconds=row["keep_seconds"]))
        oldest = f", the oldest seen at {row['oldest']}" if row["oldest"] else ""
        begins = f"; `kle up` erases from {row['from']}" if row["from"] else "; not announced yet"
        output.say(f"{row['source']} (keep {kept}): {row['posts']} posts{oldest}{begins}")
    if "erased" in found:
        output.say(f"erased: {found['erased']} posts")
    elif terms["posts"] or any(row["posts"] for row in found["sources"]):
        output.note("Nothing was erased: this only looked. `kle retention --apply` erases.")
