"""What all forms of the API have in common. OpenAPI tells them; the tests hold every answer against them."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from api import examples

Time = Annotated[str, Field(description="RFC 3339, UTC", examples=["2025-08-18T14:30:00Z"])]


class Form(BaseModel):
    model_config = ConfigDict(extra="forbid", serialize_by_alias=True, validate_by_name=True)


class Page(Form):
    next_cursor: str | None


class Problem(BaseModel):
    """RFC 9457; more members by kind, such as `position` and `expected` of a query that does not parse."""

    model_config = ConfigDict(extra="allow", json_schema_extra={"examples": [examples.PROBLEM]})
    type: str
    title: str
    status: int
    detail: str
    instance: str
