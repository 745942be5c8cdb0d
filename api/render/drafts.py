"""An alert as the fields of its form: what was typed stays as it was typed, whether it can be used or not."""

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from pydantic import BaseModel, ValidationError

from core import times
from core.alert import AlertForm, ChannelForm
from core.cadence import Cadence, Quiet
from core.errors import BadRequest

Errors = dict[str, str]


class Draft(BaseModel):
    """`keep` are subscriptions whose channels the alert has as well; `kind` and `address` are those of new ones,
    side by side. `do` is the button that was pressed."""

    name: str = ""
    query: str = ""
    keep: list[int] = []
    kind: list[str] = []
    address: list[str] = []
    cadence: str = "at_once"
    at: str = "07:00"
    zone: str = "UTC"
    quiet_from: str = ""
    quiet_until: str = ""
    quiet_zone: str = ""
    lang: str = "en"
    edits: str = ""
    max_age: str = "7d"
    rule: str = "posts"
    count: str = ""
    within: str = ""
    do: str = "save"
    csrf: str = ""

    @classmethod
    def of(cls, told: dict[str, Any]) -> "Draft":
        """Of an alert as the API shows it."""
        cadence = Cadence.parse(told["cadence"])
        quiet = Quiet.parse(told["quiet"]) if told["quiet"] else None
        daily = {"at": f"{cadence.at:%H:%M}", "zone": cadence.zone.key} if cadence.kind == "daily" else {}
        hours: dict[str, Any] = {}
        if quiet:
            hours = {
                "quiet_from": f"{quiet.start:%H:%M}",
                "quiet_until": f"{quiet.end:%H:%M}",
                "quiet_zone": quiet.zone.key,
            }
        rule = told["rule"]
        return cls(
            name=told["name"],
            query=told["query"],
            keep=[channel["subscription"] for channel in told["channels"]],
            cadence=cadence.kind,
            **daily,
            **hours,
            lang=told["lang"],
            edits="yes" if told["edits"] else "",
            max_age=told["max_age"],
            rule=rule["kind"],
            count=_text(rule.get("count")),
            within=_text(rule.get("within")),
        )

    @property
    def channels(self) -> list[tuple[str, str]]:
        """(kind, address) of the new ones that were filled in, and one more to fill in."""
        typed = [(kind, address) for kind, address in self._typed() if address]
        return [*typed, ("email", "")]

    def _typed(self) -> list[tuple[str, str]]:
        return [(kind, address.strip()) for kind, address in zip(self.kind, self.address, strict=False)]

    def form(self, kept: Sequence[ChannelForm], fields: dict[str, str]) -> tuple[AlertForm | None, Errors]:
        """The alert, or what is wrong by field. `fields` names what each kind of channel calls its address."""
        typed = [{"kind": kind, fields.get(kind, "url"): said} for kind, said in self._typed() if said]
        given = {
            "name": self.name,
            "query": self.query,
            "channels": [*(one.model_dump() for one in kept), *typed],
            "cadence": f"daily {self.at} {self.zone}" if self.cadence == "daily" else self.cadence,
            "quiet": self._quiet(),
            "lang": self.lang,
            "edits": bool(self.edits),
            "max_age": self.max_age.strip(),
            "rule": self._rule(),
        }
        try:
            return AlertForm.model_validate(given), {}
        except ValidationError as error:
            return None, _errors(error)

    def _quiet(self) -> str | None:
        if not (self.quiet_from or self.quiet_until):
            return None
        zone = self.quiet_zone or self.zone if self.quiet_from and self.quiet_until else ""
        return f"{self.quiet_from}-{self.quiet_until} {zone}".strip()

    def _rule(self) -> dict[str, Any]:
        if self.rule != "more_than":
            return {"kind": self.rule}
        return {"kind": self.rule, "count": self.count.strip() or None, "within": self.within.strip() or None}


def at_field(error: BadRequest) -> Errors:
    """A failure that was found where the alert was saved, at the field that it is about."""
    found = str(error.extra.get("parameter") or "query")
    return {found if found in AlertForm.model_fields else "query": error.message}


def ended(until: datetime | None, now: datetime) -> str | None:
    """The end of a search in the past: nothing new can match it."""
    return times.text(until) if until and until <= now else None


def _errors(error: ValidationError) -> Errors:
    found: Errors = {}
    for one in error.errors():
        name = str(one["loc"][0]) if one["loc"] else "name"
        message = re.sub("^Value error, ", "", one["msg"])
        found.setdefault(name, message[:1].upper() + message[1:])
    return found


def _text(value: Any) -> str:
    return "" if value is None else str(value)
