"""Labelled posts as JSON Lines: {"text", "labels", "language"}, in training data also `group`."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.errors import BadRequest

EXPECTED = '{"text": "...", "labels": ["reform"], "language": "en"}'


@dataclass(frozen=True)
class Labelled:
    """`group` is shared by paraphrases and translations, so that a split keeps them together."""

    text: str
    labels: frozenset[str]
    language: str
    group: str = ""


def read(path: Path, slugs: Sequence[str]) -> list[Labelled]:
    """The posts of `path`; a line that is not as expected is an error with its number."""
    return list(iterate(path, slugs))


def iterate(path: Path, slugs: Sequence[str]) -> Iterator[Labelled]:
    try:
        content = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise BadRequest(
            f"{path}: cannot be read: {error}; expected JSON Lines in UTF-8, each {EXPECTED}"
        ) from error
    for number, line in enumerate(content.split("\n"), 1):
        if line.strip():
            yield _labelled(f"{path}, line {number}", line, slugs)


def _labelled(where: str, line: str, slugs: Sequence[str]) -> Labelled:
    entry = _object(where, line)
    text, language, group = (entry.get(key, "") for key in ("text", "language", "group"))
    if not isinstance(entry.get("text"), str):
        raise BadRequest(f"{where}: `text` must be a text; expected {EXPECTED}")
    if not isinstance(language, str) or not language:
        raise BadRequest(
            f"{where}: `language` must be a language code such as en, ar, ckb or kmr; expected {EXPECTED}"
        )
    if not isinstance(group, str):
        raise BadRequest(f"{where}: `group` must be a text, if it is there")
    return Labelled(text, _labels(where, entry.get("labels"), slugs), language, group)


def _object(where: str, line: str) -> dict[str, Any]:
    try:
        entry = json.loads(line)
    except ValueError as error:
        raise BadRequest(f"{where}: no JSON ({error}); expected {EXPECTED}") from error
    if not isinstance(entry, dict):
        raise BadRequest(f"{where}: a JSON object is needed; expected {EXPECTED}")
    return entry


def _labels(where: str, value: object, slugs: Sequence[str]) -> frozenset[str]:
    if not isinstance(value, list) or not all(isinstance(label, str) for label in value):
        raise BadRequest(
            f"{where}: `labels` must be a list of topics, empty for off-topic posts; expected {EXPECTED}"
        )
    unknown = sorted(set(value) - set(slugs))
    if unknown:
        raise BadRequest(f"{where}: unknown topic {unknown[0]!r}; topics are {', '.join(slugs)}")
    return frozenset(value)
