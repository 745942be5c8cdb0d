"""An export as people ask for it, in the API and on the page alike.

What needs the archive (does the query's topic exist?) or a format (is there one of this name?) is checked where it
is asked for; what can be told from the words alone is checked here.
"""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StrictBool

_LARGEST = 1_000_000  # posts of a sample
_NAMED = ("query", "format", "as_of", "audience")  # columns of their own


class _Form(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class SampleForm(_Form):
    """So many posts, spread evenly over the strata: for people to label."""

    size: int = Field(ge=1, le=_LARGEST)
    stratify: list[str] = Field(
        [],
        max_length=6,
        description="topic, lang, platform, account, kind, month: the sample has of each as evenly as it can.",
        examples=[["topic", "lang"]],
    )
    seed: int = Field(1, ge=0, lt=1 << 32, description="The same seed draws the same posts.")


class ExportForm(_Form):
    """Which posts, in which form, for whom."""

    query: str = Field(max_length=2000, description="In the query language; empty: every post.")
    format: str = Field(max_length=40, description="csv, jsonl or parquet.", examples=["parquet"])
    as_of: str | None = Field(
        None,
        max_length=100,
        description="Date or RFC 3339 time: what the archive knew then. Without it what it knows now: as of the"
        " last line of its ledger, so that the same can be asked for again.",
        examples=["2026-01-01"],
    )
    audience: Literal["public", "internal"] = Field(
        "public",
        description="public: under each platform's terms; internal: all of it, for the operator's own use.",
    )
    tables: list[str] = Field([], max_length=20, description="Only these; none: all.", examples=[["posts", "tags"]])
    columns: list[str] = Field(
        [],
        max_length=500,
        description="Only these of their tables, which are named before a dot; without one they are of posts.",
        examples=[["text", "account.handle", "tags.topic"]],
    )
    bom: StrictBool = Field(False, description="Of CSV: begin with the mark by which Excel knows UTF-8.")
    raw: StrictBool = Field(False, description="Of CSV: leave cells that a spreadsheet would run as they are.")
    pseudonymise: StrictBool = Field(
        False, description="Replace the handles of accounts that are no institution's by keyed digests."
    )
    sample: SampleForm | None = Field(None, description="Only so many of the posts, drawn evenly.")

    @property
    def options(self) -> dict[str, Any]:
        """All that has no column of its own, as it is kept."""
        return self.model_dump(mode="json", exclude=set(_NAMED))
