"""Files of posts, in any of the formats of collector/formats: told by what is in them, never by their names.

[[source]] kind = "file": `path`, a file or pattern beside kle.toml; `format` where it should not be told by itself;
`account` whose archive it is, where the file does not say. Large files come in slices cut where a record ends, so
that none is held in memory whole. `synthetic` is each record's own.
"""

import gzip
import io
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, cast

import orjson
from pydantic import Field, field_validator

from collector import local
from collector.fetch import Fetcher, tool
from collector.formats import _cut, _reading
from collector.formats._cut import GZIP, Slice
from collector.formats._reading import About
from collector.formats._start import Start, sniff
from collector.releases import opened, pages
from collector.target import Options
from core import times
from core.errors import ParseError
from core.page import FILE, Page
from core.post import Problem, SeenPost

AUTO = _reading.AUTO
FORMAT, DONE, MISSING = "x-format", "x-read-to", "x-missing"  # a slice's format; bytes of its file read so far
_SHAPE, _FIRST, _LAST = "x-shape", "x-first", "x-last"
_COLUMNS, _DELIMITER = "x-columns", "x-delimiter"
_ACCOUNT, _BESIDE = "x-account", "x-beside"  # whose archive it is; what stood beside the file
_PROFILE = re.compile(r"https?://(?:www\.|mobile\.)?(?:twitter|x)\.com/@?(\w{1,20})/?")
_BOM = b"\xef\xbb\xbf"


class Target(Options):
    path: str = Field(min_length=1)
    format: str = AUTO
    account: str = ""

    @field_validator("format")
    @classmethod
    def _known(cls, value: str) -> str:
        if value != AUTO and value not in formats():
            raise ValueError(f"is no format; there are {AUTO}, {', '.join(formats())}")
        return value


def formats() -> list[str]:
    return _reading.names()


def fetch(target: Target, fetcher: Fetcher, state: dict[str, Any]) -> Iterator[Page]:
    """Changed files, slice by slice; a file counts as read with its last slice."""
    paths = local.find(fetcher.base_dir, target.path)
    for path, new_state in local.changed(paths, fetcher.base_dir, state):
        yield from slices(path, new_state, target.format, target.account)


def slices(
    path: Path, state: dict[str, Any] | None = None, format_: str = AUTO, account: str = "", *, url: str = ""
) -> Iterator[Page]:
    """One file as pages of some megabytes; the last one carries `state`. Raises Refused, ParseError.

    `url` is the profile that an archive stands for; the header MISSING says what nobody could tell about it. A
    release is read as a whole, by its manifest or its zip.
    """
    if found := _of_release(path, state or {}, format_):
        yield from found
        return
    with _cut.opened(path) as (file, tell):
        head, start = _cut.begin(file)
        if not head.strip():
            return
        name = _reading.told(start, format_)
        beside = _beside(name, path, account or _handle(url))
        for piece in _cut.cut(file, head, start, tell, str(path)):
            around = beside(piece.body, piece.first == 1)
            headers = _headers(piece, start, name, account, around)
            kept = (state or {}) if piece.last else {}
            told = headers | {FILE: path.name}
            yield Page(url, piece.body, times.now(), None, told, tool(), kept)


def _of_release(path: Path, state: dict[str, Any], format_: str) -> Iterator[Page] | None:
    """The pages of a release, or of a Parquet file; None for any other file."""
    if release := opened.at(path):
        if format_ not in (AUTO, pages.FORMAT):
            raise ParseError(f"{path} is a release, which is read as it is: leave --format {format_} out")
        return map(partial(_page, path, state), pages.of_release(release))
    if pages.is_parquet(path):
        return map(partial(_page, path, state), pages.of_parquet(path))
    return None


def _page(path: Path, state: dict[str, Any], piece: pages.Slice) -> Page:
    headers = {FORMAT: piece.format, _SHAPE: "lines", _FIRST: str(piece.first), DONE: str(piece.done)}
    headers |= {FILE: path.name} | ({_LAST: "true"} if piece.last else {})
    if piece.missing:
        headers[MISSING] = piece.missing
    return Page("", piece.body, times.now(), None, headers, tool(), state if piece.last else {})


def size(path: Path) -> int:
    """How many bytes there are to be read."""
    release = opened.at(path)
    return pages.size(release) if release else path.stat().st_size


def _handle(url: str) -> str:
    profile = _PROFILE.fullmatch(url)
    return profile[1] if profile else ""


def _beside(name: str, path: Path, account: str) -> Callable[[bytes, bool], dict[str, Any]]:
    """What the format finds beside the file for each slice; nothing where one file says it all."""
    looks = getattr(_reading.one(name), "beside", None)
    return cast(Callable[[bytes, bool], dict[str, Any]], looks(path, account)) if looks else lambda body, first: {}


def _headers(piece: Slice, start: Start, name: str, account: str, beside: dict[str, Any]) -> dict[str, str]:
    """What parse cannot see in a slice alone."""
    found = {FORMAT: name, DONE: str(piece.done), _SHAPE: start.shape, _FIRST: str(piece.first)}
    if piece.last:
        found[_LAST] = "true"
    if start.shape == "table":
        found |= {_COLUMNS: orjson.dumps(start.columns).decode(), _DELIMITER: start.delimiter}
    if account:
        found[_ACCOUNT] = account
    if missing := beside.pop("missing", None):
        found[MISSING] = missing
    return found | ({_BESIDE: orjson.dumps(beside).decode()} if beside else {})


def parse(page: Page) -> Iterator[SeenPost | Problem]:
    """A post or a problem for each record. Raises ParseError where there is no record at all."""
    if page.body.startswith(GZIP):
        yield from _packed(page)
        return
    body = _cut.recoded(page.body).removeprefix(_BOM)
    if not body.strip():
        return
    _cut.refuse_foreign(body)
    headers = page.headers
    start = _sliced(headers) if _SHAPE in headers else sniff(body)
    name = headers.get(FORMAT) or _reading.told(start)
    last = _SHAPE not in headers or _LAST in headers
    found = _reading.records(body, start, int(headers.get(_FIRST, "1")), last)
    yield from _reading.posts(found, _reading.one(name), _about(page))


def _sliced(headers: dict[str, str]) -> Start:
    columns = tuple(orjson.loads(headers.get(_COLUMNS, "[]")))
    return Start(cast(Any, headers[_SHAPE]), columns=columns, delimiter=headers.get(_DELIMITER, ","))


def _about(page: Page) -> About:
    """`page.url`, where somebody gave one, is the profile that an archive stands for."""
    account = page.headers.get(_ACCOUNT) or _handle(page.url)
    return About(page.fetched_at, account.lstrip("@"), orjson.loads(page.headers.get(_BESIDE, "{}")))


def _packed(page: Page) -> Iterator[SeenPost | Problem]:
    """A packed file that came as one page."""
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(page.body)) as packed:
            file = cast(Any, packed)
            head, start = _cut.begin(file)
            name = _reading.told(start) if head.strip() else ""
            for piece in _cut.cut(file, head, start, lambda: 0, "this file"):
                headers = page.headers | _headers(piece, start, name, page.headers.get(_ACCOUNT, ""), {})
                yield from parse(replace(page, body=piece.body, headers=headers))
    except _cut.DAMAGED as error:
        raise ParseError(f"this gzip file is damaged: {error}") from None
