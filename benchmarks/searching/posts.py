"""Posts by seed, a block at a time: the same seed and number give the same posts, whatever is asked for before.

Ten years, one post a slot of time, so that no two are of one second. They come in as a followed archive gets them:
block after block in the order of time, mixed within a block, and one in fifty late, from any of the ten years.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import numpy as np

from benchmarks.searching import vocabulary
from core import times

BLOCK = 1000  # posts that are drawn together
BEGIN = datetime(2015, 6, 1, tzinfo=UTC)
YEARS = timedelta(days=3650)
SEEN_AT = BEGIN + YEARS + timedelta(days=1)  # when all of it is said to have come in
ACCOUNTS, ACTORS = 400, 40
LATE = 50  # every so manieth post
_FEWEST, _MOST = 40, 60  # words
_RARE_POSTS = 80  # in which each rare word stands
_EVERY_LINK, _EVERY_PICTURE, _EVERY_EDIT, _EVERY_DELETION = 4, 5, 50, 200
_EPOCH_X = 1288834974657  # milliseconds: what X counts its ids from
_PLATFORMS = ("x", "x", "x", "mastodon", "mastodon", "bluesky", "feed", "dvids")  # of accounts, in turn
_KINDS = {"feed": "article", "dvids": "release"}
_STEPS = 7919  # a prime: it walks through all late posts


@dataclass(frozen=True, slots=True)
class Account:
    number: int
    platform: str
    handle: str
    name: str
    actor: str


@cache
def accounts() -> tuple[Account, ...]:
    found = []
    for number in range(ACCOUNTS):
        platform, actor = _PLATFORMS[number % len(_PLATFORMS)], f"office-{number % ACTORS:02}"
        handle = f"bench{number:03}"
        full = f"@{handle}@social.example" if platform == "mastodon" else f"@{handle}"
        found.append(Account(number, platform, full, f"Invented Office {number}", actor))
    return tuple(found)


def records(seed: int, count: int) -> Iterator[list[dict[str, Any]]]:
    """Blocks of posts in the API's form."""
    for first in range(0, count, BLOCK):
        yield _block(seed, count, first)


def changes(block: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What its platforms show of the block later: some texts are other ones, some posts are gone."""
    edited = [_edited(record) for record in block[::_EVERY_EDIT]]
    return edited + [{**record, "deleted_at": times.text(SEEN_AT)} for record in block[7::_EVERY_DELETION]]


def _edited(record: dict[str, Any]) -> dict[str, Any]:
    return {**record, "text": f"{record['text']} Corrected.", "changed_at": times.text(SEEN_AT)}


def _block(seed: int, count: int, first: int) -> list[dict[str, Any]]:
    chance = np.random.default_rng((seed, first))
    last = min(first + BLOCK, count)
    size = last - first
    slots = _slots(chance, count, first, last)
    owners = np.minimum(chance.zipf(1.3, size) - 1, 10**9) % ACCOUNTS
    languages = chance.choice(len(vocabulary.LANGUAGES), size, p=vocabulary.LANGUAGE_SHARES)
    texts = _texts(chance, languages, slots, max(1, count // (_RARE_POSTS * len(vocabulary.RARE))))
    likes = chance.geometric(0.02, size)
    every = YEARS / count
    return [
        _record(
            int(slot), BEGIN + int(slot) * every, accounts()[owner], vocabulary.LANGUAGES[language], said, int(n)
        )
        for slot, owner, language, said, n in zip(slots, owners, languages, texts, likes, strict=True)
    ]


def _slots(chance: np.random.Generator, count: int, first: int, last: int) -> Any:
    """Those of the block in mixed order; each late one is swapped for one of any time."""
    slots = np.arange(first, last)
    late = slots % LATE == 0
    of_all = -(-count // LATE)
    step = _STEPS if of_all % _STEPS else 1
    slots[late] = (slots[late] // LATE * step % of_all) * LATE
    return chance.permutation(slots)


def _texts(chance: np.random.Generator, languages: Any, slots: Any, rare_every: int) -> list[str]:
    size = len(languages)
    lengths = chance.integers(_FEWEST, _MOST + 1, size)
    ranks = np.searchsorted(_zipf(), chance.random(int(lengths.sum())))
    everyday = chance.random((size, len(vocabulary.EVERYDAY))) < vocabulary.EVERYDAY_SHARE
    phrases = chance.random((size, len(vocabulary.PHRASES))) < vocabulary.PHRASE_SHARE
    places = chance.random((size, 16))
    found, begin = [], 0
    for n in range(size):
        own = vocabulary.words(vocabulary.LANGUAGES[languages[n]])
        words = [own[rank % len(own)] for rank in ranks[begin : begin + lengths[n]]]
        begin += lengths[n]
        marked = [word for word, there in zip(vocabulary.EVERYDAY, everyday[n], strict=True) if there]
        marked += [phrase for phrase, there in zip(vocabulary.PHRASES, phrases[n], strict=True) if there]
        slot = int(slots[n])
        if slot % rare_every == 0:
            marked.append(vocabulary.RARE[slot // rare_every % len(vocabulary.RARE)])
        for word, place in zip(marked, places[n], strict=False):
            words.insert(int(place * len(words)), word)
        found.append(_sentences(words))
    return found


@cache
def _zipf() -> Any:
    """The chance that a word is of this rank or before it."""
    weights = 1 / np.arange(1, vocabulary.SIZE + 1)
    return np.cumsum(weights / weights.sum())


def _sentences(words: list[str]) -> str:
    return ". ".join(" ".join(words[n : n + 12]).capitalize() for n in range(0, len(words), 12)) + "."


def _record(slot: int, at: datetime, owner: Account, language: str, said: str, likes: int) -> dict[str, Any]:
    number, url = place(slot, at, owner)
    pictures = [{"type": "image", "url": f"{url}/picture.jpg", "alt": f"Picture {slot}"}]
    return {
        "platform": owner.platform,
        "platform_id": number,
        "url": url,
        "kind": "reply" if slot % 11 == 3 and owner.platform == "x" else _KINDS.get(owner.platform, "post"),
        "account": {"platform": owner.platform, "handle": owner.handle, "name": owner.name},
        "text": said,
        "lang": language,
        "created_at": times.text(at),
        "created_at_precision": "second",
        "synthetic": True,
        "links": [f"https://news.example/{slot}"] if slot % _EVERY_LINK == 0 else [],
        "media": pictures if slot % _EVERY_PICTURE == 0 else [],
        "metrics": {"likes": likes, "reposts": likes // 3, "replies": slot % 5, "quotes": None, "views": None},
        "sightings": [{"first_hand": True, "url": url}],
    }


def place(slot: int, at: datetime, owner: Account) -> tuple[str, str]:
    """Its id on its platform and its address there."""
    bare = owner.handle.split("@")[1]
    match owner.platform:
        case "x":
            number = str((int(at.timestamp() * 1000) - _EPOCH_X) << 22 | slot % 4096)
            return number, f"https://x.com/{bare}/status/{number}"
        case "mastodon":
            return f"social.example/{slot}", f"https://social.example/@{bare}/{slot}"
        case "bluesky":
            number = f"did:plc:bench{owner.number:019}/3bench{slot:08}"
            return number, f"https://bsky.app/profile/{number.replace('/', '/post/')}"
        case "dvids":
            return f"news/{slot}", f"https://www.dvidshub.net/news/{slot}"
    return f"{slot:016x}", f"https://{bare}.example/news/{slot}"
