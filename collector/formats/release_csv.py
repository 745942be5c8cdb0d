"""posts.csv of one of the project's own releases: the API's names, nested ones joined by `_`, lists as JSON.

(posts.jsonl of a release is the post form as it is.) A row whose text was withheld is refused with that reason.
Whether cells were made harmless for spreadsheets is told by the manifest beside the file; without one by its
columns, since releases of before that were none of theirs and name no text_sha256.
"""

from collections.abc import Callable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from collector.formats import _cells
from collector.formats._reading import About
from collector.formats._release_tables import FIELDS, refuse_others
from collector.formats._start import Start
from collector.releases import opened
from core import post as posts
from core.post import SeenPost

_NEEDED = frozenset({"platform", "platform_id", "account_handle"})
_BEFORE = frozenset({"rights_text_withheld", "sightings", "tagging"})  # columns of every release of before
RAW = "raw"


def looks_like(start: Start) -> bool:
    """Raises ParseError for the other tables of a release."""
    if start.shape != "table":
        return False
    refuse_others(start.columns)
    return set(start.columns) >= _NEEDED


def beside(path: Path, account: str) -> Callable[[bytes, bool], dict[str, Any]]:
    manifest = opened.said(path.with_name(opened.MANIFEST))
    raw = opened.is_raw(manifest) if opened.is_manifest(manifest) else None
    return lambda body, first: {} if raw is None else {RAW: raw}


def read(row: Mapping[str, str], about: About) -> SeenPost:
    raw = about.beside.get(RAW)
    names = tuple(row)
    return posts.from_json(_reader(names, _of_before(names) if raw is None else raw)(list(row.values())))


@lru_cache(64)
def _reader(names: tuple[str, ...], raw: bool) -> Callable[[Any], dict[str, Any]]:
    return _cells.reader(names, FIELDS["posts"], raw=raw)


def _of_before(names: tuple[str, ...]) -> bool:
    return "text_sha256" not in names and set(names) >= _BEFORE
