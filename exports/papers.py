"""The papers beside the tables: the manifest's heading, README, codebook; only what is true of this release."""

from collections.abc import Iterable, Sequence
from typing import Any

from core.version import SOFTWARE, version
from exports import tables


def heading(query: str, format_: str, audience: str, as_of: str | None) -> dict[str, Any]:
    return {"software": software(), "query": query, "as_of": as_of, "format": format_, "audience": audience}


def software() -> dict[str, str]:
    return {"name": SOFTWARE, "version": version()}


def readme(manifest: dict[str, Any]) -> str:
    counts, suffix = manifest["counts"], manifest["format"]
    parts = [
        "# Posts on Key Leader Engagements: a release",
        f"Query: `{manifest['query'] or 'everything'}`. Audience: {manifest['audience']}. Made by {SOFTWARE}"
        f" {manifest['software']['version']}.",
        *_moment(manifest["as_of"]),
        _table(
            ("file", "rows", "holds"),
            (
                (f"posts.{suffix}", counts["posts"], "one row a post, as its newest version is"),
                (f"tags.{suffix}", counts["tags"], "one row a decision on a version and a topic"),
                (f"versions.{suffix}", counts["versions"], "one row a version that was seen"),
            ),
        ),
        "`codebook.md` says what each column and topic means. `manifest.json` holds the query, the counts, the"
        " digests of the files and of the models"
        + (", and where the archive's ledger stood." if manifest["archive"] else "."),
        *_samples(counts["synthetic"]),
        "## What was withheld",
        *_withheld(manifest["withheld"]),
        "## Reading it",
        f"```python\nimport pandas\n\nposts = {_reader(suffix)}\n```",
    ]
    return "\n\n".join(parts) + "\n"


def _moment(as_of: str | None) -> list[str]:
    if as_of is None:
        return []
    return [f"As of {as_of}: posts, versions and tags as the archive knew them then. Ids, accounts' names and what"
            " the terms let leave are those of the day on which it was built."]  # fmt: skip


def _samples(count: int) -> list[str]:
    return [f"{count} of the posts are sample data (`synthetic`): nobody published them."] if count else []


def _withheld(entries: Sequence[dict[str, Any]]) -> list[str]:
    if not entries:
        return ["Nothing."]
    rows = ((e["platform"], e["policy"], e["posts"], e["why"]) for e in entries)
    table = _table(("platform", "may be shared", "posts without text", "why"), rows)
    return [table, "A withheld text can be looked up by the post's id or url at its platform, or by its operator."]


def _reader(suffix: str) -> str:
    if suffix == "csv":
        return 'pandas.read_csv("posts.csv", parse_dates=["created_at"])'
    return f'pandas.read_json("posts.{suffix}", lines=True)'


def codebook(topics: Iterable[dict[str, Any]]) -> str:
    parts = ["# Codebook", "Times are RFC 3339 in UTC. In CSV nested names are joined by `_`."]
    for name, columns in tables.ALL.items():
        rows = ((f"`{column.replace('.', '_')}`", meaning) for column, meaning in columns.items())
        parts += [f"## {name}", _table(("column", "meaning"), rows)]
    parts += [
        "## Topics",
        "A topic holds by what the text says. `tagged` is at or above the topic's threshold, `unsure` close below"
        " it; what was found not to hold has no row, unless a person said so (`by`).",
        *(f"**{topic['slug']}** ({topic['name']}): {topic['definition']}" for topic in topics),
    ]
    return "\n\n".join(parts) + "\n"


def _table(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    lines = [columns, ["---"] * len(columns), *rows]
    return "\n".join("| " + " | ".join(str(cell) for cell in line) + " |" for line in lines)
