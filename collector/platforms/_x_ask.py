"""What X is asked for, at what price at most, and what it means when it refuses.

X charges for every object in an answer: posts, the posts that they refer to, users and media. So a request is as
rich as the day's money allows: whole; without media; or the account's posts alone. No request holds back more than
a part of the day's budget, unless the least one needs more: its money is lost for the day where its answer is.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from urllib.parse import urlencode

from collector.fetch import Fetcher
from collector.platforms import _answers as answers
from collector.purse import Purse
from core.errors import FetchError, Gone, OverBudget, RateLimited, Refused
from core.page import Page

SITE = "https://api.x.com"
MOST, LEAST = 100, 5  # posts of one page of a timeline, as the platform takes them
_REFERRED, _EARLIER, _PICTURES = 2, 5, 4  # a post may quote and answer; be edited five times; show four pictures
_FIELDS = (
    "article,attachments,author_id,created_at,edit_history_tweet_ids,entities,in_reply_to_user_id,lang,note_tweet,"
    "possibly_sensitive,public_metrics,referenced_tweets,withheld"
)
_TEXTS = "author_id,edit_history_tweet_ids,referenced_tweets.id"
_MEDIA = "attachments.media_keys,referenced_tweets.id.attachments.media_keys"
_MEDIA_FIELDS = "alt_text,media_key,preview_image_url,type,url,variants"
USER_FIELDS = "name,protected,username"
_CAPPED = ("usage-capped", "UsageCapExceeded", "SpendCapReached", "CreditsDepleted", "credits")
_PAYMENT = 402


@dataclass(frozen=True, slots=True)
class Level:
    """How rich an answer is asked for; `each` and `once` are what a post and a request may read at most."""

    options: Mapping[str, str]
    each: Mapping[str, int]
    once: Mapping[str, int]

    def worst(self, count: int) -> dict[str, int]:
        words = {*self.each, *self.once}
        return {word: self.each.get(word, 0) * count + self.once.get(word, 0) for word in sorted(words)}

    def affordable(self, purse: Purse, most: int, least: int = 0) -> int:
        """How many posts, up to `most`, one request may ask for; `least` of them even where that takes more than
        a request's part of the day, as far as today's money goes."""
        left = purse.left()
        count = self._fitting(purse, min(left, purse.part()), most)
        if count >= least:
            return count
        return least if self._fitting(purse, left, least) == least else 0

    def _fitting(self, purse: Purse, money: int, most: int) -> int:
        rest, price = money - purse.cost(self.once), purse.cost(self.each)
        if rest < price:
            return 0
        return min(most, rest // price) if price else most


BARE = Level({"tweet.fields": _FIELDS}, {"post": 1}, {})
TEXTS = Level(
    {"tweet.fields": _FIELDS, "user.fields": USER_FIELDS, "expansions": _TEXTS},
    {"post": 1 + _REFERRED + _EARLIER},
    {"user": 1},
)
WHOLE = Level(
    {**TEXTS.options, "media.fields": _MEDIA_FIELDS, "expansions": f"{_TEXTS},{_MEDIA}"},
    {**TEXTS.each, "media": _PICTURES * (1 + _REFERRED)},
    TEXTS.once,
)


def richest(purse: Purse, most: int = MOST, least: int = LEAST) -> tuple[Level, int]:
    """The richest level at which a page of `least` posts fits, and how many fit; the barest one where none does."""
    for level in (WHOLE, TEXTS, BARE):
        if (count := level.affordable(purse, most)) >= least:
            return level, count
    return BARE, least


class Api:
    """Asks with the token, which neither pages nor errors show; each request is paid for."""

    def __init__(self, server: str, token: str, fetcher: Fetcher) -> None:
        self._server, self._token, self._fetcher = server, token, fetcher
        self.purse = fetcher.purse

    def get(self, path: str, options: Mapping[str, str], worst: Mapping[str, int]) -> Page:
        """Raises OverBudget before anything is asked that could cost too much, and where X says that a cap is
        reached; RateLimited for a window that is used up; Gone, Refused or FetchError."""
        url = f"{self._server}/2/{path}?{urlencode(options, safe=',')}"
        self.purse.reserve(worst)
        try:
            page = self._fetcher.get(url, headers={"authorization": f"Bearer {self._token}"})
        except FetchError as error:
            self.purse.failed(answered=error.answered is not None)
            raise self._meant(error) from None
        if page is None:
            self.purse.release()
            raise FetchError(f"{url} says that nothing has changed, though nothing was known")
        return replace(page, state={})

    def _meant(self, error: FetchError) -> Exception:
        text = error.body.decode("utf-8", "replace")
        said = self._said(text)
        if error.answered == _PAYMENT or (error.answered in (403, 429) and any(word in text for word in _CAPPED)):
            return OverBudget(
                f"X gives no more for now: it answered {error.answered}{said}. It is asked again after midnight "
                "UTC; credits and caps are in the developer console of X",
                retry_after=self.purse.until_tomorrow(),
            )
        if isinstance(error, RateLimited | Gone | Refused) or not said:
            return self._like(error, error.message + said)
        advice = "; is the token right?" if error.answered in (401, 403) else ""
        return self._like(error, f"X answered {error.answered}{said}{advice}")

    def _said(self, text: str) -> str:
        """What X gives as its reason, and until when it holds."""
        try:
            answer = json.loads(text)
        except ValueError:
            return ""
        first = next(iter(answers.tables(answer, "errors")), {})
        names = ("title", "detail", "message", "reset_date")
        told = [part for name in names if (part := answers.text(answer, name) or answers.text(first, name))]
        return f" ({'; '.join(dict.fromkeys(told))[:300]})" if told else ""

    def _like(self, error: FetchError, message: str) -> FetchError:
        told = type(error)(
            message.replace(self._token, "***"), retry_after=error.retry_after, answered=error.answered
        )
        told.transient = error.transient
        return told
