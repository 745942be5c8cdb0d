"""An export as the fields of its form: what was typed stays as it was typed, whether it can be used or not."""

from typing import Any, Self

from pydantic import BaseModel, ValidationError

from api.render.drafts import Errors
from core.errors import BadRequest
from core.export import ExportForm

_FIELDS = {"tables": "columns", "size": "sample"}  # where what is wrong with it is shown


class Wanted(BaseModel):
    """`table` are the names that were ticked; `columns` are separated by commas or spaces."""

    query: str = ""
    format: str = "csv"
    as_of: str = ""
    audience: str = "public"
    table: list[str] = []
    columns: str = ""
    bom: str = ""
    raw: str = ""
    pseudonymise: str = ""
    size: str = ""
    stratify: list[str] = []
    seed: str = "1"
    csrf: str = ""

    @classmethod
    def of(cls, form: ExportForm) -> Self:
        """To ask for the same again."""
        flags = {name: "yes" for name in ("bom", "raw", "pseudonymise") if getattr(form, name)}
        sample = form.sample
        drawn = {"size": str(sample.size), "stratify": sample.stratify, "seed": str(sample.seed)} if sample else {}
        return cls.model_validate(
            {
                "query": form.query,
                "format": form.format,
                "as_of": form.as_of or "",
                "audience": form.audience,
                "table": form.tables,
                "columns": ", ".join(form.columns),
                **flags,
                **drawn,
            }
        )

    @property
    def unusual(self) -> bool:
        """Whether anything that is folded away was filled in."""
        given = self.table, self.columns, self.bom, self.raw, self.pseudonymise, self.size, self.stratify
        return any(given)

    def form(self) -> ExportForm:
        """Raises ValidationError."""
        sample = {"size": self.size.strip(), "stratify": self.stratify, "seed": self.seed.strip()}
        return ExportForm.model_validate(
            {
                "query": self.query,
                "format": self.format,
                "as_of": self.as_of.strip() or None,
                "audience": self.audience,
                "tables": self.table,
                "columns": self.columns.replace(",", " ").split(),
                "bom": bool(self.bom),
                "raw": bool(self.raw),
                "pseudonymise": bool(self.pseudonymise),
                "sample": sample if self.size.strip() else None,
            }
        )


def wrong(error: ValidationError | BadRequest) -> Errors:
    """What is wrong, at the field that it is about."""
    if isinstance(error, BadRequest):
        return {_shown(str(error.extra.get("parameter") or "query")): error.message}
    found: Errors = {}
    for one in error.errors():
        said: Any = one["msg"].removeprefix("Value error, ")
        found.setdefault(_shown(str(one["loc"][0])), said[:1].upper() + said[1:])
    return found


def _shown(parameter: str) -> str:
    name = _FIELDS.get(parameter, parameter)
    if name in ("sample", "stratify", "seed"):
        return "sample"
    return name if name in Wanted.model_fields else "query"
