"""When a post's platform is asked for it again: for its counts while they move, and whether it is still there."""

from datetime import datetime, timedelta

from core import terms

AGES = (timedelta(hours=1), timedelta(hours=6), timedelta(days=1), timedelta(days=3), timedelta(days=7))


def followed() -> dict[str, timedelta]:
    """Platform -> the longest until one of its posts is asked for again."""
    return {name: policy.follow for name, policy in terms.policies().items() if policy.follow}


def is_due(platform: str, moment: datetime, now: datetime) -> bool:
    """It has come; or it lies further ahead than `next_at` sets it: by a clock that was set back since."""
    longest = followed().get(platform)
    return moment <= now or (longest is not None and moment > now + longest)


def next_at(platform: str, created_at: datetime, now: datetime) -> datetime | None:
    """The next age at which counts are refreshed, or the time that the platform's terms leave, whichever is first.

    None for a platform that cannot be asked for one post, or whose posts need not be followed.
    """
    policy = terms.policies().get(platform)
    if policy is None or policy.follow is None:
        return None
    ages = (created_at + age for age in AGES)
    return min(next((moment for moment in ages if moment > now), now + policy.follow), now + policy.follow)
