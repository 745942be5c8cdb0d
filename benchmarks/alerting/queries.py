"""Alerts as analysts would save them, by seed: what each asks for and how often it is asked is told by `MIX`.

Words are drawn evenly over the logarithm of their rank, so that each ten times rarer band is asked for as often:
who saves a search picks words that tell something, and many of them hardly ever stand in a post.
"""

import math
import random
from collections.abc import Callable, Iterator

from benchmarks.searching import posts, vocabulary
from benchmarks.searching.building import TOPICS

_FIRST_RANK, _LAST_RANK = 30, 15_000
_BEGUN = 4  # letters of a prefix
_HIGH = (50, 95)  # hundredths of a probability that is asked for

_FILTERS = (
    "platform:x",
    "platform:mastodon",
    "kind:reply",
    "has:media",
    *(f"lang:{n}" for n in vocabulary.LANGUAGES),
)


def _word(chance: random.Random) -> str:
    (language,) = chance.choices(vocabulary.LANGUAGES, vocabulary.LANGUAGE_SHARES)
    words = vocabulary.words(language)
    while True:
        rank = int(math.exp(chance.uniform(math.log(_FIRST_RANK), math.log(_LAST_RANK))))
        if words[rank] not in ("or", "and", "not"):  # they join words
            return words[rank]


def _words(chance: random.Random, count: int) -> list[str]:
    return [_word(chance) for _ in range(count)]


def _topic(chance: random.Random) -> str:
    return f"topic:{chance.choice(TOPICS)}"


def _account(chance: random.Random) -> str:
    return f"from:{chance.choice(posts.accounts()).handle}"


def _phrase(chance: random.Random) -> str:
    return f'"{chance.choice(vocabulary.PHRASES) if chance.random() < 0.5 else " ".join(_words(chance, 2))}"'


def _prefix(chance: random.Random) -> str:
    return f"{_word(chance)[:_BEGUN]}*"


def _everyday_but(chance: random.Random) -> str:
    return f"{chance.choice(vocabulary.EVERYDAY)} {_word(chance)} -{_word(chance)}"


def _filtered(chance: random.Random) -> str:
    return f"{chance.choice(_FILTERS)} {_word(chance)}"


def _office(chance: random.Random) -> str:
    return f"actor:office-{chance.randrange(posts.ACTORS):02} -{_word(chance)}"


def _probable(chance: random.Random) -> str:
    return f"{_topic(chance)}>{chance.randint(*_HIGH) / 100}"


def _probable_and_words(chance: random.Random) -> str:
    return f"{_probable(chance)} ({' OR '.join(_words(chance, 2))})"


MIX: tuple[tuple[int, str, Callable[[random.Random], str]], ...] = (  # of 100, by what they ask for
    (20, "two words", lambda chance: " ".join(_words(chance, 2))),
    (16, "a word", _word),
    (12, "a phrase, half of them one that posts have", _phrase),
    (12, "a topic and a word", lambda chance: f"{_topic(chance)} {_word(chance)}"),
    (10, "one of three words", lambda chance: " OR ".join(_words(chance, 3))),
    (8, "an account", _account),
    (6, "a prefix of four letters", _prefix),
    (5, "a filter and a word", _filtered),
    (4, "an everyday word and another, without a third", _everyday_but),
    (3, "a topic", _topic),
    (2, "an office without a word", _office),
    (1, "a topic above a probability", _probable),
    (1, "a topic above a probability, and one of two words", _probable_and_words),
)  # fmt: skip


def queries(seed: int, count: int) -> Iterator[str]:
    """The same seed gives the same ones; some are there twice, as topics and accounts are in life."""
    chance = random.Random(seed)
    weights = [weight for weight, _, _ in MIX]
    for _, _, draw in chance.choices(MIX, weights, k=count):
        yield draw(chance)
