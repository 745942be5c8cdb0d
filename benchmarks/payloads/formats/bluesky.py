"""A feed of Bluesky's API, saved as it came."""

from collections.abc import Sequence
from dataclasses import replace

from benchmarks.drafts import Draft
from benchmarks.payloads import bluesky as platform
from core.page import Page

MOST = platform.MOST
decode = platform.decode


def page(drafts: Sequence[Draft]) -> Page:
    return replace(platform.page(drafts), url="")
