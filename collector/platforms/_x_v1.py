"""One post of X in the form of API v1.1, which lives on in archives, streams and the web client's answers."""

import re
from typing import Any

from collector.platforms import _answers as answers
from collector.platforms import _x_post as posts
from collector.platforms._x_post import Facts, Words
from core.post import Account, Media, SeenPost

_METRICS = {"likes": "favorite_count", "reposts": "retweet_count", "replies": "reply_count",
            "quotes": "quote_count", "views": "views"}  # fmt: skip
_EDITED = ("edit_history", "ext_edit_control", "edit_control", "edit_info")
_INITIAL = ("initial", "edit_control_initial", "editControlInitial")
_IDS = ("edit_tweet_ids", "editTweetIds")
_FIRST = ("initial_tweet_id", "initialTweetId")
_REPLIES = ("status_id_str", "status_id", "user_id_str", "user_id")
_REPEATED = re.compile(r"RT @\w{1,20}: ", re.A)
_WITHHELD = re.compile(r"\W+")
_Json = dict[str, Any]


def read_v1(tweet: Any, owner: Account | None = None) -> SeenPost:
    """One object of API v1.1: `id_str`, `full_text` or `text`, `user.screen_name` and the rest.

    `owner` is who wrote it where the object names nobody, as in a user's own archive; there a text that begins
    with "RT @name: " is a repost whose original nobody shows. Raises ValueError for an object that is no post or
    contradicts its id, and for posts of protected accounts.
    """
    if not isinstance(tweet, dict) or not any(isinstance(tweet.get(n), str) for n in ("full_text", "text")):
        raise ValueError("is no post of X: an object with id_str and full_text")
    number = posts.number_of(tweet, "id_str", "id")
    original = answers.table(tweet, "retweeted_status")
    words = _words(original or tweet)
    repost = bool(original) or (not answers.table(tweet, "user") and bool(_REPEATED.match(words.text)))
    return posts.build(
        Facts(
            number=number,
            history=history(tweet),
            kind="repost" if repost else _kind(tweet),
            account=posts.account(answers.table(tweet, "user"), "screen_name") or owner,
            words=words,
            media=_media(original or tweet),
            whole=not repost or bool(original),
            said=posts.moment(tweet, "created_at"),
            lang=answers.text(original or tweet, "lang") or answers.text(tweet, "lang"),
            metrics=None if repost else answers.counts(tweet, _METRICS),
            repeats=_repeats(tweet, original),
            labels=tuple(dict.fromkeys([*_labels(tweet), *_labels(original)])),
        )
    )


def _labels(tweet: _Json) -> tuple[str, ...]:
    return posts.labels(tweet, _withheld(tweet), copyrighted=tweet.get("withheld_copyright") is True)


def history(tweet: Any) -> list[Any]:
    """The ids of its states, in the forms of the API, of enterprise streams and of a user's archive."""
    return [n for name in _EDITED for n in edits(answers.table(tweet, name))]


def edits(control: _Json) -> list[Any]:
    """The ids that an object about edits names, as the first state has it or, inside `edit`, a later one."""
    later = answers.table(control, "edit")
    inside = [answers.table(part, name) for part in (control, later) for name in _INITIAL]
    listed = [n for part in (control, *inside) for name in _IDS for n in answers.rows(part, name)]
    first = (answers.number(part, name) for part in (control, later) for name in _FIRST)
    return [*listed, *filter(None, first)]


def _words(shown: _Json) -> Words:
    """Streams put the whole of a longer text into `extended_tweet`."""
    whole = answers.table(shown, "extended_tweet")
    named = whole or shown
    text = answers.text(named, "full_text") or answers.text(named, "text")
    short = shown.get("truncated") is True and not whole and not answers.text(shown, "full_text")
    cut = short or ("note_tweet" in shown and "full_text" not in shown)  # made for embedding: a note's beginning
    return Words(posts.unescaped(text), answers.table(named, "entities"), cut)


def _kind(tweet: _Json) -> str:
    if any(answers.number(tweet, f"in_reply_to_{name}") for name in _REPLIES):
        return "reply"
    return "quote" if _quoted(tweet) else "post"


def _quoted(tweet: _Json) -> str:
    named = (answers.number(tweet, name) for name in ("quoted_status_id_str", "quoted_status_id"))
    return next(filter(None, named), "") or answers.number(_quoted_status(tweet), "id_str")


def _quoted_status(tweet: _Json) -> _Json:
    return answers.table(tweet, "quoted_status") or answers.table(tweet, "quoted_tweet")


def _repeats(tweet: _Json, original: _Json) -> str | None:
    """By the first id of the post that is repeated, as far as that is known."""
    number = posts.number_of(original, "id_str", "id") if original else _quoted(tweet)
    if not number:
        return None
    states = history(original or _quoted_status(tweet))
    return posts.public_id(posts.chain(posts.number_of({"id": number}, "id"), states)[0])


def _withheld(tweet: _Json) -> list[Any]:
    """Country codes, as a list or as one text with commas."""
    codes = tweet.get("withheld_in_countries")
    return _WITHHELD.split(codes) if isinstance(codes, str) else answers.rows(tweet, "withheld_in_countries")


def _media(shown: _Json) -> tuple[Media, ...]:
    """`extended_entities` has all of them, or `mediaDetails` where a post is made for embedding; `entities` one."""
    whole = answers.table(shown, "extended_tweet") or shown
    attached = answers.tables(answers.table(whole, "extended_entities"), "media")
    attached = attached or answers.tables(whole, "mediaDetails")
    found = (_one(item) for item in attached or answers.tables(answers.table(whole, "entities"), "media"))
    return tuple(dict.fromkeys(item for item in found if item))


def _one(item: _Json) -> Media | None:
    picture = answers.text(item, "media_url_https") or answers.text(item, "media_url")
    variants = answers.tables(answers.table(item, "video_info"), "variants")
    return posts.media(answers.text(item, "type"), picture, variants, "bitrate", answers.text(item, "ext_alt_text"))
