"""The tables of a release as an import sees them: the fields that it reads, and which of them hold no posts."""

from collections.abc import Collection

from core.errors import ParseError
from core.post import METRICS

FIELDS = {
    "posts": (
        "id", "platform", "platform_id", "url", "kind", "account", "text", "text_sha256", "lang", "created_at",
        "created_at_precision", "synthetic", "changed_at", "deleted_at", "media", "links", "tags", "repeats",
        "metrics", "labels", "sightings", "rights",
    ),
    "versions": (
        "id", "number", "change", "text", "links", "media", "seen_at", "first_hand", "digest",
        "text_sha256", "erased", "merged",
    ),
    "metrics": ("id", "observed_at", *METRICS),
}  # fmt: skip
_OTHERS = {
    "tags": {"id", "topic", "valid_from"},
    "versions": {"id", "number", "text_sha256"},
    "metrics": {"id", "observed_at", "likes"},
    "sightings": {"id", "first_hand", "seen_at"},
    "runs": {"source", "started_at", "outcome"},
}


def refuse_others(columns: Collection[str]) -> None:
    """Raises ParseError for a table of a release that holds no posts, with where those are."""
    there = set(columns)
    if "platform" in there or "platform_id" in there:
        return
    if table := next((name for name, needed in _OTHERS.items() if there >= needed), None):
        raise ParseError(
            f"this is the table {table} of a release; its posts are in the file posts beside it, and with the"
            " release's folder, its manifest.json or its zip what this table tells of them comes in too"
        )
