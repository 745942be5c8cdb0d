"""A list of statuses of Mastodon's API, saved as it came."""

from collections.abc import Sequence
from dataclasses import replace

from benchmarks.drafts import Draft
from benchmarks.payloads import mastodon as platform
from core.page import Page

MOST = platform.MOST
decode = platform.decode


def page(drafts: Sequence[Draft]) -> Page:
    return replace(platform.page(drafts), url="")
