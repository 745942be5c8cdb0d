"""What posts of X have in common in every form that they come in: times in ids, edits, links, media, labels."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from collector.platforms import _answers as answers
from collector.reading import language, markup
from core import ids, times
from core.post import Account, Media, SeenPost, View

PLATFORM = "x"
_ID = re.compile(r"\d{1,19}", re.A)
_ESCAPED = re.compile(r"&(amp|lt|gt|quot|#39);")
_PLAIN = {"amp": "&", "lt": "<", "gt": ">", "quot": '"', "#39": "'"}
_OLD_TIME = "%a %b %d %H:%M:%S %z %Y"  # Wed Oct 10 20:19:24 +0000 2018
_TOLERANCE = timedelta(minutes=1)  # between the time in an id and the one that is told
_OWN_MEDIA = re.compile(r"/status(?:es)?/\d+/(?:photo|video)/\d+/?$")
_SHORTENED = "://t.co/"
_TYPES = {"photo": "image", "animated_gif": "video"}
_Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Words:
    """A post's text with its entities; `cut` where the platform shows only its beginning."""

    text: str
    entities: _Json
    cut: bool = False

    @property
    def links(self) -> tuple[str, ...]:
        """Where the text leads, t.co resolved; the post's own pictures are no links."""
        return tuple(dict.fromkeys(_outward(answers.tables(self.entities, "urls"))))

    @property
    def resolved(self) -> bool:
        """Whether shortened addresses are explained, as far as there are some."""
        return not self.cut and (_SHORTENED not in self.text or bool(self.entities))


@dataclass(frozen=True, slots=True)
class Facts:
    """What a reader found; `history` are the ids of all states, `whole` is False where parts are not shown."""

    number: str
    history: Sequence[str]
    kind: str
    account: Account | None
    words: Words
    media: tuple[Media, ...]
    whole: bool
    said: datetime | None = None
    lang: str = ""
    metrics: dict[str, int | None] | None = None
    repeats: str | None = None
    labels: tuple[str, ...] = ()


def build(facts: Facts) -> SeenPost:
    """Raises ValueError where id and time contradict each other; an edit may tell the time of the first state."""
    numbers = chain(facts.number, facts.history)
    made, first = ids.x_time(facts.number), ids.x_time(numbers[0])
    if made and facts.said and all(abs(time - facts.said) > _TOLERANCE for time in filter(None, (made, first))):
        raise ValueError(
            f"the id {facts.number} is of {times.text(made)}, created_at says {times.text(facts.said)}"
        )
    handle = facts.account.handle.lstrip("@") if facts.account else "i/web"
    return SeenPost(
        platform=PLATFORM,
        platform_id=numbers[0],
        kind=facts.kind,
        account=facts.account,
        text=facts.words.text,
        url=f"https://x.com/{handle}/status/{facts.number}",
        lang=language.resolve(facts.lang, facts.words.text) if facts.lang else None,
        created_at=first or facts.said,
        links=facts.words.links,
        media=facts.media,
        metrics=facts.metrics or {},
        view=View.FULL if facts.whole and facts.words.resolved else View.ENTRY,
        repeats=facts.repeats,
        labels=facts.labels,
        revised_at=made or facts.said,
        other_ids=tuple(numbers[1:]),
    )


def chain(number: str, history: Iterable[Any]) -> list[str]:
    """The ids of a post's states, oldest first, its own among them; its first one is the post's."""
    sound = {str(n) for n in history if _ID.fullmatch(str(n))}
    return sorted({number, *sound}, key=int)


def public_id(number: str) -> str:
    return ids.public_id(PLATFORM, number)


def number_of(item: Any, *names: str) -> str:
    """The status id at the first of `names` that has one. Raises ValueError."""
    found = next((n for name in names if (n := answers.number(item, name))), "")
    if not _ID.fullmatch(found):
        raise ValueError(f"{names[0]} {found[:60]!r} is no id of a post" if found else f"{names[0]} is missing")
    return str(int(found))


def unescaped(text: str) -> str:
    """The platform escapes five characters, once."""
    return _ESCAPED.sub(lambda found: _PLAIN[found[1]], text)


def moment(item: Any, name: str) -> datetime | None:
    """RFC 3339, or the older form of X. Raises ValueError for what is neither."""
    value = answers.text(item, name)
    if value[:1].isdigit() or not value:
        return answers.moment(item, name)
    try:
        return datetime.strptime(value, _OLD_TIME).astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError(f"{name} {value[:60]!r} is no time such as 2025-08-18T14:30:00Z") from None


def account(user: Any, *names: str) -> Account | None:
    """Whose handle is at one of `names`; None where nobody is named. Raises ValueError for protected accounts."""
    handle = next((h for name in names if (h := answers.text(user, name).lstrip("@"))), "")
    if not handle:
        return None
    if user.get("protected") is True:
        raise ValueError(f"@{handle} shows its posts only to those whom it lets in (protected): not kept")
    return Account(PLATFORM, f"@{handle}", unescaped(answers.text(user, "name")) or None)


def labels(item: _Json, countries: Iterable[Any], *, copyrighted: bool) -> tuple[str, ...]:
    """What the platform attaches: sensitive for its author's warning, and where or why it is withheld."""
    withheld = [f"withheld:{code}" for code in countries if isinstance(code, str) and code.isalnum()]
    taken = ["withheld:copyright"] if copyrighted else []
    sensitive = ["sensitive"] if item.get("possibly_sensitive") is True else []
    return tuple(dict.fromkeys([*sensitive, *withheld, *taken]))


def media(kind: str, picture: str, variants: Iterable[_Json], rate: str, alt: str) -> Media | None:
    """A picture, or the largest file of a film; None where no address is shown."""
    playable = [v for v in variants if answers.text(v, "content_type") == "video/mp4"]
    largest = max(playable, key=lambda v: r if type(r := v.get(rate)) is int else 0, default={})
    film = answers.text(largest, "url").partition("?")[0]  # what follows names the player's version
    url = markup.absolute(film or picture, "")
    return Media(_TYPES.get(kind, kind or "image"), url, unescaped(alt) or None) if url else None


def _outward(urls: Iterable[_Json]) -> Iterator[str]:
    for entity in urls:
        address = answers.text(entity, "expanded_url") or answers.text(entity, "url")
        if "media_key" in entity or _OWN_MEDIA.search(address):
            continue
        if url := markup.absolute(address, ""):
            yield url
