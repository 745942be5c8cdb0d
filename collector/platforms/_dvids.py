"""One asset of DVIDS as a post: as a search shows it (a short description), or by itself (the whole text)."""

import re
from collections.abc import Iterator
from typing import Any

from collector.platforms import _answers as answers
from collector.reading import dates, markup
from core.post import Account, Kind, Media, SeenPost, View

PLATFORM = "dvids"
SITE = "https://www.dvidshub.net"
KINDS: dict[str, Kind] = {
    "news": "release", "image": "caption", "video": "video", "audio": "caption", "graphic": "caption",
    "graphics": "caption", "webcast": "video", "publication_issue": "release",
}  # fmt: skip
_ID = re.compile(r"([a-z_]+):(\d+)")
_WHOLE = ("description", "body")
_SECURE = re.compile(r"^http://(?=[^/]*dvidshub\.net)")
_Json = dict[str, Any]


def read(item: Any) -> SeenPost:
    """Raises ValueError for one that names no asset."""
    kind, number = parts(item)
    whole = next((text for name in _WHOLE if (text := answers.text(item, name))), "")
    body = whole or answers.text(item, "short_description")
    about = markup.plain(body) if body else ""
    when = _when(item)
    return SeenPost(
        platform=PLATFORM,
        platform_id=f"{kind}/{number}",
        kind=KINDS[kind],
        account=_account(item),
        text="\n\n".join(part for part in (_title(item), about, _credits(item)) if part),
        url=_SECURE.sub("https://", _address(item, "url")) or f"{SITE}/{kind}/{number}",
        created_at=when.moment if when else None,
        precision=when.precision if when else "seen",
        media=tuple(_media(item, kind)),
        view=View.FULL if whole else View.ENTRY,
    )


def parts(item: Any) -> tuple[str, str]:
    """Type and number of "news:123". Raises ValueError."""
    named = answers.number(item, "id")
    if ":" not in named and answers.text(item, "type"):
        named = f"{answers.text(item, 'type')}:{named}"
    found = _ID.fullmatch(named)
    if not found or found[1] not in KINDS:
        raise ValueError(f"id {named[:60]!r} is no asset, such as news:123; there are {', '.join(KINDS)}")
    return found[1], found[2]


def _title(item: _Json) -> str:
    return " ".join(markup.plain(answers.text(item, "title")).split())


def _when(item: _Json) -> dates.When | None:
    """When it was published, else when it was taken. Raises ValueError for a date that cannot be read."""
    for name in ("date_published", "publishdate", "date"):
        if value := answers.text(item, name):
            if found := dates.iso(value):
                return found._replace(precision="day") if name == "date" else found  # midnight says no hour
            raise ValueError(f"{name} {value[:60]!r} is no time such as 2025-08-18T14:30:00Z")
    return None


def _account(item: _Json) -> Account | None:
    """The unit that published it."""
    unit = answers.text(item, "unit_name") or answers.text(answers.table(item, "unit"), "name")
    return Account(PLATFORM, unit, unit) if unit else None


def _credits(item: _Json) -> str:
    """Who made it, for whom and where, as the terms of use ask to be kept with it."""
    made = _makers(item)
    unit = answers.text(item, "unit_name")
    credit = ", ".join(part for part in (made, unit) if part)
    where = answers.table(item, "location") or item
    place = ", ".join(t for n in ("city", "state", "country") if (t := answers.text(where, n)))
    told = (f"Credit: {credit}" if credit else "", f"Location: {place}" if place else "")
    return "\n".join(part for part in told if part)


def _makers(item: _Json) -> str:
    """One name in a search; people with their ranks in an asset."""
    people = [
        " ".join(t for n in ("rank", "name") if (t := answers.text(person, n)))
        for person in answers.tables(item, "credit")
    ]
    return ", ".join(filter(None, people)) or answers.text(item, "credit")


def _media(item: _Json, kind: str) -> Iterator[Media]:
    """The picture, and the film or sound in its largest file."""
    if picture := _address(item, "image") or _address(item, "thumbnail"):
        yield Media("image", picture)  # nobody describes it: a title is no alternative text
    files = [f for f in answers.tables(item, "files") if _address(f, "src")]
    largest = max(files, key=lambda f: size if type(size := f.get("size")) is int else 0, default={})
    played = _address(largest, "src") or _address(item, "hls_url") or _address(item, "file")
    if played and kind in ("video", "audio", "webcast"):
        yield Media("audio" if kind == "audio" else "video", played)


def _address(item: _Json, name: str) -> str:
    """A web address, written as such or as an object with url."""
    value = answers.text(item, name) or answers.text(answers.table(item, name), "url")
    return markup.absolute(value, SITE) or "" if value else ""
