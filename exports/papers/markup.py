"""Words of others inside Markdown and YAML: they stand there as text, whatever signs they hold."""

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import orjson

_SIGNS = re.compile(r"([\\`*_\[\]<>|~&$#])")
_SPACE = re.compile(r"\s+")
_PLAIN = re.compile(r"[A-Za-z][\w-]*")
_WORDS = {
    "true",
    "false",
    "yes",
    "no",
    "on",
    "off",
    "null",
    "y",
    "n",
}  # that a YAML reader may take for another thing
_TURNS = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"  # turn the direction of what comes after them too


def line(text: object) -> str:
    """One line without control signs."""
    return _SPACE.sub(" ", "".join(" " if hidden(sign) else sign for sign in str(text))).strip()


def hidden(sign: str) -> bool:
    """Nobody sees it; it changes what is seen."""
    return sign in _TURNS or unicodedata.category(sign) in ("Cc", "Cs", "Zl", "Zp")


def inline(text: object) -> str:
    """For a sentence or the cell of a table."""
    return _SIGNS.sub(r"\\\1", line(text))


def code(text: object) -> str:
    """As code in a sentence. Not for a cell: nothing keeps a | in code from ending it."""
    said = line(text)
    ticks = "`" * (_longest(said) + 1)
    space = " " if said.startswith("`") or said.endswith("`") or not said else ""
    return f"{ticks}{space}{said}{space}{ticks}"


def block(text: str, language: str = "") -> str:
    """Lines of code."""
    ticks = "`" * max(3, _longest(text) + 1)
    lines = text.strip("\n")
    return f"{ticks}{language}\n{lines}\n{ticks}"


def _longest(text: str) -> int:
    return max(map(len, re.findall("`+", text)), default=0)


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Cells are Markdown already: words of others by `inline`."""
    lines: list[Sequence[object]] = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(str(cell) for cell in cells) + " |" for cells in lines)


def page(*parts: str) -> str:
    """Parts of a page, those that say nothing left out."""
    return "\n\n".join(part for part in parts if part) + "\n"


def yaml(value: Mapping[str, Any]) -> str:
    """Block style down to the items of lists, JSON below: what every YAML reader reads as the same."""
    return "".join(f"{text}\n" for text in _mapping(value, deep=0))


def _mapping(value: Mapping[str, Any], deep: int) -> Iterable[str]:
    for key, item in value.items():
        name = key if _PLAIN.fullmatch(key) and key.lower() not in _WORDS else _json(key)
        if deep < 2 and isinstance(item, list) and item and all(isinstance(part, dict) for part in item):
            yield f"{name}:"
            for part in item:
                yield from _item(part, deep)
        else:
            yield f"{name}: {_json(item)}"


def _item(part: Mapping[str, Any], deep: int) -> Iterable[str]:
    if deep or not part:
        yield f"- {_json(part)}"
        return
    for number, text in enumerate(_mapping(part, deep + 1)):
        yield ("  " if number else "- ") + text


def _json(value: Any) -> str:
    """JSON is YAML, but for signs that YAML lets stand nowhere or takes for the end of a line: those by number."""
    said = orjson.dumps(value).decode()
    return "".join(f"\\u{ord(sign):04x}" if _unsaid(sign) else sign for sign in said)


def _unsaid(sign: str) -> bool:
    return hidden(sign) or sign in "\ufeff\ufffe\uffff"
