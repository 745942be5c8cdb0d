"""The form in which posts travel: from `parse` to the archive, from `kle parse` to `kle import`."""

import hashlib
import re
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from enum import IntEnum
from typing import Any, Literal

from core import ids, times
from core.errors import ParseError
from core.text import storable

Kind = Literal["post", "repost", "reply", "quote", "article", "release", "caption", "video"]
Precision = Literal["second", "day", "seen"]
KINDS: tuple[str, ...] = Kind.__args__  # type: ignore[attr-defined]
PRECISIONS: tuple[str, ...] = Precision.__args__  # type: ignore[attr-defined]
_AHEAD = timedelta(minutes=10)  # clocks differ
_MOST = 1 << 63  # counts that no database column holds
_PSEUDONYM = re.compile(r"~[0-9a-f]{32}")
_PLATFORM = re.compile(r"[a-z][a-z0-9_]{0,31}")
WITHHELD = "the text of this post was withheld from the copy at hand; import the operator's own export"
METRICS = ("likes", "reposts", "replies", "quotes", "views")


class View(IntEnum):
    """How much of a post a source shows; a lesser view of a known post is a sighting, never an edit."""

    QUOTE = 0  # embedded in someone else's page: second hand, perhaps cut off
    ENTRY = 1  # a feed's summary
    PAGE = 2  # the page itself
    FULL = 3  # the platform's own record


OWN_VIEW = {"feed": View.ENTRY, "article": View.PAGE}  # where a record is what its platform's reader shows


def named(handle: str | None) -> bool:
    """Whether it tells who that is: none, or a release's pseudonym, does not."""
    return bool(handle) and not _PSEUDONYM.fullmatch(str(handle))


@dataclass(frozen=True, slots=True)
class Account:
    """`handle` as its platform writes it, X with the @ ("@CJTFOIR"); feeds and pages: their host name.

    `wishes` is what its owner asks of those who read along, in the platform's words ("noindex",
    "!no-unauthenticated"); None where this view of it does not tell, () where it tells that there are none.
    """

    platform: str
    handle: str
    name: str | None = None
    wishes: tuple[str, ...] | None = None

    @property
    def named(self) -> bool:
        return named(self.handle)


@dataclass(frozen=True, slots=True)
class Media:
    type: str  # image, video, audio, or the source's own word
    url: str
    alt: str | None = None


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """Which version of another archive shows this state: its number, change, time and digest there. `before` is
    where that archive itself has it from."""

    archive: str
    number: int
    change: str
    seen_at: datetime
    digest: str
    before: "Elsewhere | None" = None


@dataclass(frozen=True, slots=True)
class Place:
    """Where a post was seen: itself, or (second hand) quoted by the page at `url`."""

    url: str | None
    first_hand: bool


@dataclass(frozen=True, slots=True)
class Counted:
    """Counts of a post when they were observed."""

    at: datetime
    counts: dict[str, int | None]


@dataclass(frozen=True, slots=True)
class Word:
    """What a person said of a topic in another archive: `tagged` or `not`, who, why and when."""

    topic: str
    decision: str
    name: str
    note: str | None
    at: datetime


@dataclass(frozen=True, slots=True)
class SeenPost:
    """One post as one source showed it once.

    `platform_id` is what follows the colon in the public id; `created_at` is None where the source gives no
    date; `embedded_in` is the URL of the page that quotes it (second hand); `repeats` the public id of the
    post that a repost or quote names; `follow` a page worth fetching for the whole text. `labels` are the author's
    own on this post ("sensitive", "graphic-media"). `revised_at` is when its author made this state of it, where
    the platform tells: an older state that is seen later is no edit. `other_ids` are further platform ids of it.
    `measured_at` is when its counts were observed, where that was not just now: in a file of another day.

    What only another archive's release tells: `elsewhere` is the version of there that shows this state, `history`
    all that are still there, this one among them, in order; `observed` are all its counts, `words` what people said
    of its topics. `places` are further ones where it was seen.
    """

    platform: str
    platform_id: str
    kind: str
    account: Account | None
    text: str
    url: str | None = None
    lang: str | None = None
    created_at: datetime | None = None
    precision: Precision = "second"
    links: tuple[str, ...] = ()
    media: tuple[Media, ...] = ()
    metrics: dict[str, int | None] = field(default_factory=dict)
    synthetic: bool = False
    deleted: bool = False
    view: View = View.FULL
    embedded_in: str | None = None
    repeats: str | None = None
    follow: str | None = None
    labels: tuple[str, ...] = ()
    revised_at: datetime | None = None
    other_ids: tuple[str, ...] = ()
    measured_at: datetime | None = None
    places: tuple[Place, ...] = ()
    elsewhere: Elsewhere | None = None
    history: tuple["SeenPost", ...] = ()
    observed: tuple[Counted, ...] = ()
    words: tuple[Word, ...] = ()

    @property
    def id(self) -> str:
        return ids.public_id(self.platform, self.platform_id)

    @property
    def first_hand(self) -> bool:
        return self.view is not View.QUOTE


@dataclass(frozen=True, slots=True)
class Asked:
    """A known post for which its platform is asked again by id; `other_ids` are further platform ids of it."""

    platform_id: str
    kind: str
    url: str | None = None
    other_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Problem:
    """One item of a payload that could not be read; the others go on. `item` is the raw item or its start."""

    error: str
    item: str = ""


def to_json(post: SeenPost) -> dict[str, Any]:
    """The API's form without what only an archive knows."""
    owner = post.account
    return {
        "id": post.id,
        "platform": post.platform,
        "platform_id": post.platform_id,
        "url": post.url,
        "kind": post.kind,
        "account": {"platform": owner.platform, "handle": owner.handle, "name": owner.name} if owner else None,
        "text": post.text,
        "lang": post.lang,
        "created_at": times.text(post.created_at) if post.created_at else None,
        "created_at_precision": post.precision if post.created_at else "seen",
        "synthetic": post.synthetic,
        "links": list(post.links),
        "media": [asdict(m) for m in post.media],
        "metrics": {name: post.metrics.get(name) for name in METRICS} if post.metrics else None,
        "repeats": post.repeats,
        "labels": [*post.labels, *((owner and owner.wishes) or ())],
        "sightings": [{"first_hand": post.first_hand, "url": post.embedded_in or post.url}],
    }


def from_json(record: dict[str, Any]) -> SeenPost:
    """Read the API's form. Raises ParseError that names the field and what it takes."""
    platform = _text(record, "platform", required=True)
    if not _PLATFORM.fullmatch(platform):
        raise ParseError(f"platform {platform!r} must be lower-case letters, digits and _, such as mastodon")
    platform_id = _text(record, "platform_id", required=True)
    kind = _text(record, "kind") or "post"
    if kind not in KINDS:
        raise ParseError(f"kind {kind!r} is not one of {', '.join(KINDS)}")
    if isinstance(record.get("rights"), dict) and record["rights"].get("text_withheld") is True:
        raise ParseError(WITHHELD)
    text = _text(record, "text")
    if record.get("text_sha256") not in (None, hashlib.sha256(text.encode()).hexdigest()):
        raise ParseError("its text is not the one that text_sha256 tells of: it was changed after it was exported")
    first_hand = _first_hand(record)
    return SeenPost(
        platform=platform,
        platform_id=platform_id,
        kind=kind,
        account=_account(record.get("account"), platform),
        text=text,
        url=_text(record, "url") or None,
        lang=_text(record, "lang") or None,
        created_at=_time(record, "created_at"),
        precision=_precision(record),
        links=tuple(_list(record, "links", str)),
        media=tuple(_media(item) for item in _list(record, "media", dict)),
        metrics=counts(record.get("metrics")),
        synthetic=record.get("synthetic") is True,
        deleted=_deleted(record),
        view=OWN_VIEW.get(platform, View.FULL) if first_hand else View.QUOTE,
        embedded_in=None if first_hand else _sighting_url(record),
        repeats=_text(record, "repeats") or None,
        labels=tuple(_list(record, "labels", str)),
        revised_at=_time(record, "changed_at"),
        measured_at=_observed(record.get("metrics")),
        places=_places(record),
    )


def _text(record: dict[str, Any], name: str, *, required: bool = False) -> str:
    value = record.get(name)
    if value is None:
        value = ""
    if not isinstance(value, str):
        raise ParseError(f"{name} must be a string, not {type(value).__name__}")
    value = storable(value)
    if required and not value.strip():
        raise ParseError(f"{name} is missing")
    return value


def _list(record: dict[str, Any], name: str, kind: type) -> list[Any]:
    value = record.get(name) or []
    if not isinstance(value, list) or not all(isinstance(item, kind) for item in value):
        raise ParseError(f"{name} must be a list of {kind.__name__}")
    return value


def _account(value: Any, platform: str) -> Account | None:
    if value is None:
        return None
    if not isinstance(value, dict):
        raise ParseError("account must be an object with handle and name")
    handle = _text(value, "handle", required=True)
    return Account(_text(value, "platform") or platform, handle, _text(value, "name") or None)


def _media(item: dict[str, Any]) -> Media:
    return Media(_text(item, "type") or "image", _text(item, "url", required=True), _text(item, "alt") or None)


def counts(value: Any) -> dict[str, int | None]:
    """{} where nothing is counted. Raises ParseError."""
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise ParseError("metrics must be an object of counts")
    found = {name: value.get(name) for name in METRICS}
    wrong = [n for n, v in found.items() if v is not None and not (type(v) is int and 0 <= v < _MOST)]
    if wrong:
        raise ParseError(f"metrics.{wrong[0]} must be a whole number from 0 or null")
    return found if any(v is not None for v in found.values()) else {}


def _observed(metrics: Any) -> datetime | None:
    return _time(metrics, "observed_at") if isinstance(metrics, dict) else None


def _time(record: dict[str, Any], name: str) -> datetime | None:
    value = _text(record, name)
    if not value:
        return None
    try:
        return times.parse(value)
    except (ValueError, OverflowError):
        raise ParseError(f"{name} {value!r} is not an RFC 3339 time such as 2025-08-18T14:30:00Z") from None


def _deleted(record: dict[str, Any]) -> bool:
    """A deletion may erase what is here: only a time that has come says one."""
    moment = _time(record, "deleted_at")
    if moment and moment > times.now() + _AHEAD:
        raise ParseError(f"deleted_at {record['deleted_at']!r} is still to come")
    return moment is not None


def _precision(record: dict[str, Any]) -> Precision:
    value = record.get("created_at_precision")
    if value not in (None, *PRECISIONS):
        raise ParseError(f"created_at_precision {value!r} is not one of {', '.join(PRECISIONS)}")
    if value == "day" or (value is None and len(_text(record, "created_at")) == len("2025-08-18")):
        return "day"
    return "seen" if value == "seen" else "second"


def _first_hand(record: dict[str, Any]) -> bool:
    sightings = _list(record, "sightings", dict)
    return not sightings or any(s.get("first_hand", True) for s in sightings)


def _places(record: dict[str, Any]) -> tuple[Place, ...]:
    """Where it was seen, if at more than one address: a single one is the post's own."""
    sightings = _list(record, "sightings", dict)
    if len(sightings) < 2:
        return ()
    return tuple(Place(_text(s, "url") or None, s.get("first_hand", True) is True) for s in sightings)


def _sighting_url(record: dict[str, Any]) -> str | None:
    urls = [s.get("url") for s in _list(record, "sightings", dict)]
    return next((url for url in urls if isinstance(url, str)), None)
