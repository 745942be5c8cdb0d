"""Cells that a spreadsheet would run: what begins like a formula gets an apostrophe in front."""

import re

FORMULA = r"'*[=+\-@\t\r]"  # how such a cell begins, as re and pyarrow write it
_FORMULA = re.compile(FORMULA)


def harmless(cell: str) -> str:
    """Reversible: what begins with apostrophes before such a sign gets one more."""
    return f"'{cell}" if _FORMULA.match(cell) else cell


def as_it_was(cell: str) -> str:
    return cell[1:] if cell.startswith("'") and _FORMULA.match(cell) else cell
