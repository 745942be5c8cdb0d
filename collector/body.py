"""Reading a response's body within bounds of size and time, unpacked bit by bit so that no bomb goes off."""

import time
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from core.errors import FetchError, Refused

ACCEPTED = "gzip, deflate"
_STEP = 1 << 18
_PART = b"\x1f"  # what begins a gzip, and any further part of it


@dataclass(frozen=True, slots=True)
class Limit:
    """How large a response may be, and the setting that says so."""

    bytes: int
    knob: str = "KLE_FETCH_MAX_BYTES"

    def __str__(self) -> str:
        return f"{self.bytes:,} bytes; raise {self.knob} if that is right"


def read(chunks: Iterable[bytes], encoding: str, limit: Limit, deadline: float,
         clock: Callable[[], float] = time.monotonic) -> bytes:  # fmt: skip
    """The whole body. Raises Refused above `limit`, FetchError past `deadline` (on `clock`)."""
    kept: list[bytes] = []
    size = 0
    for piece in _unpacked(chunks, encoding.strip().lower()):
        size += len(piece)
        if size > limit.bytes:
            raise Refused(f"the response is larger than {limit}")
        if clock() > deadline:
            raise FetchError("the response came too slowly; raise KLE_FETCH_TIMEOUT if the site is just slow")
        kept.append(piece)
    return b"".join(kept)


def _unpacked(chunks: Iterable[bytes], encoding: str) -> Iterator[bytes]:
    if encoding in ("", "identity"):
        yield from chunks
    elif encoding in ("gzip", "x-gzip", "deflate"):
        yield from _inflated(chunks, gzip=encoding != "deflate")
    else:
        raise Refused(f"the server packs its answer as {encoding!r}, which was not asked for")


def _inflated(chunks: Iterable[bytes], *, gzip: bool) -> Iterator[bytes]:
    """A gzip may have several parts; what follows the last one is nobody's, and is not read."""
    inflate = None
    for chunk in filter(None, chunks):
        waiting = chunk
        while waiting:
            if inflate is None or inflate.eof:
                if inflate and not (gzip and waiting.startswith(_PART)):
                    return
                inflate = _inflater(waiting, gzip=gzip)
            try:
                piece = inflate.decompress(waiting, _STEP)
            except zlib.error as error:
                raise FetchError(f"the packed answer is damaged ({error})") from None
            yield piece
            waiting = inflate.unused_data if inflate.eof else inflate.unconsumed_tail
    if inflate and not inflate.eof:
        yield inflate.flush()
        raise FetchError("the packed answer breaks off before its end")


def _inflater(first: bytes, *, gzip: bool) -> "zlib._Decompress":
    if gzip:
        return zlib.decompressobj(16 + zlib.MAX_WBITS)
    raw = first[0] & 0x0F != 8  # many servers send "deflate" without the zlib header that it should have
    return zlib.decompressobj(-zlib.MAX_WBITS if raw else zlib.MAX_WBITS)
