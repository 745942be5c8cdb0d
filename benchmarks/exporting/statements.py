"""The six tables of a release as one statement each, as somebody would write them who dumps the SQLite file.

The columns are those of exports.tables, in their order and under their names in CSV; what has no expression here
ends the run. Lists stay the JSON text that SQL makes of them, times the text that SQLite holds. No terms, no
pseudonyms, no digests: a plain dump knows none.
"""

from collections.abc import Iterator, Mapping

from core import terms
from core.post import METRICS
from exports import tables

_ID = "p.platform || ':' || p.platform_id"
_POST = "post AS p JOIN version AS v ON v.post_id = p.id AND v.number = p.current"
_OWNER = "LEFT JOIN account AS a ON a.id = p.account_id LEFT JOIN actor AS o ON o.id = a.actor_id"
_JUDGED = (
    "LEFT JOIN tag AS t ON t.post_id = p.id AND t.valid_to IS NULL LEFT JOIN topic AS c ON c.id = t.topic_id"
    " LEFT JOIN tag_model AS m ON m.id = t.model_id"
)
_OF_POST = ("platform", "platform_id", "url", "kind", "lang", "created_at", "synthetic", "first_seen_at",
            "changed_at", "deleted_at", "versions", "edits", "repeats")  # fmt: skip
_TOLD = "(t.decision <> 'not' OR t.model_id IS NULL)"
_EVIDENCE = {f"evidence_{end}": f"t.evidence_{end}" for end in ("start", "end")}
_MERGED = "archive", "number", "change", "seen_at", "digest"


def _person(column: str) -> str:
    """Of the correction behind a tag: only those of people have one."""
    found = f"SELECT {column} FROM correction AS k JOIN version AS kv ON kv.id = k.version_id WHERE k.tag_id = t.id"
    return f"CASE WHEN t.model_id IS NULL THEN ({found}) END"


_CORRECTION = {
    "name": _person("k.name"),
    "key": _person("k.credential_id"),
    "note": _person("k.note"),
    "at": "CASE WHEN t.model_id IS NULL THEN t.valid_from END",
    "version": _person("kv.number"),
    "text_changed": "CASE WHEN t.model_id IS NULL THEN t.version_id <> v.id END",
}
_BY = "CASE WHEN t.model_id IS NULL THEN 'person' ELSE 'model' END"
_TAG = (
    f"json_object('topic', c.slug, 'probability', round(t.probability, 4), 'decision', t.decision, 'model',"
    f" m.digest, 'evidence', CASE WHEN t.evidence_start IS NOT NULL AND t.version_id = v.id"
    f" THEN json_object('start', t.evidence_start, 'end', t.evidence_end) END, 'by', {_BY}, 'correction',"
    " CASE WHEN t.model_id IS NULL THEN json_object("
    + ", ".join(f"'{name}', {found}" for name, found in _CORRECTION.items())
    + ") END)"
)
_SIGHTINGS = (
    "(SELECT json_group_array(json_object('source', s.name, 'first_hand', json(iif(g.first_hand, 'true', 'false')),"
    " 'url', g.url, 'seen_at', g.seen_at)) FROM sighting AS g LEFT JOIN source AS s ON s.id = g.source_id"
    " WHERE g.post_id = p.id)"
)
_UNTIL = (
    "CASE WHEN p.deleted_at IS NOT NULL THEN (SELECT max(at) FROM (SELECT k.fetched_at AS at FROM exhibit AS e JOIN"
    " capture AS k ON k.id = e.capture_id WHERE e.post_id = p.id AND NOT EXISTS (SELECT 1 FROM version AS d WHERE"
    " d.post_id = e.post_id AND d.capture_id = e.capture_id AND d.change = 'delete') UNION ALL SELECT seen_at FROM"
    " sighting WHERE post_id = p.id UNION ALL SELECT seen_at FROM version WHERE post_id = p.id AND change <>"
    " 'delete') WHERE at < p.deleted_at) END"
)
_LABELS = (
    "CASE WHEN coalesce(a.wishes, '[]') = '[]' THEN p.labels ELSE (SELECT json_group_array(DISTINCT value) FROM"
    " (SELECT value FROM json_each(p.labels) UNION ALL SELECT value FROM json_each(a.wishes))) END"
)
TOPICS = "SELECT slug, id FROM topic ORDER BY position, id"


def statements(topics: Mapping[str, int]) -> dict[str, str]:
    """By table. `topics` are slugs with their row keys, as the archive has them."""
    from_tag = (
        "FROM tag AS t JOIN post AS p ON p.id = t.post_id JOIN version AS v ON v.id = t.version_id JOIN topic AS c"
        f" ON c.id = t.topic_id LEFT JOIN tag_model AS m ON m.id = t.model_id WHERE {_TOLD} ORDER BY t.post_id"
    )
    from_version = (
        "FROM version AS v JOIN post AS p ON p.id = v.post_id LEFT JOIN source AS s ON s.id = v.source_id LEFT JOIN"
        " capture AS c ON c.id = v.capture_id LEFT JOIN erasure AS e ON e.id = v.erasure_id"
        " ORDER BY v.post_id, v.number"
    )
    known = tables.every(list(topics))
    return {
        "posts": _select(known["posts"], _post(topics), f"FROM {_POST} {_OWNER} {_JUDGED} GROUP BY p.id"),
        "tags": _select(known["tags"], _tag(), from_tag),
        "versions": _select(known["versions"], _version(), from_version),
        "metrics": _select(
            known["metrics"],
            {"id": _ID, "observed_at": "n.observed_at", **{name: f"n.{name}" for name in METRICS}},
            "FROM metrics AS n JOIN post AS p ON p.id = n.post_id ORDER BY n.post_id, n.observed_at",
        ),
        "sightings": _select(
            known["sightings"],
            {"id": _ID, "source": "s.name", "first_hand": "g.first_hand", "url": "nullif(g.url, '')",
             "seen_at": "g.seen_at"},
            "FROM sighting AS g JOIN post AS p ON p.id = g.post_id LEFT JOIN source AS s ON s.id = g.source_id"
            " ORDER BY g.post_id, g.id",
        ),
        "runs": _select(
                        known["runs"],
            {"source": "s.name", "kind": "s.kind", **_run()},

            "FROM run AS r JOIN source AS s ON s.id = r.source_id ORDER BY r.id",
        ),
    }  # fmt: skip


def _run() -> dict[str, str]:
    """Before it ended nobody knows what it showed."""
    counts = ("posts", "posts_new", "posts_changed", "problems")
    told = {name: f"CASE WHEN r.finished_at IS NOT NULL THEN r.{name} END" for name in counts}
    return {name: f"r.{name}" for name in ("started_at", "finished_at", "outcome")} | told


def _select(table: tables.Table, found: Mapping[str, str], rest: str) -> str:
    columns = ", ".join(f'{found[name]} AS "{name}"' for name in table.columns())
    return f"SELECT {columns} {rest}"


def _post(topics: Mapping[str, int]) -> dict[str, str]:
    return {
        "id": _ID,
        **{name: f"p.{name}" for name in _OF_POST},
        "account_platform": "CASE WHEN a.id IS NOT NULL THEN p.platform END",
        "account_handle": "a.handle",
        "account_name": "a.name",
        "account_actor": "o.slug",
        **{name: f"v.{name}" for name in ("text", "text_sha256", "media", "links")},
        "created_at_precision": "p.precision",
        "seen_until": _UNTIL,
        "tags": f"json_group_array({_TAG}) FILTER (WHERE t.id IS NOT NULL AND {_TOLD})",
        **dict(_topics(topics)),
        "tagging": "CASE WHEN v.tag_priority IS NULL THEN 'done' ELSE 'pending' END",
        "is_kle": f"coalesce(max(t.topic_id = {topics['key_leader_engagement']} AND t.decision = 'tagged'), 0)",
        **{f"metrics_{name}": f"p.{name}" for name in METRICS},
        "metrics_observed_at": "p.measured_at",
        "labels": _LABELS,
        "sightings": _SIGHTINGS,
        "rights_policy": _policy(),
        "rights_text_withheld": "0",
    }  # fmt: skip


def _topics(topics: Mapping[str, int]) -> Iterator[tuple[str, str]]:
    for slug, key in topics.items():
        yield f"topics_{slug}_probability", f"max(CASE WHEN t.topic_id = {key} THEN round(t.probability, 4) END)"
        yield f"topics_{slug}_decision", f"max(CASE WHEN t.topic_id = {key} THEN t.decision END)"


def _policy() -> str:
    """What was seen first hand alone, without wishes: the archive that is measured has nothing else."""
    table = terms.policies()
    rows = " ".join(f"WHEN '{name}' THEN '{row.share}'" for name, row in table.items() if name != "other")
    return f"CASE p.platform {rows} ELSE '{table['other'].share}' END"


def _tag() -> dict[str, str]:
    correction = {f"correction_{name}": found for name, found in _CORRECTION.items()}
    return {
        "id": _ID, "version": "v.number", "topic": "c.slug", "probability": "round(t.probability, 4)",
        "decision": "t.decision", "model": "m.digest", **_EVIDENCE, "by": _BY, **correction,
        "valid_from": "t.valid_from", "valid_to": "t.valid_to",
    }  # fmt: skip


def _version() -> dict[str, str]:
    own = ("number", "change", "links", "media", "seen_at", "digest", "text_sha256")
    merged = {f"merged_{name}": _if_merged(f"json_extract(v.facts, '$.merged.{name}')") for name in _MERGED}
    return {
        "id": _ID,
        **{name: f"v.{name}" for name in own},
        "text": "CASE WHEN v.erasure_id IS NULL THEN v.text END",
        "source": "s.name",
        "first_hand": "v.view > 0",
        "erased": "v.erasure_id IS NOT NULL",
        "erased_at": "e.at",
        "erased_cause": "e.cause",
        "capture_sha256": "c.sha256",
        "capture_fetched_at": "c.fetched_at",
        **merged,
    }


def _if_merged(found: str) -> str:
    """Without parsing the facts of a version that was seen here."""
    return f"CASE WHEN instr(v.facts, '\"merged\"') THEN {found} END"
