"""Files of the operator's own disk as pages: only what a source's `path` names, only what has changed."""

import hashlib
import mimetypes
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from core import times
from core.errors import Refused
from core.page import FILE, Page

_TYPES = {".jsonl": "application/x-ndjson", ".ndjson": "application/x-ndjson", ".txt": "text/plain",
          ".rss": "application/rss+xml", ".atom": "application/atom+xml", ".htm": "text/html"}  # fmt: skip
_BLOCK = 1 << 20
TOOL = "file"


def find(base: Path, pattern: str) -> list[Path]:
    """The files that `pattern` names, sorted. Raises Refused where there are none."""
    whole = Path(pattern).expanduser()
    root, relative = (Path(whole.anchor), whole.relative_to(whole.anchor)) if whole.is_absolute() else (base, whole)
    exact = root / relative
    found = [exact] if exact.is_file() else sorted(p for p in root.glob(str(relative)) if p.is_file())
    if not found:
        raise Refused(f"no file matches path = {pattern!r} (looked in {root}); paths start where kle.toml lies")
    return found


def read(path: Path, url: str = "", limit: int | None = None) -> Page:
    """One whole file as a page; `limit` in bytes. Raises Refused where it cannot be read."""
    try:
        if limit is not None and path.stat().st_size > limit:
            raise Refused(f"{path} is larger than {limit:,} bytes; raise KLE_FETCH_MAX_BYTES if that is right")
        body = path.read_bytes()
    except OSError as error:
        raise Refused(f"{path} cannot be read: {error.strerror}") from None
    headers = {"content-type": content_type(path), FILE: path.name}
    return Page(url=url, body=body, fetched_at=times.now(), status=None, headers=headers, tool=TOOL)


def content_type(path: Path) -> str:
    suffix = path.suffix.lower()
    return _TYPES.get(suffix) or mimetypes.guess_type(path.name)[0] or "application/octet-stream"


def changed(paths: list[Path], base: Path, state: dict[str, Any]) -> Iterator[tuple[Path, dict[str, Any]]]:
    """Each file whose content differs from what `state` has seen, with the state that says it was read."""
    known = state.get("files", {})
    for path in paths:
        name = path.relative_to(base).as_posix() if path.is_relative_to(base) else path.as_posix()
        digest = _digest(path)
        if known.get(name) != digest:
            yield path, {"files": {name: digest}}


def _digest(path: Path) -> str:
    total = hashlib.sha256()
    try:
        with path.open("rb") as file:
            while block := file.read(_BLOCK):
                total.update(block)
    except OSError as error:
        raise Refused(f"{path} cannot be read: {error.strerror}") from None
    return total.hexdigest()
