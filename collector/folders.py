"""Folders that stand for the files of posts in them: a release of the project, an archive of X or of Mastodon."""

from pathlib import Path

from collector.releases import opened
from core.errors import BadRequest

_RELEASE = ("posts.jsonl", "posts.csv", "posts.parquet")
_ARCHIVES = ("tweets.js", "tweets-part*.js", "tweet.js", "tweet-part*.js", "community-tweet*.js", "note-tweet*.js",
             "outbox.json")  # fmt: skip


def files(path: Path) -> list[Path]:
    """The file itself, or what a folder or a release's manifest.json stands for: a release with history is read by
    its manifest. Raises BadRequest."""
    if path.is_dir():
        return _inside(path)
    return _release(path.parent) if path.name == opened.MANIFEST and _is_release(path) else [path]


def _inside(folder: Path) -> list[Path]:
    if _is_release(folder / opened.MANIFEST):
        return _release(folder)
    for place in (folder, folder / "data"):
        if found := [file for pattern in _ARCHIVES for file in sorted(place.glob(pattern))]:
            return found
    raise BadRequest(f"{folder} is no release and no unpacked archive of X or Mastodon; name files instead")


def _release(folder: Path) -> list[Path]:
    found = [file for name in _RELEASE if (file := folder / name).is_file()]
    if not found:
        raise BadRequest(f"the release {folder} has none of {', '.join(_RELEASE)}: export it with its table posts")
    manifest = folder / opened.MANIFEST
    return [manifest] if "release" in opened.said(manifest) else found[:1]


def _is_release(manifest: Path) -> bool:
    return opened.is_manifest(opened.said(manifest))
