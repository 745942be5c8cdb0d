"""A row of 4CAT's CSV as a post of X, of Bluesky or of the fediverse."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from collector.platforms import _x_post
from collector.platforms._x_post import Facts, Words
from collector.reading import charset, language, markup
from core import ids, times
from core.post import Account, Media, SeenPost, View

_EARLIEST, _LATEST = 631_152_000, 4_102_444_800  # 1990 and 2100: a number outside is no time
_ID = re.compile(r"\d{1,19}", re.A)
_HANDLE = re.compile(r"\w{1,20}", re.A)
_HIDDEN = re.compile(r"[0-9a-f]{32,}|redacted|unknown|", re.I)
_REPOST = re.compile(r"RT @(\w{1,20}):? ", re.A)
_CUT = re.compile(r"…(?:\s*https://t\.co/\w+)?$")
_PARTED = re.compile(r",\s*(?=https?://)")
_AT = re.compile(r"at://([^/\s]+)/app\.bsky\.feed\.post/([^/\s]+)/?")
_BLUESKY_PAGE = re.compile(r"https?://bsky\.app/profile/([^/\s]+)/post/([^/?#\s]+)")
_NO_READERS = "!no-unauthenticated"
_ACCT = re.compile(r"@?([\w.-]+)@([\w.-]+(?::\d+)?)")
_PROFILE = re.compile(r"https?://([^/\s]+)/(?:@|users/)([\w.-]+)(?:@([\w.-]+))?")
_X_COUNTS = {"likes": ("like_count", "likes"), "reposts": ("retweet_count",), "replies": ("reply_count",),
             "quotes": ("quote_count",), "views": ("impression_count", "view_count")}  # fmt: skip
_BLUESKY_COUNTS = {"likes": ("like_count",), "reposts": ("repost_count",), "replies": ("reply_count",),
                   "quotes": ("quote_count",)}  # fmt: skip
_MASTODON_COUNTS = {"likes": ("favourites_count", "likes", "like_count"), "reposts": ("reblogs_count", "boosts"),
                    "replies": ("replies_count", "reply_count")}  # fmt: skip
Row = Mapping[str, str]


def x(row: Row) -> SeenPost:
    if _yes(row, "is_withheld"):
        raise ValueError("is withheld by X: the row has not its text")
    if not row["body"] and row.get("subject"):
        raise ValueError(f"was not to be had: {row['subject'][:200]}")
    if not _ID.fullmatch(row["id"]):
        raise ValueError(
            f"id {row['id'][:40]!r} is no id of a post; a spreadsheet rounds long numbers: import the CSV as it was"
        )
    repost = _yes(row, "is_retweet")
    text = _REPOST.sub("", row["body"], count=1) if repost else row["body"]
    text = _x_post.unescaped(charset.clean(text).strip())
    urls = [{"expanded_url": url} for url in _addresses(row, "urls")]
    post = _x_post.build(
        Facts(
            number=row["id"],
            history=(),
            kind="repost" if repost else _x_kind(row),
            account=Account("x", f"@{_author(row, _HANDLE)}", row.get("author_fullname") or None),
            words=Words(text, {"urls": urls}, cut=bool(_CUT.search(text))),
            media=(*_media(row, "images", "image"), *_media(row, "videos", "video")),
            whole=True,
            said=_moment(row),
            lang=row.get("language_guess", ""),
            metrics=None if repost else _counts(row, _X_COUNTS),
            repeats=_x_post.public_id(quoted) if _ID.fullmatch(quoted := row.get("quote_tweet_id", "")) else None,
            labels=("sensitive",) if _yes(row, "possibly_sensitive") else (),
        )
    )
    return replace(post, view=min(post.view, View.PAGE))


def _x_kind(row: Row) -> str:
    """A thread is named by its first post; rows that came through TCAT all say that they are replies."""
    if _yes(row, "is_reply") and row.get("thread_id") != row["id"]:
        return "reply"
    return "quote" if _yes(row, "is_quote_tweet") else "post"


def bluesky(row: Row) -> SeenPost:
    named = _AT.fullmatch(row["id"])
    if not named:
        raise ValueError(f"id {row['id'][:100]!r} is no address of a post: at://did/app.bsky.feed.post/key")
    labels = tuple(filter(None, (label.strip() for label in row.get("labels", "").split(","))))
    if _NO_READERS in labels:
        raise ValueError(f"the author asks for readers with an account only ({_NO_READERS}): not kept")
    author = _author(row, re.compile(r"[A-Za-z0-9.:-]+")).lower()
    handle = author if author.startswith("did:") else f"@{author}"
    text = charset.clean(row["body"]).strip()
    declared = row.get("languages", "").partition(",")[0]
    quoted = _BLUESKY_PAGE.fullmatch(row.get("quoted_post", ""))
    return SeenPost(
        platform="bluesky",
        platform_id=f"{named[1]}/{named[2]}",
        kind="reply" if row.get("replied_to_post") else "quote" if quoted else "post",
        account=Account("bluesky", handle, row.get("author_display_name") or None),
        text=text,
        url=f"https://bsky.app/profile/{author}/post/{named[2]}",
        lang=language.resolve(declared, text) if declared not in ("", "N/A") else None,
        created_at=_moment(row),
        links=tuple(dict.fromkeys(_addresses(row, "links"))),
        media=tuple(_media(row, "images", "image")),
        metrics=_counts(row, _BLUESKY_COUNTS),
        view=View.PAGE,
        repeats=_quoted(quoted),
        labels=labels,
    )


def _quoted(found: re.Match[str] | None) -> str | None:
    """Pages name accounts by handle mostly, and only a DID makes an id."""
    return ids.public_id("bluesky", f"{found[1]}/{found[2]}") if found and found[1].startswith("did:") else None


def mastodon(row: Row) -> SeenPost:
    from collector.platforms import _mastodon

    url = next(row[name] for name in ("uri", "url", "link", "post_url") if row.get(name))
    text = markup.plain(row["body"])
    return SeenPost(
        platform="mastodon",
        platform_id=_mastodon.platform_id({"uri": url}),
        kind="reply" if row.get("in_reply_to_id") or _yes(row, "is_reply") else "post",
        account=_account(row, url),
        text=text,
        url=markup.absolute(row.get("url") or url, ""),
        lang=language.resolve(declared, text) if (declared := row.get("language") or "") else None,
        created_at=_moment(row),
        links=tuple(dict.fromkeys(_addresses(row, "urls") or _addresses(row, "links"))),
        media=tuple(_media(row, "images", "image")),
        metrics=_counts(row, _MASTODON_COUNTS),
        view=View.PAGE,
    )


def _account(row: Row, url: str) -> Account:
    """@user@host; a user without host is of the server that the post is of."""
    author = row.get("author") or row.get("account_username") or ""
    if _HIDDEN.fullmatch(author):
        raise ValueError("does not say who wrote it: its author is hidden or empty")
    name = row.get("author_fullname") or row.get("author_display_name") or row.get("account_display_name") or None
    if found := _ACCT.fullmatch(author):
        return Account("mastodon", f"@{found[1]}@{found[2]}", name)
    page = _PROFILE.match(url)
    host = (page[3] or page[1]) if page and page[2].lower() == author.lstrip("@").lower() else markup.host(url)
    return Account("mastodon", f"@{author.lstrip('@')}@{host}", name)


def _author(row: Row, form: re.Pattern[str]) -> str:
    author = (row.get("author") or "").strip().lstrip("@")
    if _HIDDEN.fullmatch(author):
        raise ValueError(
            "does not say who wrote it: its author is hidden or empty (4CAT can pseudonymise a data set)"
        )
    if not form.fullmatch(author):
        raise ValueError(f"author {author[:60]!r} is no handle")
    return author


def _moment(row: Row) -> datetime | None:
    """The most exact of the times that a row has; sources fill these columns differently. Raises ValueError."""
    said = [
        cell for name in ("created_at", "timestamp", "unix_timestamp") if (cell := (row.get(name) or "").strip())
    ]
    if not said:
        return None
    for cell in said:
        if found := _number_or_date(cell):
            return found
    raise ValueError(f"timestamp {said[0][:60]!r} is no time such as 2025-08-18 14:30:00")


def _number_or_date(cell: str) -> datetime | None:
    try:
        if re.fullmatch(r"\d{9,10}(?:\.\d+)?", cell, re.A):
            return datetime.fromtimestamp(float(cell), UTC) if _EARLIEST < float(cell) < _LATEST else None
        return times.parse(cell)
    except (ValueError, OverflowError):
        return None


def _yes(row: Row, name: str) -> bool:
    return row.get(name, "").strip().lower() in ("yes", "true", "1")


def _counts(row: Row, names: Mapping[str, tuple[str, ...]]) -> dict[str, Any]:
    """A number that is not known is empty or -1."""
    found = {ours: next((n for name in theirs if (n := _count(row.get(name))) is not None), None)
             for ours, theirs in names.items()}  # fmt: skip
    return found if any(value is not None for value in found.values()) else {}


def _count(cell: str | None) -> int | None:
    plain = (cell or "").strip().removesuffix(".0")  # as other programs write whole numbers
    return int(plain) if plain.isascii() and plain.isdecimal() and len(plain) < 19 else None


def _addresses(row: Row, name: str) -> list[str]:
    """Addresses parted by commas, of which they may hold some themselves."""
    parts = _PARTED.split((row.get(name) or "").strip().strip(","))
    return [url for part in parts if part and (url := markup.absolute(part, ""))]


def _media(row: Row, name: str, kind: str) -> Iterator[Media]:
    return (Media(kind, url) for url in dict.fromkeys(_addresses(row, name)))


READERS = {"x": x, "bluesky": bluesky, "mastodon": mastodon}
