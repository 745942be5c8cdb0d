"""The version of a post that counts: most statements about posts join it."""

from typing import Any

from sqlalchemy import and_

from db.models import Post, Version
from db.upsert import table

_post, _version = table(Post), table(Version)
CURRENT: Any = and_(_version.c.post_id == _post.c.id, _version.c.number == _post.c.current)
