"""What a column of labels says: the cells that people write for yes, no and no answer.

An empty cell is no answer. Only where a column holds nothing but crosses (x, ✓) do people leave empty what does not
hold, and empty is no: that is decided a column at a time, and told.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from core.text import fold

_CROSSES = frozenset(("x", "✓", "✔", "☑", "*"))
_YES = frozenset(("1", "1.0", "yes", "y", "true", "t", "tagged")) | _CROSSES
_NO = frozenset(("0", "0.0", "no", "n", "false", "f", "not", "not tagged"))
_NO_ANSWER = frozenset(("", "?", "na", "n/a", "nan", "null", "unsure", "skip", "unclear"))
_NOTHING_HOLDS = frozenset(("none", "[]", "{}"))
EXPECTED = "1 or 0, yes or no, true or false, tagged or not, x or nothing; ? or an empty cell for no answer"


@dataclass(frozen=True, slots=True)
class Column:
    """How one column is read; `marks` is what stands in it, `empty` what an empty cell means there."""

    name: str
    marks: tuple[str, ...]
    empty: str


def column(name: str, cells: Sequence[str]) -> Column:
    marks = tuple(sorted({_plain(cell) for cell in cells} - {""}))
    crossed = bool(marks) and _CROSSES.issuperset(marks)
    return Column(name, marks, "no" if crossed else "no answer")


def answer(cell: str, column: Column) -> bool | None:
    """None: no answer. Raises ValueError for what is none of those."""
    said = _plain(cell)
    if said in _YES:
        return True
    if said in _NO or (not said and column.empty == "no"):
        return False
    if said in _NO_ANSWER:
        return None
    raise ValueError(f"{cell!r} is no label; expected {EXPECTED}")


def listed(cell: str, topics: Sequence[str]) -> Mapping[str, bool] | None:
    """A cell with all topics that hold, such as "reform; training", or none; an empty one is no answer.

    Raises ValueError for a topic that is none.
    """
    said = _plain(cell)
    if said in _NO_ANSWER:
        return None
    found = [] if said in _NOTHING_HOLDS else _names(said)
    wrong = [name for name in found if name not in topics]
    if wrong:
        raise ValueError(f"there is no topic {wrong[0]!r}; there are {', '.join(topics)}; none where none holds")
    return {topic: topic in found for topic in topics}


def _names(said: str) -> list[str]:
    """Parted by ; , | or a line's end, also as a list of JSON or Python writes it."""
    for sign in ",|\n":
        said = said.replace(sign, ";")
    names = (part.strip("[]{}()\"' \t") for part in said.split(";"))
    return [name for name in names if name]


def _plain(cell: str) -> str:
    """As one writes it in lower case; digits of any script."""
    return fold(cell).strip() if any(map(str.isdecimal, cell)) else cell.strip().lower()
