"""Asking Bluesky again for posts that are known, by id: what an answer leaves out is gone (parse says so).

A server that shows feeds also leaves out the posts of an account that is switched off, which is often back soon;
then nothing is gone, and the account's state is told instead.
"""

import logging
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from collector.fetch import Fetcher
from collector.platforms import _answers as answers
from collector.platforms import _bluesky as posts
from collector.platforms import _bluesky_wishes as wishes
from collector.platforms._bluesky_server import ask, lacks_account, record, said
from collector.platforms._bluesky_wishes import Owner
from core.errors import Gone, Refused
from core.page import Page
from core.post import Asked

log = logging.getLogger(__name__)
_AT_ONCE = 25  # posts that one request may name
_NUMBER = re.compile(r"(did:[a-z]+:[A-Za-z0-9._:%-]+)/([A-Za-z0-9._:-][A-Za-z0-9._:~-]{0,511})")


@dataclass(slots=True)
class Shown:
    """The server that shows feeds: 25 posts a request, with their counts; reposts one by one."""

    fetcher: Fetcher
    server: str
    owners: dict[str, Owner] = field(default_factory=dict)

    def pages(self, known: Sequence[Asked]) -> Iterator[Page]:
        """Raises Refused where an account is switched off."""
        numbers = [post.platform_id for post in known if post.kind != "repost" and _parts(post)[0]]
        for start in range(0, len(numbers), _AT_ONCE):
            about = tuple(numbers[start : start + _AT_ONCE])
            if page := self._posts(about):
                yield page
        for post in (post for post in known if post.kind == "repost"):
            repo, rkey = _parts(post)
            if not repo:
                _left_out(post)
            elif page := record(self.fetcher, self.server, repo, posts.REPOST, rkey, lost=True):
                yield _about(page, (post.platform_id,), self._owner(repo))

    def _posts(self, about: tuple[str, ...]) -> Page | None:
        options = [("uris", f"at://{number.replace('/', f'/{posts.POST}/')}") for number in about]
        page = ask(self.fetcher, self.server, "app.bsky.feed.getPosts", options)
        if page is None:
            return None
        views = answers.tables(answers.document(page), "posts")
        shown = {uri.replace(f"/{posts.POST}/", "/") for uri in (answers.text(view, "uri") for view in views)}
        for number in about:
            if f"at://{number}" not in shown:
                self._owner(number.partition("/")[0])
        return _about(page, about)

    def _owner(self, did: str) -> Owner:
        """Of an account that is there or gone for good, asked for once. Raises Refused where neither is certain."""
        if did not in self.owners:
            self.owners[did] = self._profile(did)
        return self.owners[did]

    def _profile(self, did: str) -> Owner:
        try:
            page = ask(self.fetcher, self.server, "app.bsky.actor.getProfile", [("actor", did)])
        except Refused as refused:
            reason = said(refused.body)
            if lacks_account(reason) or answers.text(reason, "error") == "AccountTakedown":
                return Owner()
            raise
        except Gone:  # a server of feeds alone
            return Owner()
        profile = answers.document(page) if page else None
        return Owner(posts.at(answers.text(profile, "handle")), wishes.of_author(profile))


def records(fetcher: Fetcher, server: str, did: str, known: Sequence[Asked], owner: Owner) -> Iterator[Page]:
    """Records of one account from its own server, one by one."""
    for post in known:
        repo, rkey = _parts(post)
        if repo != did:
            _left_out(post)
            continue
        collection = posts.REPOST if post.kind == "repost" else posts.POST
        if page := record(fetcher, server, repo, collection, rkey):
            yield _about(page, (post.platform_id,), owner)


def _about(page: Page, about: tuple[str, ...], owner: Owner | None = None) -> Page:
    headers = {**page.headers, **(owner.headers() if owner else {})}
    return replace(page, about=about, headers=headers, state={})


def _left_out(post: Asked) -> None:
    log.info(
        "bluesky: %s is not asked for again: its record is not of this account or has no key", post.platform_id
    )


def _parts(post: Asked) -> tuple[str, str]:
    """Account and record key; nothing for a repost whose key no feed showed, and for what no server would read."""
    found = _NUMBER.fullmatch(post.platform_id)
    return (found[1], found[2]) if found else ("", "")
