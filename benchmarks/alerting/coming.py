"""Posts that come in behind an archive of benchmarks.searching: of its accounts, in its words, newer than it."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import count
from typing import Any

from benchmarks.searching import posts
from core import times

_FIRST = 1_000_000_000  # behind the numbers of any archive
_SEED = 1_000_003  # another one than the archive's: other texts


def coming(seed: int, since: datetime) -> Iterator[dict[str, Any]]:
    """Without end, in the API's form, published a second apart."""
    owners = {owner.handle: owner for owner in posts.accounts()}
    blocks = (block for n in count() for block in posts.records(seed + _SEED + n, posts.BLOCK))
    for number, record in enumerate(record for block in blocks for record in block):
        at = since + timedelta(seconds=number)
        own, url = posts.place(_FIRST + number, at, owners[record["account"]["handle"]])
        yield {**record, "platform_id": own, "url": url, "created_at": times.text(at),
               "sightings": [{"first_hand": True, "url": url}]}  # fmt: skip
