"""One status of the Mastodon API as a post; the forms of Pleroma, GoToSocial, Misskey and Pixelfed included.

`noindex` is what an author says to search engines and archives: it is kept as a wish of the account, and the terms
withhold the text from outsiders. `indexable: false` alone is no wish: it is the state of every account whose owner
never opened that page of the settings, and speaks of the search of its own network.
"""

import re
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from lxml.html import HtmlElement

from collector.platforms import _answers as answers
from collector.reading import language, markup
from core import ids
from core.post import Account, Media, SeenPost

PLATFORM = "mastodon"
_PUBLIC = frozenset({"public", "unlisted"})
_NUMBERED = re.compile(
    r"/(?:statuses|objects|notes|activities|notice|@[^/]+|p/[^/]+)/([A-Za-z0-9_-]+)(?:/activity)?/?$"
)
_TAG_URI = re.compile(r"tag:([^,/]+),[^:]*:objectId=(\d+)")
_METRICS = {"likes": "favourites_count", "reposts": "reblogs_count", "replies": "replies_count",
            "quotes": "quotes_count"}  # fmt: skip
_TYPES = {"gifv": "video"}
_EDITED = ("content", "spoiler_text", "sensitive", "media_attachments", "poll")
_PARAGRAPH = "\ue000"
_BETWEEN = re.compile(r"</p>\s*<p(?=[\s>])", re.I)
_OWN = re.compile(r"\b(?:mention|hashtag|u-url)\b")


def read(status: Any) -> SeenPost | None:
    """None for a status that is not public. Raises ValueError for one that cannot be read."""
    if not isinstance(status, dict) or not _says(status):
        raise ValueError("is no status: an object with uri, account and content")
    visibility = answers.text(status, "visibility")
    if visibility and visibility not in _PUBLIC:
        return None
    if not visibility:
        raise ValueError("visibility is missing: nobody can say that this status is public")
    original = answers.table(status, "reblog")
    shown = original or status
    hidden = bool(original) and not _may_show(original)
    body, links = ("", ()) if hidden else _content(shown)
    text = "" if hidden else _text(shown, body)
    return SeenPost(
        platform=PLATFORM,
        platform_id=platform_id(status),
        kind=_kind(status),
        account=_account(status),
        text=text,
        url=markup.absolute(answers.text(status, "url") or answers.text(status, "uri"), ""),
        lang=_language(shown, text),
        created_at=answers.moment(status, "created_at"),
        links=links,
        media=() if hidden else tuple(_media(shown)),
        metrics={} if original else answers.counts(status, _METRICS),
        repeats=_repeats(status),
        labels=("sensitive",) if shown.get("sensitive") is True else (),
        revised_at=_revised_at(shown),
    )


def versions(status: dict[str, Any], edits: list[Any], since: str) -> list[dict[str, Any]]:
    """A status as it was after each of its edits, oldest first; those up to `since` are known."""
    told = [edit for edit in edits if isinstance(edit, dict) and isinstance(edit.get("content"), str)]
    newer = [edit for edit in told if not since or _after(edit, since)]
    counts = dict.fromkeys(_METRICS.values())
    return [{**status, **counts, **_state(edit)} for edit in newer]


def _state(edit: dict[str, Any]) -> dict[str, Any]:
    """What an edit tells of its own; one that tells of no poll had none."""
    told = {name: edit[name] for name in _EDITED if name in edit}
    return {"poll": None, **told, "edited_at": edit.get("created_at")}


def _revised_at(status: dict[str, Any]) -> datetime | None:
    """When this state of it was made. A server that tells of edits says by null that there was none."""
    edited = answers.moment(status, "edited_at")
    return edited or (answers.moment(status, "created_at") if "edited_at" in status else None)


def _after(edit: dict[str, Any], since: str) -> bool:
    try:
        moment, known = answers.moment(edit, "created_at"), answers.moment({"since": since}, "since")
    except ValueError:
        return False
    return bool(moment and known and moment > known)


def platform_id(status: dict[str, Any]) -> str:
    """host/status of the server where it was written, by its ActivityPub URI. Raises ValueError.

    Pleroma writes the URI of the original on a boost too: that one's name is the number that the server gave it.
    """
    named, original = _by_uri(status), answers.table(status, "reblog")
    if not original or named != _by_uri(original):
        return named
    host, number = markup.host(answers.text(answers.table(status, "account"), "url")), answers.number(status, "id")
    if not host or not number:
        raise ValueError("this boost has the address of its original, and no number of its own")
    return f"{host}/{number}"


def _by_uri(status: dict[str, Any]) -> str:
    uri = answers.text(status, "uri") or answers.text(status, "url")
    if tag := _TAG_URI.match(uri):
        return f"{tag[1].lower()}/{tag[2]}"
    parts = urlsplit(uri)
    host = (parts.hostname or "") + (f":{parts.port}" if parts.port not in (None, 80, 443) else "")
    if parts.scheme not in ("http", "https") or not host:
        raise ValueError(f"uri {uri[:100]!r} names no server and status")
    found = _NUMBERED.search(parts.path)
    rest = found[1] if found else parts.path.strip("/") + (f"?{parts.query}" if parts.query else "")
    if not rest:
        raise ValueError(f"uri {uri[:100]!r} names no status")
    return f"{host}/{rest}"


def _says(status: dict[str, Any]) -> bool:
    """Some servers write null for the words of a picture or a boost that has none."""
    shows = any(status.get(name) for name in ("media_attachments", "reblog", "poll"))
    return isinstance(status.get("content"), str) or ("content" in status and status["content"] is None and shows)


def _may_show(original: dict[str, Any]) -> bool:
    public = answers.text(original, "visibility") in _PUBLIC and _says(original)
    return public and answers.table(original, "account").get("noindex") is not True


def _kind(status: dict[str, Any]) -> str:
    if answers.table(status, "reblog"):
        return "repost"
    if answers.number(status, "in_reply_to_id"):
        return "reply"
    return "quote" if _quote(status) else "post"


def _quote(status: dict[str, Any]) -> dict[str, Any]:
    return answers.table(status, "quote") or answers.table(answers.table(status, "pleroma"), "quote")


def _repeats(status: dict[str, Any]) -> str | None:
    quote = _quote(status)
    named = answers.table(status, "reblog") or answers.table(quote, "quoted_status") or quote
    try:
        return ids.public_id(PLATFORM, platform_id(named)) if named else None
    except ValueError:  # a quotation that waits, was denied or is gone names nothing
        return None


def _account(status: dict[str, Any]) -> Account:
    """@user@host, also where the server knows its own people by user alone."""
    about = answers.table(status, "account")
    handle = (answers.text(about, "acct") or answers.text(about, "username")).lstrip("@")
    if not handle:
        raise ValueError("account is missing, or has no acct")
    if "@" not in handle:
        host = markup.host(answers.text(about, "url")) or markup.host(answers.text(status, "uri"))
        handle = f"{handle}@{host}" if host else handle
    return Account(PLATFORM, f"@{handle}", answers.text(about, "display_name") or None, _wishes(about))


def _wishes(about: dict[str, Any]) -> tuple[str, ...] | None:
    told = about.get("noindex")
    return None if told is None else ("noindex",) if told is True else ()


def _text(status: dict[str, Any], body: str) -> str:
    """Content warning, text, the options of a poll."""
    options = [answers.text(o, "title") for o in answers.tables(answers.table(status, "poll"), "options")]
    warning = markup.plain_lines(answers.text(status, "spoiler_text"))
    return "\n".join(part for part in (warning, body, *options) if part)


def _content(status: dict[str, Any]) -> tuple[str, tuple[str, ...]]:
    """Its lines, a blank one between paragraphs, shortened links whole; and where they lead."""
    written = _BETWEEN.sub(f"<br>{_PARAGRAPH}<br></p><p", (status["content"] or "").replace(_PARAGRAPH, ""))
    root = markup.tree(f"<div>{written}</div>")
    if root is None:
        return "", ()
    _tidy(root, quoted=bool(_quote(status)))
    lines = "\n".join(markup.lines(root))
    return re.sub(rf"\n*{_PARAGRAPH}\n*", "\n\n", lines).strip(), _links(root)


def _tidy(root: HtmlElement, *, quoted: bool) -> None:
    """Emoji as their codes; without the "RE: address" that stands in for a quotation where none can be shown."""
    for image in list(root.iter("img")):
        image.tail = (image.get("alt") or "") + (image.tail or "")
    for element in list(root.iter("p", "span")):
        if quoted and "quote-inline" in (element.get("class") or ""):
            element.drop_tree()


def _links(root: HtmlElement) -> tuple[str, ...]:
    """Where the text leads, mentions and hashtags left out."""
    found = (markup.absolute(a.get("href"), "") for a in root.iter("a") if not _own(a))
    return tuple(dict.fromkeys(url for url in found if url))


def _own(anchor: HtmlElement) -> bool:
    shown = "".join(anchor.itertext()).strip()
    return shown.startswith(("@", "#")) and bool(
        _OWN.search(anchor.get("class") or "") or "tag" in (anchor.get("rel") or "").split()
    )


def _media(status: dict[str, Any]) -> list[Media]:
    """`remote_url` first: the copy on the server that was asked moves."""
    found: list[Media] = []
    for item in answers.tables(status, "media_attachments"):
        named = (answers.text(item, name) for name in ("remote_url", "url", "preview_url"))
        url = next((u for n in named if (u := markup.absolute(n, ""))), None)
        kind = answers.text(item, "type") or "unknown"
        if url:
            found.append(Media(_TYPES.get(kind, kind), url, answers.text(item, "description") or None))
    return found


def _language(status: dict[str, Any], text: str) -> str | None:
    declared = answers.text(status, "language")
    return language.resolve(declared, text) if declared else None
