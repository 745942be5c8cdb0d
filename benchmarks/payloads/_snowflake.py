"""Ids of X, which hold their time."""

from benchmarks.drafts import Draft

_EPOCH_MS = 1_288_834_974_657


def snowflake(draft: Draft) -> int:
    return (int(draft.created_at.timestamp() * 1000) - _EPOCH_MS) << 22 | draft.number % (1 << 22)
