"""The forms of exports."""

from typing import Any, Literal

from pydantic import ConfigDict, Field

from api import examples
from api.schemas.form import Form, Page, Time
from core.export import ExportForm


class ExportRequest(ExportForm):
    model_config = ConfigDict(json_schema_extra={"examples": [examples.EXPORT_REQUEST]})


class Progress(Form):
    posts: int = Field(description="Posts that are written.")
    of: int | None = Field(description="Of so many; null before they are counted.")
    anew: bool = Field(
        description="It begins, or began, once more: a process that built it ended, or a text of it was erased."
    )


class ReleaseFile(Form):
    path: str
    rows: int | None = Field(description="Of a table.")
    bytes: int
    sha256: str


class ReleaseZip(Form):
    path: str = Field(description="The name under which it is fetched.")
    bytes: int
    sha256: str = Field(description="Its strong ETag, too.")


class Withheld(Form):
    platform: str
    policy: str
    posts: int
    fields: list[str]
    why: str


class Sample(Form):
    size: int
    stratify: list[str]
    seed: int


class Export(Form):
    model_config = ConfigDict(json_schema_extra={"examples": [examples.EXPORT]})
    id: int
    state: Literal["waiting", "running", "done", "failed", "withdrawn", "expired"]
    query: str
    format: str
    as_of: Time = Field(description="The moment that it shows; fixed when it was asked for.")
    audience: Literal["public", "internal"]
    tables: list[str]
    columns: list[str]
    bom: bool
    raw: bool
    pseudonymise: bool
    sample: Sample | None
    owner: str = Field(description="Name of the key or session that asked.")
    asked_at: Time
    progress: Progress
    finished_at: Time | None
    expires_at: Time | None = Field(description="Until then its files stay.")
    error: str | None = Field(description="Why it failed.")
    withdrawn_at: Time | None
    why: str | None = Field(description="Why it was withdrawn.")
    bytes: int | None = Field(description="What its files take here; null unless it is done.")
    files: list[ReleaseFile] = Field(description="Empty unless it is done.")
    zip: ReleaseZip | None = Field(description="All of them in one file, as GET .../file gives it.")
    withheld: list[Withheld]
    manifest: dict[str, Any] | None = Field(description="manifest.json without its list of files.")
    citation: str | None
    command: str | None = Field(description="What builds the same at the terminal.")


class Exports(Page):
    items: list[Export]
