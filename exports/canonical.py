"""The canonical form of a row, RFC 8785: what `content_sha256` covers, and what posts.jsonl consists of.

Sorted keys, no white space, UTF-8 unescaped. Our rows have keys in ASCII, texts that are valid Unicode, and numbers
that are whole or probabilities of four places: for these orjson writes just what the standard asks for.
"""

import hashlib
from collections.abc import Sequence

import orjson

from exports.batch import Batch, Row

_FORM = orjson.OPT_SORT_KEYS | orjson.OPT_APPEND_NEWLINE


def batch(rows: Sequence[Row]) -> Batch:
    return Batch(rows, b"".join([orjson.dumps(row, option=_FORM) for row in rows]))


class Content:
    """The digest of a table's rows, whatever file they are in."""

    def __init__(self) -> None:
        self.rows = 0
        self._digest = hashlib.sha256()

    def add(self, batch: Batch) -> None:
        self.rows += len(batch.rows)
        self._digest.update(batch.lines)

    @property
    def sha256(self) -> str:
        return self._digest.hexdigest()
