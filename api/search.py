"""The filters that posts, timeline, facets, coverage, changes and feeds share, as the URL has them."""

from datetime import datetime
from typing import Annotated, Any, Literal
from urllib.parse import urlencode

from pydantic import BaseModel, Field, StringConstraints

from core.errors import BadRequest
from db import mirror
from db.query import PostQuery, time_of

Value = Annotated[str, StringConstraints(max_length=500)]
Sort = Literal["newest", "oldest", "relevance", "likes", "reposts", "replies", "quotes", "views", "uncertain"]
Interval = Literal["hour", "day", "week", "month"]
MAX_LIMIT = 200
FEED_LENGTH = 50
MAX_VERSION = (1 << 31) - 1
MAX_KEY = (1 << 63) - 1  # what both databases take as a key
_SORT = (
    "By time; or by `relevance` to the words of q, by text and meaning; or by a count, the most first, of the posts"
    " that have it; or `uncertain`: of the posts with an unsure topic, those first whose probability is nearest to"
    " the topic's threshold."
)


def empty(name: str) -> BadRequest:
    return BadRequest(f"{name} is empty: give it a value or leave it out", parameter=name)


class Criteria(BaseModel):
    """What to find, as it is now. Strings, checked where they are compiled: db.query knows the archive's fields."""

    q: str = Field(
        "",
        max_length=2000,
        description="A search in the query language.",
        examples=["peshmerga reform", "from:@CJTFOIR"],
    )
    topic: list[Value] = Field(
        [], max_length=50, description="Slug of a topic; repeat it for posts that have all of them."
    )
    account: Value | None = Field(None, description="Handle, with or without its @.", examples=["@CJTFOIR"])
    actor: Value | None = Field(None, description="Slug of an actor.", examples=["cjtf-oir"])
    platform: Value | None = Field(None, description="Where it was published.", examples=["x"])
    lang: Value | None = Field(None, description="ISO 639 code.", examples=["ckb"])
    kind: Value | None = Field(None, description="post, reply, article and so on.", examples=["post"])
    since: Value | None = Field(None, description="Date or RFC 3339 time, inclusive.", examples=["2025-07-01"])
    until: Value | None = Field(None, description="Date or RFC 3339 time, exclusive.", examples=["2025-09-01"])

    def query(self) -> PostQuery:
        """Raises QueryError, BadRequest. An empty filter is refused: an unset variable means nothing."""
        chosen = self.chosen()
        unset = [name for name, values in chosen.items() if name != "q" and not all(values)]
        if unset:
            raise empty(unset[0])
        single = {name: values[0] for name, values in chosen.items() if name != "topic"}
        return PostQuery.build(topics=tuple(self.topic), **single)

    def chosen(self) -> dict[str, list[str]]:
        """What was given, by name."""
        given: dict[str, Any] = {name: getattr(self, name, None) for name in Filters.model_fields}
        spread = {name: value if isinstance(value, list) else [value] for name, value in given.items()}
        return {name: values for name, values in spread.items() if values and values != [None]}


class Filters(Criteria):
    """The same, now or as of a moment."""

    as_of: Value | None = Field(
        None,
        description="Date or RFC 3339 time: what the archive knew then, tags included. A moment that is still to"
        " come answers as now.",
        examples=["2025-09-01"],
    )


class OnePost(BaseModel):
    as_of: Value | None = Field(
        None, description="Date or RFC 3339 time: the post as the archive knew it then.", examples=["2025-09-01"]
    )

    def moment(self) -> datetime | None:
        """Raises BadRequest."""
        if self.as_of == "":
            raise empty("as_of")
        return time_of("as_of", self.as_of)


class EchoSearch(OnePost):
    as_of: Value | None = Field(
        None, description="Date or RFC 3339 time: the group as the archive knew it then.", examples=["2025-09-01"]
    )
    limit: int = Field(50, ge=1, le=MAX_LIMIT, description="Most posts a page.")
    cursor: Value | None = Field(None, description="The next_cursor of the page before.")


class PostSearch(Filters):
    sort: Sort = Field("newest", description=_SORT)
    limit: int = Field(50, ge=1, le=MAX_LIMIT, description="Most posts a page.")
    cursor: Value | None = Field(None, description="The next_cursor of the page before.")


class Types(BaseModel):
    """Which changes the change feed and the streams tell."""

    types: list[Value] = Field(
        [],
        max_length=20,
        description=f"Only such changes, repeatable or with commas: {', '.join(mirror.KINDS)}.",
    )

    def kinds(self) -> frozenset[str]:
        """Raises BadRequest for a type that is none."""
        asked = [kind.strip() for given in self.types for kind in given.split(",")]
        wrong = [kind for kind in asked if kind not in mirror.KINDS]
        if wrong:
            known = ", ".join(mirror.KINDS)
            raise BadRequest(f"there is no type of change {wrong[0]!r}; there are {known}", parameter="types")
        return frozenset(asked or mirror.KINDS)


class AlertFeed(BaseModel):
    """A feed whose query is an alert's."""

    limit: int = Field(FEED_LENGTH, ge=1, le=MAX_LIMIT, description="Most entries.")
    key: Value | None = Field(None, description="A key with the scope read alone, for readers that send no header.")

    def address(self, path: str) -> str:
        return path if self.limit == FEED_LENGTH else f"{path}?limit={self.limit}"


class FeedSearch(AlertFeed, Filters):
    """A feed of any search."""

    def address(self, path: str) -> str:
        """The feed's own: without the key, which would travel on with the feed."""
        asked = {**self.chosen(), **({} if self.limit == FEED_LENGTH else {"limit": [str(self.limit)]})}
        pairs = [(name, value) for name, values in sorted(asked.items()) for value in values if value]
        return f"{path}?{urlencode(pairs)}" if pairs else path


class ChangeSearch(Types, Criteria):
    limit: int = Field(50, ge=1, le=MAX_LIMIT, description="Most changes a page.")
    cursor: Value | None = Field(
        None, description="The next_cursor of the answer before; or `now`: none, and the cursor of the end."
    )
    changed_since: Value | None = Field(
        None,
        description="Date or RFC 3339 time: begin with what was noted then or later. (`since` is of the posts.)",
        examples=["2025-08-18T14:00:00Z"],
    )


class AlertStreamSearch(Types):
    """A stream whose query is an alert's."""

    cursor: Value | None = Field(
        None, description="Where to go on: a next_cursor of /changes, or `start`. Else with what comes from now on."
    )


class StreamSearch(AlertStreamSearch, Criteria):
    """A stream of any query."""


class SimilarSearch(Filters):
    limit: int = Field(20, ge=1, le=MAX_LIMIT, description="Most posts.")


class TimelineSearch(Filters):
    interval: Interval = Field("day", description="Width of a bucket; weeks begin on Monday.")


class FacetSearch(Filters):
    limit: int = Field(50, ge=1, le=500, description="Most values a field.")


class Paging(BaseModel):
    limit: int = Field(50, ge=1, le=MAX_LIMIT, description="Most items a page.")
    cursor: Value | None = Field(None, description="The next_cursor of the page before.")


class RunSearch(Paging):
    source: Value | None = Field(None, description="Name of a source.")


class OneCapture(BaseModel):
    version: int | None = Field(None, ge=1, le=MAX_VERSION, description="Of this version, not the current one.")
    capture: int | None = Field(None, ge=1, le=MAX_KEY, description="This one of /posts/{id}/captures.")
