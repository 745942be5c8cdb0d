"""Public ids: `platform:platform_id`, the same in every archive (DESIGN, section 5)."""

import hashlib
import re
from datetime import UTC, datetime
from functools import lru_cache
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

from core.text import squeeze

_X_EPOCH_MS = 1_288_834_974_657  # X counts milliseconds from 2010-11-04T01:42:54.657Z
_FIRST_SNOWFLAKE = 29_700_000_000  # earlier X ids are plain counters and hold no time
_TRACKING = re.compile(r"utm_\w+|fbclid|gclid|mc_cid|mc_eid|igshid|ref_src|ref_url|cmpid|ocid|at_medium", re.I)
_PLAIN = re.compile(r"https://(?!www\.)[a-z0-9]+(?:[.-][a-z0-9]+)+(?:/[A-Za-z0-9._~-]+)+")  # canonical as it is
_PORTS = {"http": 80, "https": 443}
_ABSOLUTE = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:\S+")
_ESCAPED = re.compile(r"%[0-9a-f]{2}", re.I)
_KEPT_IN_IDS = ":/~@"
_KEPT_IN_PATHS = "/%:@!$&'()*+,;=~"


def short_hash(text: str) -> str:
    """16 hex digits of SHA-256."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def public_id(platform: str, platform_id: str) -> str:
    return f"{platform}:{platform_id}"


def page(public_id: str) -> str:
    """The path of a post's page here; what a path may hold stands in it as it is."""
    return f"/posts/{quote(public_id, safe=_KEPT_IN_IDS)}"


def canonical_url(url: str) -> str:
    """One spelling for one page: https, lower-case host, letters beyond ASCII escaped, query sorted; no fragment,
    tracking, default port or trailing slash."""
    if _PLAIN.fullmatch(url):
        return url
    try:
        parts = urlsplit(url.strip())
        port = "" if parts.port in (None, *_PORTS.values()) else f":{parts.port}"
    except ValueError:  # brackets or a port that are none: the spelling itself is all there is
        return url.strip()
    if parts.scheme not in _PORTS:
        return url.strip()
    host = (parts.hostname or "").removeprefix("www.")
    host = f"[{host}]" if ":" in host else host
    path = quote(parts.path, safe=_KEPT_IN_PATHS, errors="replace").rstrip("/") or "/"
    path = _ESCAPED.sub(lambda escape: escape[0].upper(), path)
    kept = [(k, v) for k, v in parse_qsl(parts.query, keep_blank_values=True) if not _TRACKING.fullmatch(k)]
    return urlunsplit(("https", host + port, path, urlencode(sorted(kept), errors="replace"), ""))


@lru_cache(2048)  # a slice of posts asks for each some times
def article_id(url: str) -> str:
    return short_hash(canonical_url(url))


def recovered_id(handle: str, day: datetime | None, text: str) -> str:
    """For a quoted X post whose status id the quoting page does not show."""
    date = day.date().isoformat() if day else ""
    return "~" + short_hash(f"{handle.lstrip('@').lower()}\n{date}\n{squeeze(text)}")


def feed_id(feed_url: str, guid: str | None, link: str | None, title: str, date: str, text: str) -> str:
    """A guid that is an absolute URI stands alone; a bare one only within its feed; then link; then content."""
    if guid and _ABSOLUTE.fullmatch(guid):
        return short_hash(guid)
    if guid:
        return short_hash(feed_url + guid)
    if link:
        return short_hash(link)
    return short_hash(feed_url + title + date + squeeze(text))


def x_time(status_id: str) -> datetime | None:
    """The publication time inside an X status id (a snowflake); None for ids older than snowflakes or not ids."""
    if not (status_id.isdecimal() and len(status_id) < 20 and _FIRST_SNOWFLAKE < int(status_id) < 1 << 63):
        return None
    return datetime.fromtimestamp(((int(status_id) >> 22) + _X_EPOCH_MS) / 1000, UTC)
