"""Links that change one thing of a search and keep the rest: a filter set or taken away, a range, an order."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from urllib.parse import urlencode

NAMES = {"topic": "Topic", "account": "Account", "actor": "Actor", "platform": "Platform", "lang": "Language",
         "kind": "Kind", "since": "From", "until": "Before", "as_of": "As known"}  # fmt: skip


@dataclass(frozen=True, slots=True)
class SearchLinks:
    """`chosen` is what the URL had, by name; paging starts again with every change."""

    chosen: Mapping[str, list[str]]
    path: str = "/"

    def to(self, **changes: str | list[str] | None) -> str:
        """None takes a parameter away."""
        kept = {name: values for name, values in self.chosen.items() if name not in changes}
        given = {name: [v] if isinstance(v, str) else v for name, v in changes.items() if v}
        pairs = [(name, value) for name, values in {**kept, **given}.items() for value in values or () if value]
        return f"{self.path}?{urlencode(pairs)}" if pairs else self.path

    def at(self, path: str) -> str:
        """The same at another address of this program, in its own order."""
        return replace(self, path=path).to(sort=None)

    def has(self, name: str, value: str) -> bool:
        return value in self.chosen.get(name, [])

    def toggle(self, name: str, value: str) -> str:
        """Set, or taken away where it is set. Topics add up; of the others one holds."""
        if self.has(name, value):
            return self.without(name, value)
        return self.to(**{name: [*self.chosen.get(name, []), value] if name == "topic" else value})

    def without(self, name: str, value: str) -> str:
        return self.to(**{name: [v for v in self.chosen.get(name, []) if v != value]})

    def active(self) -> list[tuple[str, str, str, str]]:
        """(name of the filter, its label, its value, the link without it)."""
        return [
            (name, NAMES[name], value, self.without(name, value))
            for name, values in self.chosen.items()
            if name in NAMES
            for value in values
            if value
        ]
