"""Addresses behind others: what archives, translators, mail filters and counters of clicks write for a link."""

import re
from urllib.parse import parse_qs, urlsplit

_ARCHIVED = re.compile(
    r"^(?:(?:https?:)?//(?:web|wayback|web-beta)\.archive\.org|(?:https?:)?//archive\.org)?/web/\d{1,14}\*?(?:[a-z]{2}_)?"
    r"/((?:https?:)?//.+)$"
    r"|^https?://archive\.(?:ph|is|today|li|md|vn|fo)/(?:o/\w+/|\d{4,14}/|newest/)(https?://.+)$"
    r"|^https?://urldefense\.com/v3/__(https?://.+?)__;",
    re.I | re.S,
)
_TRANSLATED = ".translate.goog"
_ASKED = {  # the end of a host's name and the field of its query that holds the address
    "l.facebook.com": "u",
    "lm.facebook.com": "u",
    "l.messenger.com": "u",
    "l.instagram.com": "u",
    "safelinks.protection.outlook.com": "url",
    "translate.google.com": "u",
    "out.reddit.com": "url",
    "t.umblr.com": "z",
    "vk.com": "to",
    "slack-redir.net": "url",
    "steamcommunity.com": "url",
}
_GOOGLE = re.compile(r"(?:www\.)?google\.[a-z.]{2,6}")
_GOES = ("/l.php", "/", "", "/translate", "/redirect", "/away.php", "/link", "/linkfilter/", "/url")
_DEEPEST = 4  # a mail filter's link to an archive's


def unwrapped(url: str) -> str:
    """Where `url` leads in the end; itself where it is no wrapper, or a broken one."""
    for _ in range(_DEEPEST):
        inner = _inner(url)
        if not inner:
            break
        url = inner
    return url


def _inner(url: str) -> str | None:
    if found := _ARCHIVED.match(url):
        return found[1] or found[2] or found[3]
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        return None
    if host.endswith(_TRANSLATED):
        return f"https://{_as_it_was(host)}{url.partition(parts.netloc)[2]}"
    field = _field(host)
    if not field or parts.path not in _GOES:
        return None
    try:
        asked = parse_qs(parts.query, max_num_fields=50)
    except ValueError:
        return None
    values = [value for name in field for value in asked.get(name, [])]
    return next((value for value in values if re.match(r"https?://", value, re.I)), None)


def _field(host: str) -> tuple[str, ...]:
    if _GOOGLE.fullmatch(host):
        return "q", "url"
    return tuple(name for end, name in _ASKED.items() if host == end or host.endswith(f".{end}"))


def _as_it_was(host: str) -> str:
    """The translator's name for a site: dots became hyphens, hyphens two of them."""
    name = host.removesuffix(_TRANSLATED)
    return name.replace("--", "\0").replace("-", ".").replace("\0", "-")
