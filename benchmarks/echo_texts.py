"""Announcements that nobody made, as offices would vary them, and others that only look alike.

Every announcement fills the places of a template: date, rank, name, place, number. What says the same is made of
it by what people and platforms do to a text; what does not is the same template with one place filled otherwise,
another week's figures, another announcement with the same closing words, a report that names the same place, or the
same announcement in another language. All names and units are invented.
"""

import random
import re
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Slots = dict[str, str]

_TEXTS: dict[str, Any] = tomllib.loads(Path(__file__).with_name("echoes.toml").read_text("utf-8"))
LANGUAGES = tuple(_TEXTS)


@dataclass(frozen=True, slots=True)
class Pair:
    """Two texts, whether they say the same, and what was done to the first."""

    one: str
    other: str
    same: bool
    lang: str
    how: str


def pairs(seed: int, each: int, part: str = "templates") -> Iterator[Pair]:
    """`each` fillings of every template of this part, every change of each."""
    chance = random.Random(seed)
    for lang in LANGUAGES:
        for number in range(len(_TEXTS[lang][part])):
            for _ in range(each):
                slots = _fill(chance, lang)
                yield from _of(chance, lang, part, number, slots)


def _of(chance: random.Random, lang: str, part: str, number: int, slots: Slots) -> Iterator[Pair]:
    templates = _TEXTS[lang][part]
    template = templates[number]
    said = template.format(**slots)
    for how, change in _SAME.items():
        yield Pair(said, change(chance, said, lang), True, lang, how)
    for slot in slots:
        if f"{{{slot}}}" in template:
            other = template.format(**{**slots, slot: _other(chance, lang, slot, slots[slot])})
            dressed = _dressed(chance, other, lang)
            yield Pair(said, dressed, False, lang, f"another {slot}")
    again = template.format(**_fill(chance, lang, apart_from=slots))
    yield Pair(said, again, False, lang, "the template, all else another")
    unlike = chance.choice([t for t in templates if t != template]).format(**slots)
    yield Pair(
        said + _TEXTS[lang]["closing"], unlike + _TEXTS[lang]["closing"], False, lang, "the same closing words"
    )
    first, second = (_first_sentence(t) + _TEXTS[lang]["closing"] for t in (said, unlike))
    yield Pair(first, second, False, lang, "short, the same closing words")
    yield Pair(said, _TEXTS[lang]["news"].format(quoted=unlike, **slots), False, lang, "news that quotes another")
    week = {**slots, "number": _other(chance, lang, "number", slots["number"])}
    week["date"] = _other(chance, lang, "date", slots["date"])
    weekly = _TEXTS[lang]["weekly"]
    yield Pair(weekly.format(**slots), weekly.format(**week), False, lang, "another week's figures")
    other_lang = chance.choice([name for name in LANGUAGES if name != lang])
    translated = _TEXTS[other_lang][part][min(number, len(_TEXTS[other_lang][part]) - 1)]
    yield Pair(said, translated.format(**_fill(chance, other_lang)), False, lang, "another language")


def _fill(chance: random.Random, lang: str, apart_from: Slots | None = None) -> Slots:
    given = apart_from or {}
    return {slot: _other(chance, lang, slot, given.get(slot, "")) for slot in _TEXTS[lang]["slots"]}


def _other(chance: random.Random, lang: str, slot: str, value: str) -> str:
    known: list[str] = _TEXTS[lang]["slots"][slot]
    return chance.choice([v for v in known if v != value])


# -- what is done to a text that stays the same -------------------------------------------------------------

_LINK = "https://t.example/"
_SPELLINGS = (("Brig. Gen.", "BG"), ("Maj. Gen.", "Major General"), ("Lt. Gen.", "LTG"), ("Col.", "Colonel"),
              ("18 August", "August 18"), ("ي", "ی"), ("ك", "ک"), ("û", "u"))  # fmt: skip


def _link(chance: random.Random) -> str:
    return _LINK + "".join(chance.choices("abcdefghkmnpqrstuvwxyz23456789", k=10))


def _first_sentence(text: str) -> str:
    return re.split(r"(?<=[^.\s]{4}\.) ", text)[0]


def _dressed(chance: random.Random, text: str, lang: str) -> str:
    """Another link and a hashtag, as any post of a template has."""
    return f"{text} {chance.choice(_TEXTS[lang]['hashtags'])} {_link(chance)}"


def _cut(chance: random.Random, text: str, lang: str) -> str:
    return text[: max(90, len(text) * chance.randint(55, 85) // 100)].rstrip() + f"… {_link(chance)}"


def _news(chance: random.Random, text: str, lang: str) -> str:
    frame: str = _TEXTS[lang]["news"]
    return frame.format(quoted=text, **_fill(chance, lang))


def _marked_inside(chance: random.Random, text: str, lang: str) -> str:
    spots = [found.start() for found in re.finditer(r"(?<= )[^\W\d_]{5,}", text)]
    chosen = set(chance.sample(spots, min(3, len(spots))))
    return "".join(f"#{letter}" if at in chosen else letter for at, letter in enumerate(text))


def _respelled(chance: random.Random, text: str, lang: str) -> str:
    for written, other in _SPELLINGS:
        text = text.replace(written, other)
    return text


def _mistyped(chance: random.Random, text: str, lang: str) -> str:
    long = [found for found in re.finditer(r"[^\W\d_]{6,}", text) if found.start()]
    found = chance.choice(long)
    at = found.start() + 3
    return text[:at] + text[at + 1] + text[at] + text[at + 2 :]


def _by_handle(chance: random.Random, text: str, lang: str) -> str:
    names = "|".join(_TEXTS[lang]["slots"]["name"])
    return re.sub(names, "@guard_staff", text, count=1)


_SAME: dict[str, Callable[[random.Random, str, str], str]] = {
    "letter by letter": lambda chance, text, lang: text,
    "another link": lambda chance, text, lang: f"{text} {_link(chance)}",
    "hashtags at the end": lambda chance, text, lang: f"{text} {' '.join(_TEXTS[lang]['hashtags'])}",
    "hashtags inside": _marked_inside,
    "thread number": lambda chance, text, lang: f"{text} {chance.randint(1, 4)}/{chance.randint(4, 7)}",
    "flags and emoji": lambda chance, text, lang: f"🇮🇶🤝 {text} 💪",
    "RT": lambda chance, text, lang: f"RT @mission_office: {text}",
    "an opening word": lambda chance, text, lang: _TEXTS[lang]["opening"] + text,
    "a sentence more": lambda chance, text, lang: text + _TEXTS[lang]["more"],
    "closing words": lambda chance, text, lang: text + _TEXTS[lang]["closing"],
    "cut off": _cut,
    "quoted in news": _news,
    "ranks and letters spelled otherwise": _respelled,
    "a letter mistyped": _mistyped,
    "a handle for a name": _by_handle,
    "capitals, no stops": lambda chance, text, lang: re.sub(r"[.,:]", "", text).upper(),
}
