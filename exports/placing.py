"""Where a release goes: written beside its place and moved there at the end, so that a failed export leaves nothing
under its name, and a former release stays until the new one is whole."""

import errno
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import orjson

from core.errors import BadRequest, NoRoom
from core.version import SOFTWARE
from exports.opened import MANIFEST

_FULL = (errno.ENOSPC, errno.EDQUOT)


def refuse_if_in_use(out: Path, force: bool) -> None:
    """A folder that is not empty is refused; with `force` a former release gives way, anything else never does."""
    if not out.exists() or (out.is_dir() and not any(out.iterdir())):
        return
    if not _is_release(out):
        raise BadRequest(f"{out} is there and is no release; name a folder that is empty or not there yet")
    if not force:
        raise BadRequest(f"{out} holds a release already; --force replaces it")


def refuse_if_there(file: Path) -> None:
    """A zip beside the folder may be of something else by that name."""
    if file.exists():
        raise BadRequest(f"{file} is there already; --force replaces it")


def _is_release(folder: Path) -> bool:
    try:
        manifest = orjson.loads((folder / MANIFEST).read_bytes())
    except (OSError, orjson.JSONDecodeError):
        return False
    return isinstance(manifest, dict) and manifest.get("software", {}).get("name") == SOFTWARE


@contextmanager
def moved_at_the_end(out: Path) -> Iterator[Path]:
    """A new folder beside `out` that takes its name if all goes well, and is gone if not. Raises NoRoom, or
    BadRequest where it cannot be written for another reason."""
    place = out.absolute()
    beside, former = place.with_name(f".{place.name}.unfinished"), place.with_name(f".{place.name}.former")
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        for left in (beside, former):
            shutil.rmtree(left, ignore_errors=True)
        beside.mkdir()
        yield beside
        if place.exists():
            place.rename(former)
        beside.rename(place)
    except OSError as error:
        raise _said(out, error) from None
    finally:
        if former.exists() and not place.exists():
            former.rename(place)
        for left in (beside, former):
            shutil.rmtree(left, ignore_errors=True)


def _said(out: Path, error: OSError) -> BadRequest | NoRoom:
    if error.errno in _FULL:
        return NoRoom(f"{out} cannot be written: no room is left where it lies; nothing stands under its name")
    return BadRequest(f"{out} cannot be written: {error.strerror or error}")
