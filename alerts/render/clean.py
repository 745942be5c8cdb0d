"""Text of strangers, made fit for a message: nothing in it acts, turns what stands around it, or hides.

Joiners stay, as Kurdish and Persian need them. Control characters, overrides and isolates of direction, and halves
of surrogate pairs go; breaks of any kind become line breaks.
"""

import re
from urllib.parse import quote

from core import addresses

_BREAKS = re.compile("\r\n?|[\x0b\x0c\x85\u2028\u2029]")
_ACTING = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x9f"
    "\u202a-\u202e\u2066-\u2069\u206a-\u206f"  # embeddings, overrides, isolates, and what is long out of use
    "\ufeff\ufff9-\ufffb\ufffe\uffff\ud800-\udfff]"
)
_TAGS = re.compile(
    "(?<![\U0001f3f4\U000e0020-\U000e007f])[\U000e0000-\U000e007f]+"
)  # unseen letters, save in flags
_BLANKS = re.compile(r"\n[^\S\n]*(?:\n[^\S\n]*)+")
_URL = "%/:=&?#+!$,;@[]-._"  # of an address, what stands as it is; what Markdown reads as marks is escaped
_CUT = "…"


def text(said: str | None) -> str:
    """Lines, with at most one empty one between."""
    broken = _BREAKS.sub("\n", said or "").replace("\t", " ")
    return _BLANKS.sub("\n\n", _TAGS.sub("", _ACTING.sub("", broken))).strip()


def line(said: str | None, limit: int | None = None) -> str:
    """All on one line."""
    whole = " ".join(text(said).split())
    return whole if limit is None else shortened(whole, limit)


def shortened(said: str, limit: int) -> str:
    """At most `limit` characters, cut between words; where there is no space, as in Chinese, anywhere."""
    if len(said) <= limit:
        return said
    kept = said[: limit - 1]
    whole = kept if said[limit - 1].isspace() else re.sub(r"\s+\S*$", "", kept)
    return whole.rstrip() + _CUT


def url(address: str | None) -> str | None:
    """As a link may hold it, in ASCII; None for what is no harmless web address."""
    fine = addresses.safe_url(address)
    return quote(fine, safe=_URL, errors="replace") if fine else None
