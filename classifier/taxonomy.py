"""The topics: read from topics.toml on demand, checked, and given out as frozen values."""

import hashlib
import json
import re
import tomllib
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any

from core.errors import ModelError

SHIPPED = Path(__file__).with_name("topics.toml")
_SLUG = re.compile(r"[a-z][a-z0-9_]{1,39}")
_TEXTS = ("slug", "name", "definition")
_LISTS = ("inside", "outside", "borderlines")


@dataclass(frozen=True)
class Topic:
    """`inside`, `outside`: texts in the topic and just beyond it; `borderlines`: how near misses are judged."""

    slug: str
    name: str
    definition: str
    inside: tuple[str, ...]
    outside: tuple[str, ...]
    borderlines: tuple[str, ...]


@cache
def topics() -> tuple[Topic, ...]:
    """The shipped taxonomy, in the order of the file."""
    return read(SHIPPED)


def read(path: Path) -> tuple[Topic, ...]:
    try:
        entries = tomllib.loads(path.read_text(encoding="utf-8")).get("topic", [])
    except (OSError, ValueError) as error:
        raise ModelError(f"{path}: the taxonomy cannot be read: {error}") from error
    found = tuple(_topic(path, entry) for entry in entries)
    if not found:
        raise ModelError(f"{path}: no [[topic]] in it; write at least one")
    slugs = [topic.slug for topic in found]
    twice = sorted({slug for slug in slugs if slugs.count(slug) > 1})
    if twice:
        raise ModelError(f"{path}: the topic {twice[0]!r} is there twice; give each its own slug")
    return found


def digest(of: Sequence[Topic]) -> str:
    """SHA-256 over every word of the taxonomy, so that heads can say which one they were trained on."""
    plain = json.dumps([asdict(topic) for topic in of], ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(plain.encode()).hexdigest()


def _topic(path: Path, entry: dict[str, Any]) -> Topic:
    label = f"{path}: topic {entry.get('slug', '(without slug)')!r}"
    unknown = sorted(set(entry) - {*_TEXTS, *_LISTS})
    if unknown:
        raise ModelError(f"{label}: unknown key {unknown[0]!r}; it takes {', '.join((*_TEXTS, *_LISTS))}")
    texts = {key: _text(label, key, entry.get(key)) for key in _TEXTS}
    if not _SLUG.fullmatch(texts["slug"]):
        raise ModelError(f"{label}: a slug is 2 to 40 of a-z, 0-9 and _, beginning with a letter")
    inside, outside, borderlines = (_list(label, key, entry.get(key, [])) for key in _LISTS)
    return Topic(**texts, inside=inside, outside=outside, borderlines=borderlines)


def _text(label: str, key: str, value: object) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ModelError(f"{label}: {key} must be a text that is not empty")
    return value.strip()


def _list(label: str, key: str, value: object) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise ModelError(f"{label}: {key} must be a list of texts")
    return tuple(_text(label, key, item) for item in value)
