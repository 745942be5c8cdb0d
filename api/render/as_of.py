"""The moment as of which a page shows the archive."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class AsOf:
    """`moment` for people, `field` as the form's control has it."""

    moment: datetime
    to_come: bool

    @classmethod
    def of(cls, moment: datetime, now: datetime) -> "AsOf":
        return cls(moment, moment > now)

    @property
    def field(self) -> str:
        return self.moment.strftime("%Y-%m-%dT%H:%M:%S")
