"""Posts of X that stand in plain text, found by the signature that X puts under each.

Two layouts: the post and then its signature; and what a text extractor leaves of a post with line breaks, whose
first paragraph stands before the signature and whose rest, up to its picture link, stands behind.
"""

import re
from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import NamedTuple

from collector.platforms import _signature, _x
from collector.platforms._signature import Signature
from core.post import Problem, SeenPost

_ENDS_POST = re.compile(r"(?:pic\.(?:twitter|x)\.com/\w+|https?://t\.co/\w+)[\s\"”]*$|…$")
_ONLY_TAIL = re.compile(r"^(?:\s*(?:pic\.(?:twitter|x)\.com/\w+|https?://\S+|[#@]\w+))+\s*$")
_LINK = re.compile(r"https?://[^\s\"”)]+|pic\.(?:twitter|x)\.com/\w+")
_LONGEST = 290  # characters beside its links that an embed shows of a post
_LINES_BEHIND = 8
Known = Mapping[tuple[str, str], str]  # (handle, date as shown) -> status id, from the page's links


class _Line(NamedTuple):
    text: str
    gap: bool  # a blank line stands before it


def find(text: str, page_url: str, known: Known | None = None) -> Iterator[SeenPost | Problem]:
    """Every signed post, in order; with its id where a link of the page is known to end its signature."""
    rows = _lines(text)
    gaps_tell = any(row.gap for row in rows[1:]) and not all(row.gap for row in rows[1:])
    signatures = {i: s for i, row in enumerate(rows) if (s := _signature.whole_line(row.text))}
    taken = -1  # the last line that an earlier post has
    for at, following in pairwise([*signatures, len(rows)]):
        signature = signatures[at]
        own = rows[at].text[: signature.start].strip()
        # the line before the next signature is that one's
        end = following - 1 if following < len(rows) and signatures[following].start == 0 else following
        parts, taken = _parts(rows, at, own, range(taken + 1, at), range(at + 1, end), gaps_tell)
        post = _post(parts, signature, page_url, known or {})
        if post:
            yield post


def _lines(text: str) -> list[_Line]:
    rows: list[_Line] = []
    gap = False
    for line in text.split("\n"):
        if line.strip():
            rows.append(_Line(line.strip(), gap))
        gap = not line.strip()
    return rows


def _parts(
    rows: list[_Line], at: int, own: str, before: range, behind: range, gaps_tell: bool
) -> tuple[list[str], int]:
    """The post's lines around its signature, and the last line that is taken."""
    last = _Line(own, rows[at].gap) if own else rows[before[-1]] if before else None
    rest = [] if last and _ENDS_POST.search(last.text) else _rest(rows, behind, gaps_tell)
    if not rest:
        earlier = before if own else before[:-1]
        return (_block(rows, last, earlier, gaps_tell) if last else []), at
    first = [last.text] if last else []
    if _length(first + rest) > _LONGEST:
        first = []  # too long for one post: the line before is the article's
    return first + rest, at + len(rest)


def _rest(rows: list[_Line], behind: range, gaps_tell: bool) -> list[str]:
    """The lines behind the signature up to the one that ends as posts end; none, where none does."""
    kept: list[str] = []
    for i in behind[:_LINES_BEHIND]:
        if gaps_tell and rows[i].gap and kept:
            return []
        kept.append(rows[i].text)
        if _length(kept) > _LONGEST:
            return []
        if _ENDS_POST.search(rows[i].text):
            return kept
    return []


def _length(parts: list[str]) -> int:
    return sum(len(_LINK.sub("", part)) for part in parts)


def _block(rows: list[_Line], last: _Line, earlier: range, gaps_tell: bool) -> list[str]:
    """The lines up to `last` that can be told to be the post's: its block, or it alone (with its links)."""
    kept = [last]
    for i in reversed(earlier):
        within = gaps_tell and not kept[0].gap
        if not within and not _ONLY_TAIL.match(kept[0].text):
            break
        kept.insert(0, rows[i])
    if _length([row.text for row in kept]) > _LONGEST:
        kept = kept[-1:]
    return [row.text for row in kept]


def _post(parts: list[str], signature: Signature, page_url: str, known: Known) -> SeenPost | Problem | None:
    text = "\n".join(parts).strip()
    if not text or _x.is_notice(text):
        return None
    urls = [u if u.startswith("http") else f"https://{u}" for u in _LINK.findall(text)]
    status_id = known.get((signature.handle.lower(), signature.date))
    return _x.quoted(
        text=text, status_id=status_id, handle=None, signature=signature, page_url=page_url,
        links=tuple(dict.fromkeys(u.rstrip(".,…") for u in urls)),
    )  # fmt: skip
