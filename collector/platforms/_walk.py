"""Paging from the newest item back to what is known, so that a kill or a bound on pages leaves no hole.

What is remembered: the newest item seen, and the gaps below it that nobody has read yet, each with the cursor to
go on from and the item where it ends. A quiet account costs one request: its first page reaches what is known.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from core.page import Page


@dataclass(frozen=True, slots=True)
class Answer:
    """`keys` sort as the items were published; `next` is the cursor of older items; `state` is kept with the page.

    `before` are pages that are to be read before this one. `sound` is False where nobody can tell what the page
    holds: its parse will say so, and the walk ends.
    """

    page: Page
    keys: tuple[str, ...] = ()
    next: str | None = None
    sound: bool = True
    state: dict[str, Any] = field(default_factory=dict)
    before: tuple[Page, ...] = ()


Ask = Callable[[str | None], Answer | None]
Gap = tuple[str, str | None, int]  # cursor, the key where it ends, pages that it may still take (-1: any number)


def walk(ask: Ask, state: dict[str, Any], name: str, most: int) -> Iterator[Page]:
    """At most `most` pages; `ask(None)` gives the newest, or None where it has not changed."""
    newest, gaps = _remembered(state.get(name))
    asked = 1
    if answer := ask(None):
        if not answer.sound:
            yield replace(answer.page, state={})
            return
        yield from answer.before
        gaps = _above(answer, newest, most) + gaps
        newest = max([*answer.keys, newest or ""]) or None
        yield replace(answer.page, state={**answer.page.state, **answer.state, name: _saved(newest, gaps)})
    while gaps and asked < most:
        answer = ask(gaps[0][0])
        asked += 1
        if answer is None or not answer.sound:
            yield from [replace(answer.page, state={})] if answer else []
            return
        yield from answer.before
        gaps = _rest(answer, gaps[0]) + gaps[1:]
        yield replace(answer.page, state={**answer.state, name: _saved(newest, gaps)})


def _above(answer: Answer, known: str | None, most: int) -> list[Gap]:
    """What lies between the newest page and what is known; at the first look, what `most` lets it reach."""
    if not answer.next or (known and answer.keys and min(answer.keys) <= known):
        return []
    left = -1 if known else most - 1
    return [(answer.next, known, left)] if left else []


def _rest(answer: Answer, gap: Gap) -> list[Gap]:
    cursor, floor, left = gap
    reached = floor is not None and bool(answer.keys) and min(answer.keys) <= floor
    left = left if left < 0 else left - 1
    if not answer.next or answer.next == cursor or reached or not left:
        return []
    return [(answer.next, floor, left)]


def _saved(newest: str | None, gaps: list[Gap]) -> dict[str, Any]:
    return {"newest": newest, "gaps": [list(gap) for gap in gaps]}


def _remembered(memory: Any) -> tuple[str | None, list[Gap]]:
    if not isinstance(memory, dict):
        return None, []
    return memory.get("newest"), [(str(c), floor, int(left)) for c, floor, left in memory.get("gaps", [])]
