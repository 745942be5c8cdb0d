"""One post of the X API v2 as our post, in both vocabularies: tweet.* and the newer post.*.

Two functions for all who meet posts of X: `read` for API v2 (also flattened by twarc2), and `read_v1`, which is
handed on from _x_v1, for the older form.
"""

import re
from dataclasses import dataclass, field
from typing import Any

from collector.platforms import _answers as answers
from collector.platforms import _x_post as posts
from collector.platforms._x_post import Facts, Words
from collector.platforms._x_v1 import read_v1
from core.post import Account, Media, SeenPost

__all__ = ["NOTHING", "Includes", "history", "read", "read_v1"]

_REPOSTED = ("retweeted", "reposted")
_CUT = re.compile(r"…\s*https://t\.co/\w+$")  # how the beginning of a long note ends
_METRICS = {"likes": "like_count", "replies": "reply_count", "quotes": "quote_count", "views": "impression_count"}
_REPOSTS = ("retweet_count", "repost_count")
_Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Includes:
    """What an answer holds beside its posts: users, posts and polls by id, media by key."""

    users: dict[str, _Json] = field(default_factory=dict)
    posts: dict[str, _Json] = field(default_factory=dict)
    media: dict[str, _Json] = field(default_factory=dict)
    polls: dict[str, _Json] = field(default_factory=dict)

    @classmethod
    def of(cls, includes: Any, *known: _Json) -> "Includes":
        """From the `includes` of an answer; `known` are users whom it need not name."""
        users = [*known, *answers.tables(includes, "users")]
        shown = [*answers.tables(includes, "tweets"), *answers.tables(includes, "posts")]
        return cls(
            {n: user for user in users if (n := answers.number(user, "id"))},
            {n: post for post in shown if (n := answers.number(post, "id"))},
            {n: item for item in answers.tables(includes, "media") if (n := answers.text(item, "media_key"))},
            {n: poll for poll in answers.tables(includes, "polls") if (n := answers.number(poll, "id"))},
        )


NOTHING = Includes()


def read(tweet: Any, includes: Includes = NOTHING) -> SeenPost:
    """One object of API v2, with what its answer included (`Includes.of`).

    Also as twarc2 flattens it, with author, media and referenced posts inside. A repost has the original's whole
    words, where they are at hand. Raises ValueError for an object that is no post, names no time or contradicts
    its id, and for posts of protected accounts.
    """
    if not isinstance(tweet, dict) or not (isinstance(tweet.get("text"), str) or _note(tweet) or _article(tweet)):
        raise ValueError("is no post of X: an object with id and text")
    number = posts.number_of(tweet, "id")
    named = _references(tweet)
    repeated = next((named[name] for name in _REPOSTED if name in named), None)
    original = _joined(repeated, includes) if repeated else None
    media, complete = _media(tweet, original, includes)
    return posts.build(
        Facts(
            number=number,
            history=history(tweet),
            kind=_kind(tweet, named),
            account=_account(tweet, includes),
            words=_words(original or tweet, includes),
            media=media,
            whole=complete and (original is not None or repeated is None),
            said=posts.moment(tweet, "created_at"),
            lang=answers.text(original or tweet, "lang") or answers.text(tweet, "lang"),
            metrics=None if repeated else _metrics(answers.table(tweet, "public_metrics")),
            repeats=_repeats(repeated or named.get("quoted"), includes),
            labels=tuple(dict.fromkeys([*_labels(tweet), *(_labels(original) if original else ())])),
        )
    )


def _labels(tweet: _Json) -> tuple[str, ...]:
    withheld = answers.table(tweet, "withheld")
    countries = answers.rows(withheld, "country_codes")
    return posts.labels(tweet, countries, copyrighted=withheld.get("copyright") is True)


def history(tweet: Any) -> list[Any]:
    """The ids of its states as this state tells them."""
    return answers.rows(tweet, "edit_history_tweet_ids") or answers.rows(tweet, "edit_history_post_ids")


def _references(tweet: _Json) -> dict[str, _Json]:
    """What it names, by its relation."""
    listed = answers.tables(tweet, "referenced_tweets") or answers.tables(tweet, "referenced_posts")
    return {answers.text(row, "type"): row for row in reversed(listed) if answers.number(row, "id")}


def _joined(reference: _Json, includes: Includes) -> _Json | None:
    """The post that is referred to, inside the reference or included."""
    if isinstance(reference.get("text"), str):
        return reference
    found = includes.posts.get(answers.number(reference, "id"))
    return found if found and isinstance(found.get("text"), str) else None


def _repeats(reference: _Json | None, includes: Includes) -> str | None:
    """By the first id of the post that is repeated, as far as that is known."""
    if reference is None:
        return None
    number = posts.number_of(reference, "id")
    return posts.public_id(posts.chain(number, history(_joined(reference, includes)))[0])


def _kind(tweet: _Json, named: dict[str, _Json]) -> str:
    if any(name in named for name in _REPOSTED):
        return "repost"
    if "replied_to" in named or answers.number(tweet, "in_reply_to_user_id"):
        return "reply"
    return "quote" if "quoted" in named else "post"


def _account(tweet: _Json, includes: Includes) -> Account | None:
    user = answers.table(tweet, "author") or includes.users.get(answers.number(tweet, "author_id"), {})
    return posts.account(user, "username") or posts.account(tweet, "username")


def _words(shown: _Json, includes: Includes) -> Words:
    """A long note's own text and entities win over its beginning in `text`; a poll's options follow."""
    note, article = _note(shown), _article(shown)
    if article:
        return Words(article, answers.table(shown, "entities"))
    options = _options(shown, includes)
    if text := answers.text(note, "text"):
        whole = "\n".join([posts.unescaped(text), *options])
        return Words(whole, answers.table(note, "entities") or answers.table(shown, "entities"))
    text = posts.unescaped(answers.text(shown, "text"))
    return Words("\n".join([text, *options]), answers.table(shown, "entities"), cut=bool(_CUT.search(text)))


def _article(shown: _Json) -> str:
    """A long article's title and plain text, where the answer holds that; the post's own text is an address."""
    article = answers.table(shown, "article")
    title, body = answers.text(article, "title"), answers.text(article, "plain_text")
    return "\n\n".join(filter(None, (title, body))) if body else ""


def _options(shown: _Json, includes: Includes) -> list[str]:
    """What its polls let people choose; twarc2's flattened posts hold the polls themselves."""
    attached = answers.table(shown, "attachments")
    named = [includes.polls.get(str(number)) for number in answers.rows(attached, "poll_ids")]
    inside = [answers.table(attached, "poll"), *answers.tables(attached, "polls")]
    polls = {answers.number(poll, "id"): poll for poll in [*named, *inside] if poll}
    options = (option for poll in polls.values() for option in answers.tables(poll, "options"))
    return [label for option in options if (label := posts.unescaped(answers.text(option, "label")))]


def _note(shown: _Json) -> _Json:
    return answers.table(shown, "note_tweet") or answers.table(shown, "note_post")


def _media(tweet: _Json, original: _Json | None, includes: Includes) -> tuple[tuple[Media, ...], bool]:
    """Its media, or those of what it repeats; and whether all of them are shown."""
    found: dict[str, Media | None] = {}
    for shown in filter(None, (original, tweet)):
        attached = answers.table(shown, "attachments")
        inside = {answers.text(item, "media_key"): item for item in answers.tables(attached, "media")}
        keys = [key for key in answers.rows(attached, "media_keys") if isinstance(key, str)] or list(inside)
        found = {key: _one(inside.get(key) or includes.media.get(key)) for key in keys}
        if found:
            break
    return tuple(item for item in found.values() if item), all(found.values())


def _one(item: _Json | None) -> Media | None:
    if item is None:
        return None
    picture = answers.text(item, "url") or answers.text(item, "preview_image_url")
    variants = answers.tables(item, "variants")
    return posts.media(answers.text(item, "type"), picture, variants, "bit_rate", answers.text(item, "alt_text"))


def _metrics(public: _Json) -> dict[str, int | None]:
    reposts = next((name for name in _REPOSTS if name in public), _REPOSTS[0])
    return answers.counts(public, {**_METRICS, "reposts": reposts})
