"""4CAT's CSV: posts of X (API, Zeeschuimer or DMI-TCAT), Bluesky and the fediverse, one a row.

Which platform a row is of is told by its link, else by its id, else by columns that only one data source has. Times
without zone are UTC. The table leaves out some of what the platform shows (which post was repeated, descriptions of
pictures), so a row is a lesser view: a post that was seen first hand is not changed by it.
"""

import re
from collections.abc import Mapping
from typing import Any

from collector.formats._reading import About
from collector.formats._start import Start
from core.post import SeenPost

_X_HOSTS = re.compile(r"https?://(?:www\.|mobile\.|m\.)?(?:twitter|x)\.com/", re.I)
_BLUESKY = re.compile(r"https?://bsky\.app/profile/", re.I)
_FEDIVERSE = re.compile(
    r"https?://[^/\s]+/(?:@[^/\s]+|users/[^/\s]+/statuses|notice|objects|notes|p/[^/\s]+)/\w", re.I
)
_OTHERS = re.compile(r"https?://(?:www\.|m\.)?(?:truthsocial\.com|gab\.com|parler\.com)/", re.I)
_OF_X = (("is_retweet", "retweet_count"), ("is_quote_tweet", "retweet_count"), ("retweeted_user", "language_guess"))
_OF_MASTODON = ("reblogs_count", "favourites_count", "boosts", "spoiler_text", "visibility")
_LINKS = ("link", "url", "uri", "post_url", "tweet_url")
_READ = "rows of X, Bluesky and Mastodon are read"
Row = Mapping[str, str]


def looks_like(start: Start) -> bool:
    columns = set(start.columns)
    dated = columns & {"timestamp", "created_at", "unix_timestamp"}
    return start.shape == "table" and {"id", "body"} <= columns and bool(dated) and "platform_id" not in columns


def read(row: Row, about: About) -> SeenPost:
    from collector.formats import _four_cat_rows as rows

    return rows.READERS[_platform(row)](row)


def _platform(row: Row) -> str:
    """Raises ValueError where it cannot be told, or is one that is not read."""
    shown: Any = next((row[name] for name in _LINKS if row.get(name)), "")
    if row["id"].startswith("at://") or _BLUESKY.match(shown):
        return "bluesky"
    if _X_HOSTS.match(shown):
        return "x"
    if _OTHERS.match(shown):
        raise ValueError(f"is of {shown.split('/')[2]}, which is not read; {_READ}")
    if _FEDIVERSE.match(shown) and _federated(row):
        return "mastodon"
    if not shown and row["id"].isdecimal() and any(all(name in row for name in names) for names in _OF_X):
        return "x"
    where = f"links to {shown.split('/')[2]}" if shown.count("/") > 2 else "has no link"
    raise ValueError(
        f"does not tell its platform: it {where}, and its columns are of no platform that is known; {_READ}"
    )


def _federated(row: Row) -> bool:
    """Many sites have addresses as the fediverse has them; the columns or the author's server tell."""
    return any(name in row for name in _OF_MASTODON) or row.get("author", "").strip("@").count("@") == 1
