"""What is asked: shapes of queries, each with several questions of that shape, so that no answer is merely kept.

A question names what any of the contenders can be asked: words that all have to stand in the text, a phrase, a
prefix, filters, an order and a place to go on from.
"""

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cached_property
from itertools import cycle, islice

from benchmarks.searching import vocabulary
from benchmarks.searching.building import TOPICS
from benchmarks.searching.posts import BEGIN, accounts
from db.query import KEY_BITS, first_key

LIMIT = 50
PAGE = ("page",)
BOTH = "histogram and facets"
_VARIANTS = 8
_FREQUENT = ("commander", "leaders", "security", "school", "training", "officers", "general", "regional")


@dataclass(frozen=True, slots=True)
class Question:
    """`without` is a word that stands nowhere: it makes a new question of one that was asked before. `after` is the
    last moment of the page before."""

    words: tuple[str, ...] = ()
    phrase: str = ""
    prefix: str = ""
    without: str = ""
    topic: str = ""
    account: str = ""
    since: datetime | None = None
    until: datetime | None = None
    oldest: bool = False
    after: datetime | None = None

    @property
    def has_words(self) -> bool:
        return bool(self.words or self.phrase or self.prefix)

    def bounds(self) -> tuple[datetime | None, datetime | None]:
        """From here and until before there: the range, and what the page before leaves."""
        since = max(
            filter(None, (self.since, self.after + timedelta(seconds=1) if self.after and self.oldest else None)),
            default=None,
        )
        until = min(
            filter(None, (self.until, self.after if self.after and not self.oldest else None)), default=None
        )
        return since, until


@dataclass(frozen=True)
class Shape:
    """`tasks` are page, total, histogram or facets, done of one question one after the other."""

    name: str
    tasks: tuple[str, ...]
    questions: tuple[Question, ...]
    asked_anew: bool = False  # each time another question, so that nothing answers from what was kept

    def question(self, number: int) -> Question:
        found = self.questions[number % len(self.questions)]
        return replace(found, without=f"{vocabulary.RARE[0]}n{number}") if self.asked_anew else found

    @cached_property
    def first(self) -> Question:
        return self.questions[0]


def shapes(archive: sqlite3.Connection, count: int) -> tuple[Shape, ...]:
    """Of an archive of so many posts, which tells where the pages in the middle are."""
    everyday = tuple(Question(words=(word,)) for word in vocabulary.EVERYDAY)
    deep = tuple(replace(q, after=_middle(archive, q.words[0], part)) for q in everyday for part in (0.4, 0.6))
    first = everyday[:1]
    phrases = _of(Question(phrase=phrase) for phrase in vocabulary.PHRASES)
    return (
        Shape("rare word", PAGE, _of(Question(words=(word,)) for word in vocabulary.RARE), asked_anew=True),
        Shape("word in 30 %", PAGE, everyday, asked_anew=True),
        Shape("phrase", PAGE, phrases, asked_anew=True),
        Shape("phrase again", PAGE, phrases),
        Shape("prefix", PAGE, _of(Question(prefix=p) for p in vocabulary.prefixes(_VARIANTS)), asked_anew=True),
        Shape("three words", PAGE, _of(map(_three, range(_VARIANTS))), asked_anew=True),
        Shape("word, topic, account, range", PAGE, _of(map(_filtered, range(_VARIANTS))), asked_anew=True),
        Shape("topic alone", PAGE, _of(Question(topic=topic) for topic in TOPICS[:_VARIANTS])),
        Shape("deep page", PAGE, deep),
        Shape("oldest first", PAGE, _of(replace(q, oldest=True) for q in everyday), asked_anew=True),
        Shape("total", ("total",), everyday, asked_anew=True),
        Shape("histogram", ("histogram",), first, asked_anew=True),
        Shape("facets", ("facets",), first, asked_anew=True),
        Shape(BOTH, ("histogram", "facets"), first, asked_anew=True),
        Shape("histogram again", ("histogram",), first),
        Shape("facets again", ("facets",), first),
    )


def _of(questions: Iterable[Question]) -> tuple[Question, ...]:
    return tuple(questions)


def _three(number: int) -> Question:
    return Question(words=tuple(islice(cycle(_FREQUENT), number, number + 3)))


def _filtered(number: int) -> Question:
    """A word of every third post, one of the busier accounts, three years out of the ten."""
    since = BEGIN + timedelta(days=365 * (number % 7))
    word = vocabulary.EVERYDAY[number % len(vocabulary.EVERYDAY)]
    owner = accounts()[number].handle
    return Question(
        (word,), topic=TOPICS[number % 4], account=owner, since=since, until=since + timedelta(days=1095)
    )


def _middle(archive: sqlite3.Connection, word: str, part: float) -> datetime:
    """When the post was published that lies so far down the list of this word."""
    matching = "FROM post_text WHERE post_text MATCH ?"
    (count,) = archive.execute(f"SELECT count(*) {matching}", (word,)).fetchone()
    wanted = f"SELECT rowid {matching} ORDER BY rowid DESC LIMIT 1 OFFSET ?"
    (key,) = archive.execute(wanted, (word, int(count * part))).fetchone()
    return BEGIN.fromtimestamp(key >> KEY_BITS, BEGIN.tzinfo)


def keys(question: Question) -> tuple[int | None, int | None]:
    """The bounds as row keys."""
    since, until = question.bounds()
    return (first_key(since) if since else None), (first_key(until) if until else None)
