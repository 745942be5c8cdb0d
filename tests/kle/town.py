"""Offices on five platforms, on the loopback: what they show is a function of the round, and they are a bit slow.

From round to round they publish (in turn some pages full, and a few), correct what they said and take it back.
Everything in them is invented.
"""

import random
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.collector.pages import PARAGRAPH, html, item, rss
from tests.collector.platforms.api import Api, Said

_MANY, _FEW = 50, 15  # new ones of an even round, of an odd one
_PAGE = 40
_CHANNEL = "UCofficeofexample222222A"
_DID = "did:plc:officeofexample2222222222"
_X_EPOCH = datetime(2010, 11, 4, 1, 42, 54, 657000, UTC)


class Town(Api):
    """Each first step of a path is a source, served as it stands in `round`.

    `askers` says which programs asked for a source, `inside` which do at this moment, and `overlaps` holds
    (source, who asked already, who came) where two requests for one source met.
    """

    def __init__(self, slowness: float = 0.0) -> None:
        super().__init__()
        self.round = 0
        self.slowness = slowness  # seconds at most, before each answer and in the middle of it
        self.askers: dict[str, set[str]] = defaultdict(set)
        self.inside: dict[str, list[str]] = defaultdict(list)
        self.overlaps: list[tuple[str, str, str]] = []
        self._lock = threading.Lock()
        self._dice = random.Random(1)
        self.answer = self._shown
        self._shows = {"press": _press, "wire": _wire, "social": _social, "sky": _sky, "tube": _tube}

    @property
    def config(self) -> str:
        """kle.toml for everything here, due every second."""
        knobs = 'allow_private_networks = "127.0.0.0/8"\npace = 0\n'
        return knobs + "".join(
            f'[[source]]\nname = "{name}"\nevery = "1s"\n{options}\n' for name, options in self.options.items()
        )

    @property
    def options(self) -> dict[str, str]:
        return {
            "press": f'kind = "feed"\nurl = "{self.url}/press/rss"\nfollow_articles = true',
            "wire": f'kind = "feed"\nurl = "{self.url}/wire/rss"',
            "social": f'kind = "mastodon"\naccount = "@office@social.example"\nbase_url = "{self.url}/social"',
            "sky": f'kind = "bluesky"\naccount = "@office.example"\nbase_url = "{self.url}/sky"',
            "tube": f'kind = "youtube"\nchannel = "{_CHANNEL}"\nbase_url = "{self.url}/tube"',
        }

    def _shown(self, path: str) -> Said | None:
        name, _, rest = path.lstrip("/").partition("/")
        show = self._shows.get(name)
        return show(self.url, "/" + rest, self.round) if show else None

    @contextmanager
    def serving(self, path: str, who: str) -> Iterator[None]:
        name = path.split("/")[1]
        with self._lock:
            self.askers[name].add(who)
            self.overlaps += [(name, other, who) for other in self.inside[name]]
            self.inside[name].append(who)
        try:
            yield
        finally:
            with self._lock:
                self.inside[name].remove(who)

    def asks(self, contact: str) -> bool:
        """Whether the program with this contact waits for an answer at this moment."""
        with self._lock:
            return any(contact in who for asking in self.inside.values() for who in asking)

    def pause(self) -> None:
        if self.slowness:
            time.sleep(self._dice.uniform(0, self.slowness))


# -- what there is in a round -------------------------------------------------------------------------------


def _born(n: int) -> int:
    turns, rest = divmod(n, _MANY + _FEW)
    return 2 * turns + (rest >= _MANY)


def _newest_first(number: int, every: int = 1, rest: int = 0) -> list[int]:
    """What stands in this round; with `every`, of a smaller office."""
    published = (number // 2 + 1) * _MANY + (number + 1) // 2 * _FEW
    return [n for n in reversed(range(published)) if n % every == rest and not _is_taken_back(n, number)]


def _is_taken_back(n: int, number: int) -> bool:
    return n % 8 == 3 and number > _born(n)


def _is_corrected(n: int, number: int) -> bool:
    return n % 6 == 1 and number > _born(n)


def _words(n: int, number: int) -> str:
    return f"Advisors met for talk {n} on reform{', with a correction' if _is_corrected(n, number) else ''}."


def _moment(n: int) -> datetime:
    return datetime(2025, 1, 1, tzinfo=UTC) + timedelta(minutes=n)


def _written(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.000Z")


# -- feeds and pages ----------------------------------------------------------------------------------------


def _wire(url: str, path: str, number: int) -> Said:
    return _rss(_entry(f"{url}/wire/{n}", n, number) for n in _newest_first(number)[:60])


def _press(url: str, path: str, number: int) -> Said:
    """Few entries, and the page of each, which quotes a post of X."""
    if path == "/rss":
        return _rss(_entry(f"{url}/press/{n}", n, number) for n in _newest_first(number, 5)[:30])
    n = int(path.strip("/"))
    published = f'<meta property="article:published_time" content="{_written(_moment(n))}">'
    body = html(f"<p>{_words(n, 0)} {PARAGRAPH}</p>{_quoted(n)}", published)
    return Said(body.encode(), headers={"Content-Type": "text/html"})


def _rss(entries: Iterator[str]) -> Said:
    return Said(rss(*entries).encode(), headers={"Content-Type": "application/rss+xml"})


def _entry(link: str, n: int, number: int) -> str:
    date = _moment(n).strftime("%a, %d %b %Y %H:%M:%S +0000")
    return item(guid=link, link=link, title=f"Talk {n}", description=_words(n, number), pubDate=date)


def _quoted(n: int) -> str:
    status = int((_moment(n) - _X_EPOCH) / timedelta(milliseconds=1)) << 22
    link = f'<a href="https://twitter.com/office_example/status/{status}">January 1, 2025</a>'
    return (
        f'<blockquote class="twitter-tweet"><p lang="en">We met for talk {n}.</p>&mdash; Office (@office_example) '
        f"{link}</blockquote>"
    )


# -- accounts -----------------------------------------------------------------------------------------------


def _social(url: str, path: str, number: int) -> Said | None:
    """Mastodon: pages by Link header, a history for what was corrected, 404 for what was taken back."""
    parts = urlsplit(path)
    steps = parts.path.strip("/").split("/")[2:]
    standing = _newest_first(number)
    if steps == ["accounts", "lookup"]:
        return Said({"id": "109", "acct": "office", "username": "office"})
    if steps[0] == "accounts":
        before = int(parse_qs(parts.query).get("max_id", ["99999999"])[0])
        shown = [n for n in standing if n + 1000 < before]
        link = f'<https://social.example/x?max_id={shown[_PAGE - 1] + 1000}>; rel="next"' if shown[_PAGE:] else ""
        return Said([_status(n, number) for n in shown[:_PAGE]], headers={"Link": link or '<x>; rel="prev"'})
    n = int(steps[1]) - 1000
    if n not in standing:
        return None
    if steps[2:] == ["history"]:
        return Said([_edit(n, state) for state in sorted({_born(n), number})])
    return Said(_status(n, number))


def _status(n: int, number: int) -> dict[str, Any]:
    account = {"id": "109", "acct": "office", "url": "https://social.example/@office", "display_name": "Office"}
    edited = _written(_moment(n) + timedelta(days=1)) if _is_corrected(n, number) else None
    return {
        "id": str(n + 1000), "uri": f"https://social.example/users/office/statuses/{n + 1000}", "account": account,
        "url": f"https://social.example/@office/{n + 1000}", "visibility": "public", "edited_at": edited,
        "content": f"<p>{_words(n, number)}</p>", "created_at": _written(_moment(n)), "favourites_count": number,
    }  # fmt: skip


def _edit(n: int, number: int) -> dict[str, Any]:
    when = _moment(n) + timedelta(days=_is_corrected(n, number))
    return {"content": f"<p>{_words(n, number)}</p>", "spoiler_text": "", "created_at": _written(when)}


def _sky(url: str, path: str, number: int) -> Said:
    """Bluesky: pages by cursor; those asked for by uri where they still stand."""
    parts = urlsplit(path)
    asked = parse_qs(parts.query)
    standing = _newest_first(number)
    if parts.path.endswith("getPosts"):
        return Said({"posts": [_view(n, number) for n in standing if _uri(n) in asked["uris"]]})
    before = asked.get("cursor", ["9999"])[0]
    shown = [n for n in standing if _written(_moment(n)) < before]
    older = {"cursor": _written(_moment(shown[_PAGE - 1]))} if shown[_PAGE:] else {}
    return Said({"feed": [{"post": _view(n, number)} for n in shown[:_PAGE]], **older})


def _uri(n: int) -> str:
    return f"at://{_DID}/app.bsky.feed.post/post{n:04d}"


def _view(n: int, number: int) -> dict[str, Any]:
    when = _written(_moment(n))
    record = {"$type": "app.bsky.feed.post", "text": _words(n, number), "createdAt": when}
    author = {"did": _DID, "handle": "office.example"}
    return {"uri": _uri(n), "author": author, "indexedAt": when, "likeCount": n + number, "record": record}


def _tube(url: str, path: str, number: int) -> Said:
    """YouTube: the newest fifteen videos of the channel."""
    videos = "".join(_video(n, number) for n in _newest_first(number, 5, 2)[:15])
    spaces = 'xmlns:yt="http://www.youtube.com/xml/schemas/2015" xmlns="http://www.w3.org/2005/Atom"'
    return Said(f"<feed {spaces}>{videos}</feed>".encode(), headers={"Content-Type": "text/xml"})


def _video(n: int, number: int) -> str:
    return (
        f"<entry><id>yt:video:talk{n:06d}</id><yt:videoId>talk{n:06d}</yt:videoId>"
        f"<yt:channelId>{_CHANNEL}</yt:channelId><title>{_words(n, number)}</title>"
        f'<link rel="alternate" href="https://www.youtube.com/watch?v=talk{n:06d}"/>'
        f"<published>{_written(_moment(n))}</published></entry>"
    )
