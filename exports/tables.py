"""The tables of a release: their columns, and what each means. The codebook is this file, printed."""

from typing import Any

ID = "the post's id, platform:platform_id, the same in every archive"
Columns = dict[str, str]

POSTS: Columns = {
    "id": ID,
    "platform": "where it was published: x, mastodon, bluesky, feed, article or another source's name",
    "platform_id": "its id there",
    "url": "its public address",
    "kind": "post, repost, reply, quote, article, release, caption or video",
    "account.platform": "platform of the account that published it",
    "account.handle": "the account's handle; feeds and pages: their host name",
    "account.name": "the account's display name",
    "account.actor": "the organisation or office that the operator assigned the account to",
    "text": "the text of the newest version; empty where the platform's terms withhold it",
    "lang": "language as the source says or as detected: en, ar, ckb (Central Kurdish), kmr (Northern Kurdish)",
    "created_at": "time of publication, RFC 3339 in UTC; how exact says created_at_precision",
    "created_at_precision": "second, day (only the date is known) or seen (no date: the time first seen)",
    "synthetic": "true: written as sample data, nobody published it",
    "first_seen_at": "when this archive saw it first",
    "changed_at": "when this archive last saw a change of it",
    "deleted_at": "when this archive saw that it was gone",
    "seen_until": "of a deleted post: when this archive last saw it before; empty if it never did",
    "media": "list of {type, url, alt}; JSON in CSV",
    "links": "list of addresses in the post; JSON in CSV",
    "tags": "list of {topic, probability, decision, model, evidence, by, correction}; JSON in CSV; one row a tag in"
    " tags",
    "tagging": "done, or pending where the classifier had not read it yet",
    "is_kle": "true: tagged key_leader_engagement",
    "versions": "how many versions this archive saw; one row a version in versions",
    "edits": "how many of them the author's edits made",
    "repeats": "id of the post that a repost or quote names",
    "metrics.likes": "likes when last observed; empty where the platform publishes none",
    "metrics.reposts": "reposts when last observed",
    "metrics.replies": "replies when last observed",
    "metrics.quotes": "quotes when last observed",
    "metrics.views": "views when last observed",
    "metrics.observed_at": "when these were observed",
    "labels": "the author's labels on the post or account, and what it asks of readers; JSON in CSV",
    "sightings": "list of {source, first_hand, url, seen_at}: where it was seen; JSON in CSV",
    "rights.policy": "what its platform's terms let leave the archive: full, quotation, link or ids",
    "rights.text_withheld": "true: the text stays with the operator; look it up by id or url",
}

TAGS: Columns = {
    "id": ID,
    "version": "number of the version that was judged",
    "topic": "slug of the topic",
    "probability": "calibrated probability that the topic holds; a person's word is 1 or 0",
    "decision": "tagged, unsure, or not (only where a person said so)",
    "model": "SHA-256 of the model that judged; empty for a person's correction",
    "evidence.start": "where the sentence that speaks most for the topic begins, in code points of the text",
    "evidence.end": "where it ends",
    "by": "model or person: a person's correction wins until it is withdrawn",
    "correction.name": "name of the key or session that a person corrected with; empty in public releases",
    "correction.key": "its id; empty in public releases",
    "correction.note": "why, in the person's words; empty in public releases",
    "correction.at": "when a person said so",
    "correction.version": "number of the version that the person read",
    "correction.text_changed": "true: the correction was made on another text than that of `version`",
    "valid_from": "when the decision was made",
    "valid_to": "when a later one replaced it; empty: it holds",
}

VERSIONS: Columns = {
    "id": ID,
    "number": "1 for the first that was seen",
    "change": "first, edit, fuller (a source that shows more), delete, restore, or late (another archive saw it)",
    "text": "its text; empty where the platform's terms withhold it, or where it was erased",
    "links": "list of addresses; JSON in CSV",
    "media": "list of {type, url, alt}; JSON in CSV",
    "seen_at": "when it was seen",
    "source": "the source through which it was seen",
    "first_hand": "true: from the platform itself; false: quoted by another page",
    "digest": "SHA-256 over all of it, as it stands in the archive's ledger",
    "text_sha256": "SHA-256 of its text, also where the text is withheld or was erased",
    "erased": "true: what it said was erased; a post of which only such versions are left has no row in posts, and"
    " is found here where the query's filters find it: its words cannot",
    "erased_at": "when the post was last erased, where it still is",
    "erased_cause": "request (a person's word), deleted (the platform's terms) or retention (a source's keep)",
    "capture.sha256": "SHA-256 of the answer in which it was seen; empty where it came from a file",
    "capture.fetched_at": "when that was fetched",
    "merged.archive": "id of the archive that saw it before kle merge took it over; empty for what was seen here",
    "merged.number": "its number there",
    "merged.change": "what it was there",
    "merged.seen_at": "when it was seen there",
    "merged.digest": "its digest there",
}

ALL: dict[str, Columns] = {"posts": POSTS, "tags": TAGS, "versions": VERSIONS}


def shaped(row: dict[str, Any], columns: Columns) -> dict[str, Any]:
    """`row` with the fields of `columns` and no others, in their order; nested ones whole."""
    return {name: row.get(name) for name in dict.fromkeys(column.partition(".")[0] for column in columns)}
