"""The command that builds a release again."""

import shlex
from collections.abc import Iterator, Mapping
from typing import Any

from exports import tables
from exports.papers.about import About
from exports.papers.markup import hidden


def rebuild(about: About) -> str:
    return " \\\n  ".join(_parts(about))


def _parts(about: About) -> Iterator[str]:
    said = about.manifest
    minus = about.query.startswith("-")  # which would be an option
    yield f"kle export {'' if minus else f'{_word(about.query)} '}--format {about.format} --out DIR"
    yield f"--as-of {about.as_of} --audience {said['audience']}"
    chosen = [name for name in tables.every(()) if name in said["tables"]]  # kept as JSON they lose their order
    yield f"--tables {','.join(chosen)}"
    for name in chosen:
        if columns := said["tables"][name]:
            yield f"--columns {shlex.quote(','.join(f'{name}.{column}' for column in columns))}"
    options = said.get("csv") or {}
    yield from (f"--{name}" for name in ("bom", "raw") if options.get(name))
    if said.get("pseudonyms"):
        yield "--pseudonyms"
    if said.get("sample"):
        yield _sample(said["sample"])
    if minus:
        yield f"-- {_word(about.query)}"


def _word(text: str) -> str:
    """For a shell; signs that nobody sees by their numbers, in the way of bash."""
    if not any(map(hidden, text)):
        return shlex.quote(text)
    signs = (f"\\u{ord(sign):04x}" if hidden(sign) else f"\\{sign}" if sign in "\\'" else sign for sign in text)
    return f"$'{''.join(signs)}'"


def _sample(said: Mapping[str, Any]) -> str:
    by = f" --stratify {','.join(said['stratify'])}" if said["stratify"] else ""
    return f"--sample {said['size']}{by} --seed {said['seed']}"
