"""Tables as CSV."""

import csv
import io
from collections.abc import Sequence
from typing import Any

from benchmarks.drafts import SEEN_AT
from core.page import Page


def csv_page(rows: Sequence[dict[str, Any]]) -> Page:
    written = io.StringIO(newline="")
    table = csv.DictWriter(written, list(rows[0]))
    table.writeheader()
    table.writerows(rows)
    return Page("", written.getvalue().encode(), SEEN_AT, headers={"content-type": "text/csv; charset=utf-8"})


def decode_csv(body: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(body.decode(), newline="")))
