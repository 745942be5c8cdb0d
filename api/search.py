"""The filters that posts, timeline, facets and coverage share, as the URL has them."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, Field, StringConstraints

from core.errors import BadRequest
from db.query import PostQuery, time_of

Value = Annotated[str, StringConstraints(max_length=500)]
Sort = Literal["newest", "oldest", "likes", "reposts", "replies", "quotes", "views", "uncertain"]
Interval = Literal["hour", "day", "week", "month"]
MAX_LIMIT = 200
MAX_VERSION = (1 << 31) - 1
MAX_KEY = (1 << 63) - 1  # what both databases take as a key
_SORT = (
    "By time; or by a count, the most first, of the posts that have it; or `uncertain`: of the posts with an unsure"
    " topic, those first whose probability is nearest to the topic's threshold."
)


def empty(name: str) -> BadRequest:
    return BadRequest(f"{name} is empty: give it a value or leave it out", parameter=name)


class Filters(BaseModel):
    """Strings, checked where they are compiled: db.query knows the archive's fields."""

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
    as_of: Value | None = Field(
        None,
        description="Date or RFC 3339 time: what the archive knew then, tags included. A moment that is still to"
        " come answers as now.",
        examples=["2025-09-01"],
    )

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
        given = {name: getattr(self, name) for name in Filters.model_fields}
        spread = {name: value if isinstance(value, list) else [value] for name, value in given.items()}
        return {name: values for name, values in spread.items() if values and values != [None]}


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
