"""Where a release goes, and its zip beside it: written beside their places and moved there at the end, so that a
failed export leaves nothing under their names, and a former release stays until the new one is whole."""

import errno
import fcntl
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import orjson

from core.errors import BadRequest, NoRoom
from core.version import SOFTWARE
from exports.opened import MANIFEST

_FULL = (errno.ENOSPC, errno.EDQUOT)
_LOCK = ".lock"


def packed(folder: Path) -> Path:
    """The zip of a release, which lies beside it."""
    return folder.with_name(f"{folder.name}.zip")


def _refuse_if_in_use(out: Path, force: bool, zipped: bool) -> None:
    """A folder that is not empty is refused; with `force` a former release and its zip give way, anything else
    never does."""
    if zipped and packed(out).is_dir():
        raise BadRequest(f"{packed(out)} is a folder, and the zip would have that name; name another folder")
    if zipped and not force and packed(out).exists():
        raise BadRequest(f"{packed(out)} is there already; --force replaces it")
    if not out.exists() or (out.is_dir() and not any(out.iterdir())):
        return
    if not _is_release(out):
        raise BadRequest(f"{out} is there and is no release; name a folder that is empty or not there yet")
    if not force:
        raise BadRequest(f"{out} holds a release already; --force replaces it")


def _is_release(folder: Path) -> bool:
    try:
        manifest = orjson.loads((folder / MANIFEST).read_bytes())
    except (OSError, orjson.JSONDecodeError):
        return False
    maker = manifest.get("software") if isinstance(manifest, dict) else None
    return isinstance(maker, dict) and maker.get("name") == SOFTWARE


@contextmanager
def moved_at_the_end(out: Path, force: bool, zipped: bool) -> Iterator[Path]:
    """A new folder beside `out` that takes its name if all goes well, and is gone if not; with it what lies at
    `packed` of it. One process at a time: what a killed one left goes. Raises NoRoom, or BadRequest where it cannot
    be written for another reason."""
    _refuse_if_in_use(out, force, zipped)
    place = out.absolute()
    beside = place.with_name(f".{place.name}.unfinished")
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        with _alone(out, beside):
            try:
                yield beside
                _refuse_if_in_use(out, force, zipped)  # somebody else may have put something there meanwhile
                _take_its_name(beside, place)
            finally:
                shutil.rmtree(beside, ignore_errors=True)
                packed(beside).unlink(missing_ok=True)
    except OSError as error:
        raise _said(out, error) from None


def _take_its_name(beside: Path, place: Path) -> None:
    former = place.with_name(f".{place.name}.former")
    shutil.rmtree(former, ignore_errors=True)
    (beside / _LOCK).unlink()
    if place.exists():
        place.rename(former)
    try:
        beside.rename(place)
    except OSError:
        if former.exists():
            former.rename(place)
        raise
    if packed(beside).exists():
        packed(beside).replace(packed(place))
    shutil.rmtree(former, ignore_errors=True)


@contextmanager
def _alone(out: Path, beside: Path) -> Iterator[None]:
    """The folder, empty, and held by a lock that ends with its process."""
    beside.mkdir(exist_ok=True)
    with (beside / _LOCK).open("ab") as held:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise BadRequest(
                f"another export is writing {out} at this moment: wait until it is done, or name another folder"
            ) from None
        for left in (*beside.iterdir(), packed(beside)):
            if left.name != _LOCK:
                left.unlink(missing_ok=True)
        yield


def _said(out: Path, error: OSError) -> BadRequest | NoRoom:
    if error.errno in _FULL:
        return NoRoom(f"{out} cannot be written: no room is left where it lies; nothing stands under its name")
    return BadRequest(f"{out} cannot be written: {error.strerror or error}")
