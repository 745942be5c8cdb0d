"""Folders that stand for the files of posts in them: a release of the project, an archive of X or of Mastodon."""

from pathlib import Path
from typing import Any

import orjson

from core.errors import BadRequest

_MANIFEST = "manifest.json"
_RELEASE = ("posts.jsonl", "posts.csv")
_ARCHIVES = ("tweets.js", "tweets-part*.js", "tweet.js", "tweet-part*.js", "community-tweet*.js", "note-tweet*.js",
             "outbox.json")  # fmt: skip


def files(path: Path) -> list[Path]:
    """The file itself, or what a folder or a release's manifest.json stands for. Raises BadRequest."""
    if path.is_dir():
        return _inside(path)
    return _release(path.parent) if path.name == _MANIFEST and _is_release(path) else [path]


def _inside(folder: Path) -> list[Path]:
    if _is_release(folder / _MANIFEST):
        return _release(folder)
    for place in (folder, folder / "data"):
        if found := [file for pattern in _ARCHIVES for file in sorted(place.glob(pattern))]:
            return found
    raise BadRequest(f"{folder} is no release and no unpacked archive of X or Mastodon; name files instead")


def _release(folder: Path) -> list[Path]:
    if found := [file for name in _RELEASE if (file := folder / name).is_file()]:
        return found[:1]
    raise BadRequest(f"the release {folder} has neither {' nor '.join(_RELEASE)}; export it as csv or jsonl")


def _is_release(manifest: Path) -> bool:
    try:
        known: Any = orjson.loads(manifest.read_bytes())
    except (OSError, orjson.JSONDecodeError):
        return False
    return isinstance(known, dict) and isinstance(known.get("software"), dict) and "format" in known
