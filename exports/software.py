"""Which program made a release: its version, and a digest of the sources that decide what is in it."""

import hashlib
from functools import cache
from pathlib import Path

from core.version import SOFTWARE, version

_PARTS = ("core", "db", "exports")
_KINDS = (".py", ".toml", ".lark")


@cache
def software() -> dict[str, str]:
    """{"name", "version", "sha256"}: two checkouts of one version differ in the digest."""
    home, digest = Path(__file__).parents[1], hashlib.sha256()
    files = (file for part in _PARTS for file in (home / part).rglob("*") if file.suffix in _KINDS)
    for file in sorted(files, key=lambda file: file.relative_to(home).as_posix()):
        digest.update(f"{file.relative_to(home).as_posix()}\n".encode())
        digest.update(hashlib.sha256(file.read_bytes()).digest())
    return {"name": SOFTWARE, "version": version(), "sha256": digest.hexdigest()}
