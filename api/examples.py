"""The examples of OpenAPI: one synthetic post of an invented office, and the answers around it."""

from typing import Any

DIGEST = "9f2c51d47c0e8ab3d1f06e5b7a42c98840cbb15e62a7f3d90e1d5c6b28f47a13"
POST: dict[str, Any] = {
    "id": "file:office.example/4711",
    "platform": "file",
    "platform_id": "office.example/4711",
    "url": "https://office.example/posts/4711",
    "kind": "post",
    "account": {
        "platform": "file",
        "handle": "@advisors.example",
        "name": "Example Advisory Office",
        "actor": "example-office",
    },
    "text": "Our advisors met the brigade's leaders today. Next on the list: one payroll for all units.",
    "lang": "en",
    "created_at": "2025-08-18T14:30:00Z",
    "created_at_precision": "second",
    "synthetic": True,
    "first_seen_at": "2025-08-18T14:36:12Z",
    "changed_at": "2025-08-18T14:36:12Z",
    "deleted_at": None,
    "seen_until": None,
    "media": [
        {
            "type": "image",
            "url": "https://office.example/media/1.jpg",
            "alt": "Two people at a table",
            "sha256": "6b1d2f0c9a374b5e8f60718293a4b5c6d7e8f90a1b2c3d4e5f60718293a4b5c6",
            "content_type": "image/jpeg",
            "size": 84213,
        }
    ],
    "links": ["https://office.example/reform"],
    "tags": [
        {
            "topic": "key_leader_engagement",
            "probability": 0.94,
            "decision": "tagged",
            "model": DIGEST,
            "evidence": {"start": 0, "end": 45},
            "by": "model",
            "correction": None,
        },
        {
            "topic": "reform",
            "probability": 1.0,
            "decision": "tagged",
            "model": None,
            "evidence": {"start": 46, "end": 90},
            "by": "person",
            "correction": {
                "name": "analyst",
                "key": 3,
                "note": "One payroll for all units is a condition of the memorandum.",
                "at": "2025-08-19T07:10:00Z",
                "version": 1,
                "text_changed": False,
            },
        },
    ],
    "is_kle": True,
    "versions": 1,
    "edits": 0,
    "repeats": None,
    "metrics": {
        "likes": 12,
        "reposts": 3,
        "replies": 0,
        "quotes": None,
        "views": None,
        "observed_at": "2025-08-18T14:36:12Z",
    },
    "labels": [],
    "sightings": [
        {
            "source": "example-file",
            "first_hand": True,
            "url": "https://office.example/posts/4711",
            "seen_at": "2025-08-18T14:36:12Z",
        }
    ],
    "rights": {"policy": "quotation", "text_withheld": False},
    "tagging": "done",
    "erasure": None,
}
FOUND: dict[str, Any] = {
    **POST,
    "snippet": {"text": POST["text"], "start": 0, "hits": [(4, 12), (21, 30)]},  # q=advisors brigade
}
SAID: dict[str, Any] = {"decision": "tagged", "note": POST["tags"][1]["correction"]["note"]}
ECHO: dict[str, Any] = {"overlap": 0.92, "relation": "copy", "after_seconds": 183, "at_least": 183, "at_most": 183}
VERSION: dict[str, Any] = {
    "number": 2,
    "change": "edit",
    "text": "Our advisors met the brigade's leaders today.",
    "links": [],
    "media": [],
    "seen_at": "2025-08-18T15:06:12Z",
    "source": "example-file",
    "first_hand": True,
    "digest": DIGEST,
    "text_sha256": DIGEST[::-1],
    "erased": False,
    "capture": {"sha256": DIGEST[::-1], "fetched_at": "2025-08-18T14:36:11Z"},
    "merged": None,
    "tags": [{**POST["tags"][0], "valid_from": "2025-08-18T15:06:14Z", "valid_to": None}],
    "diff": [
        {"op": "same", "text": "Our advisors met the brigade's leaders"},
        {"op": "removed", "text": " yesterday."},
        {"op": "added", "text": " today."},
    ],
    "attached": [{"op": "added", "what": "link", "url": "https://office.example/brigade"}],
}
COVERAGE: dict[str, Any] = {
    "from": "2025-08-01T00:00:00Z",
    "until": "2025-09-01T00:00:00Z",
    "complete": False,
    "note": "1 sources, 2966 good looks, 4 failed, 1 gaps: posts may be missing.",
    "sources": [
        {
            "source": "example-file",
            "runs": 2970,
            "ok": 2966,
            "failed": 4,
            "first_run_at": "2025-08-01T00:00:07Z",
            "last_ok_at": "2025-08-31T23:45:09Z",
            "gaps": [
                {
                    "from": "2025-08-09T02:00:00Z",
                    "until": "2025-08-09T03:00:00Z",
                    "reason": "office.example did not answer in 30 s",
                }
            ],
            "missed_pages": 0,
        }
    ],
}
RUN: dict[str, Any] = {
    "id": 812,
    "source": "example-file",
    "started_at": "2025-08-18T14:36:11Z",
    "finished_at": "2025-08-18T14:36:12Z",
    "outcome": "ok",
    "posts": 20,
    "posts_new": 1,
    "posts_changed": 0,
    "problems": 0,
    "error": None,
}
SOURCE: dict[str, Any] = {
    "name": "example-file",
    "kind": "file",
    "url": None,
    "actor": "example-office",
    "enabled": True,
    "verified": True,
    "synthetic": True,
    "every_seconds": 900,
    "next_due_at": "2025-08-18T14:51:12Z",
    "failures": 0,
    "last_run": {name: value for name, value in RUN.items() if name != "source"},
    "last_ok_at": "2025-08-18T14:36:12Z",
    "volume": {"alarm": None, "last_day": 7, "usual": 6.0, "least": 0.0, "most": 15.8, "silent_days": 0},
    "pages": None,
    "media": {"waiting": 0, "fetched": 31, "given_up": 1},
    "keep": {
        "keep_seconds": 31536000,
        "posts": 2,
        "oldest": "2024-08-17T09:12:00Z",
        "from": "2025-08-19T06:00:00Z",
    },
    "erase_deleted": False,
}
CHANGE: dict[str, Any] = {
    "seq": 128,
    "change": "retagged",
    "at": "2025-08-18T14:31:12Z",
    "id": POST["id"],
    "other_ids": [],
    "version": 1,
    "topics": {"added": ["key_leader_engagement", "reform"], "unsure": [], "removed": []},
    "post": POST,
}
AUDIT: dict[str, Any] = {
    "line": 41,
    "at": "2025-08-18T14:20:00Z",
    "kind": "key",
    "subject": "key/3",
    "detail": {"did": "issued", "name": "dashboard", "scopes": ["read"]},
    "digest": DIGEST,
}
DRIFT: dict[str, Any] = {
    "source": "example-file",
    "last_week": "2025-08-11T00:00:00Z",
    "shares": [
        {"of": "unsure", "posts": 48, "share": 0.1042, "least": 0.0, "most": 0.2292, "alarm": None},
        {"of": "topic:reform", "posts": 48, "share": 0.375, "least": 0.0, "most": 0.2708, "alarm": "high"},
    ],
    "weeks": [
        {"start": "2025-08-04T00:00:00Z", "posts": 51, "unsure": 6, "topics": {"reform": 5}},
        {"start": "2025-08-11T00:00:00Z", "posts": 48, "unsure": 5, "topics": {"reform": 18}},
    ],
}
REFERENCE: dict[str, Any] = {
    "slug": "quarterly-inspector-general-report",
    "title": "Quarterly inspector-general report to the U.S. Congress",
    "date": "2025-07-29",
    "date_precision": "day",
    "url": None,
    "note": None,
    "figures": {"peshmerga_under_mopa": 72000, "as_of": "2025-05", "expected_under_mou": 138000},
    "verified": False,
}
PROBLEM: dict[str, Any] = {
    "type": "urn:kle:problem:invalid-query",
    "title": "Invalid query",
    "status": 422,
    "detail": "the phrase that begins here has no closing quotation mark",
    "instance": "/api/v1/posts",
    "position": 9,
    "expected": ['"'],
}
CAPTURE: dict[str, Any] = {
    "id": 17,
    "url": "https://office.example/posts/4711",
    "fetched_at": "2025-08-18T14:36:11.204153Z",
    "status": 200,
    "headers": {
        "content-type": "text/plain; charset=utf-8",
        "date": "Mon, 18 Aug 2025 14:36:11 GMT",
        "etag": '"4711-1"',
        ":peer": "203.0.113.7",
        ":hops": "301 https://www.office.example/4711",
    },
    "sha256": "621757429b20346737535ea87a00e023b02197e42d1a8b2d3c4ce3ac05898e72",
    "size": 46,
    "tool": "kle-monitor/0.1.0",
    "digest": DIGEST,
    "source": "office",
    "version": 1,
    "erased": False,
    "encoding": "utf-8",
    "body": "Our advisors met the brigade's leaders today.\n",
}
CHANNEL: dict[str, Any] = {
    "subscription": 5,
    "kind": "webhook",
    "shown": "https://hooks.example/kle",
    "state": "active",
    "asked_at": "2025-08-18T14:00:00Z",
    "confirmed_at": "2025-08-18T14:00:00Z",
    "failing_since": None,
    "paused_at": None,
    "signed": True,
}
ALERT: dict[str, Any] = {
    "id": 3,
    "name": "Reform and the ministry",
    "query": "topic:reform peshmerga",
    "cadence": "daily 07:00 Europe/Berlin",
    "quiet": None,
    "lang": "en",
    "edits": False,
    "max_age": "7d",
    "rule": {"kind": "posts", "count": None, "within": None},
    "owner": "analyst",
    "declared": False,
    "made_at": "2025-08-18T14:00:00Z",
    "paused_at": None,
    "channels": [CHANNEL],
    "waiting": 2,
    "last_sent_at": "2025-08-19T05:00:01Z",
}
MADE_ALERT: dict[str, Any] = {
    **ALERT,
    "channels": [{**CHANNEL, "secret": "whsec_c2FtcGxlIHNlY3JldCBvZiB0aGUgZXhhbXBsZQ=="}],
    "waiting": 0,
    "last_sent_at": None,
}
DELIVERY: dict[str, Any] = {
    "id": 41,
    "key": "msg_4f1c0b7a9d2e",
    "kind": "posts",
    "channel": {"kind": "webhook", "shown": "https://hooks.example/kle"},
    "made_at": "2025-08-19T05:00:00Z",
    "ended_at": "2025-08-19T05:00:32Z",
    "state": "sent",
    "next_try_at": None,
    "posts": [POST["id"]],
    "answer": "accepted",
    "attempts": [
        {"at": "2025-08-19T05:00:01Z", "seconds": 0.2, "outcome": "failed", "status": 503, "answer": "try later"},
        {"at": "2025-08-19T05:00:32Z", "seconds": 0.1, "outcome": "sent", "status": 202, "answer": "accepted"},
    ],
}
MATCHED: dict[str, Any] = {
    **POST,
    "page": "https://kle.example/posts/file:office.example/4711",
    "edited": False,
    "reasons": [
        {
            "alert": {"id": 3, "name": "Reform and the ministry"},
            "kind": "words",
            "words": "payroll",
            "text": "Its text has the words payroll.",
        }
    ],
}
EXPORT_REQUEST: dict[str, Any] = {"query": "topic:reform since:2025-01-01", "format": "parquet"}
EXPORT: dict[str, Any] = {
    "id": 5,
    "state": "done",
    "query": "topic:reform since:2025-01-01",
    "format": "parquet",
    "as_of": "2025-09-01T00:00:00Z",
    "audience": "public",
    "tables": [],
    "columns": [],
    "bom": False,
    "raw": False,
    "pseudonymise": False,
    "sample": None,
    "owner": "analyst",
    "asked_at": "2025-09-02T09:00:00Z",
    "progress": {"posts": 812, "of": 812, "anew": False},
    "finished_at": "2025-09-02T09:00:04Z",
    "expires_at": "2025-10-02T09:00:04Z",
    "error": None,
    "withdrawn_at": None,
    "why": None,
    "bytes": 402113,
    "files": [{"path": "posts.parquet", "rows": 812, "bytes": 211904, "sha256": DIGEST}],
    "zip": {"path": "kle-export-5.zip", "bytes": 190209, "sha256": DIGEST[::-1]},
    "withheld": [
        {
            "platform": "x",
            "policy": "ids",
            "posts": 97,
            "fields": ["text", "media.alt"],
            "why": "X lets ids be passed on, and no texts.",
        }
    ],
    "manifest": {"release": 1, "counts": {"posts": 812, "tags": 1934}},
    "citation": "Operator of this kle-monitor archive. (2025). Public posts on Key Leader Engagements:"
    " topic:reform since:2025-01-01 (Version 2025-09-01T00:00:00Z-9f2c51d47c0e) [Data set].",
    "command": "kle export 'topic:reform since:2025-01-01' --format parquet --out DIR"
    " --as-of 2025-09-01T00:00:00Z --audience public",
}
