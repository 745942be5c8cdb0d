"""An answer of X's API v2 a line, as twarc2 writes it."""

from collections.abc import Sequence
from dataclasses import replace

from benchmarks.drafts import Draft
from benchmarks.payloads import x as platform
from core.page import Page

MOST = platform.MOST
decode = platform.decode


def page(drafts: Sequence[Draft]) -> Page:
    answer = platform.page(drafts)
    return replace(answer, url="", body=answer.body + b"\n", headers={"content-type": "application/x-ndjson"})
