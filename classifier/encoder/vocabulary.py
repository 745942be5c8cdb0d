"""Which pieces of the 250,037 stay: those of Latin and Arabic script, digits, signs and emoji.

The shipped vocabulary was chosen once by `choose`; a rebuild keeps exactly the pieces of the shipped tokenizer, so
that it needs no word lists.
"""

import unicodedata
from collections.abc import Collection
from typing import Any

SPACE = "\u2581"  # how a piece says that a word begins
SPECIAL_PIECES = 4  # <s> <pad> </s> <unk> come first
MASK = "<mask>"
_COMMON_LETTERS = frozenset("êîûÊÎÛ")  # Kurmanji
_SORANI_LETTERS = frozenset("ەێۆڕڵ")
_COMMON_RANK = 120_000  # pieces are ordered by frequency; beyond it signs and digits are long runs
_LAST_WITHOUT_SCRIPT, _EMOJI = "\u2fff", range(0x1F000, 0x1FB00)


def shipped(tokenizer: dict[str, Any], kept: dict[str, Any]) -> list[int]:
    """The ids in the full `tokenizer` of the pieces that the tokenizer `kept` has, in their order."""
    ids = {piece: n for n, (piece, _) in reversed(list(enumerate(tokenizer["model"]["vocab"])))}
    return [ids[piece] for piece, _ in kept["model"]["vocab"]]


def choose(tokenizer: dict[str, Any], latin_rank: int, arabic_rank: int, used: Collection[int]) -> list[int]:
    """The ids to keep: frequent pieces, those with Kurdish letters, every single character, and the ids in `used`

    (pieces that the words of a word list are made of).
    """
    pieces = [piece for piece, _ in tokenizer["model"]["vocab"]]
    ranks = {"latin": latin_rank, "arabic": arabic_rank, "common": _COMMON_RANK}
    kept = list(range(SPECIAL_PIECES))
    for n, piece in enumerate(pieces[SPECIAL_PIECES:], SPECIAL_PIECES):
        script = script_of(piece)
        if script not in ranks:
            continue
        is_wanted = len(piece.replace(SPACE, "")) <= 1 or n < ranks[script]
        if is_wanted or (script == "latin" and n in used) or _is_kurdish(piece, script):
            kept.append(n)
    return kept


def cut(tokenizer: dict[str, Any], kept: list[int]) -> dict[str, Any]:
    """`tokenizer` with the pieces `kept` alone; <mask> follows the last of them."""
    model = {**tokenizer["model"], "vocab": [tokenizer["model"]["vocab"][n] for n in kept], "unk_id": 3}
    added = [{**t, "id": len(kept)} if t["content"] == MASK else t for t in tokenizer["added_tokens"]]
    return {**tokenizer, "model": model, "added_tokens": added, "truncation": None, "padding": None}


def mask_id(tokenizer: dict[str, Any]) -> int:
    return int(next(t["id"] for t in tokenizer["added_tokens"] if t["content"] == MASK))


def script_of(piece: str) -> str:
    """latin, arabic, common (no letters), mixed (both), or other."""
    scripts = {_script(character) for character in piece.replace(SPACE, "")} - {"common"}
    if "other" in scripts:
        return "other"
    return "mixed" if len(scripts) > 1 else next(iter(scripts), "common")


def _script(character: str) -> str:
    if not character.isalpha():
        return "other" if character > _LAST_WITHOUT_SCRIPT and ord(character) not in _EMOJI else "common"
    name = unicodedata.name(character, "")
    return next((script for script in ("latin", "arabic") if name.startswith(script.upper())), "other")


def _is_kurdish(piece: str, script: str) -> bool:
    letters = {"latin": _COMMON_LETTERS, "arabic": _SORANI_LETTERS}.get(script, frozenset())
    return not letters.isdisjoint(piece)
