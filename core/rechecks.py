"""When a post's platform is asked for it again: for its counts while they move, and whether it is still there."""

from datetime import datetime, timedelta

from core import terms

AGES = (timedelta(hours=1), timedelta(hours=6), timedelta(days=1), timedelta(days=3), timedelta(days=7))


def next_at(platform: str, created_at: datetime, now: datetime) -> datetime | None:
    """The next age at which counts are refreshed, or the time that the platform's terms leave, whichever is first.

    None for a platform that cannot be asked for one post, or whose posts need not be followed.
    """
    policy = terms.policies().get(platform)
    if policy is None or policy.follow is None:
        return None
    ages = (created_at + age for age in AGES)
    return min(next((moment for moment in ages if moment > now), now + policy.follow), now + policy.follow)
