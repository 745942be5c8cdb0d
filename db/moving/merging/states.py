"""Which states that another archive saw of a post are new here, and which of them is the current one? Pure.

A state is what a post showed (text, links, media), or that it was gone: a deletion shows nothing, its version only
keeps what was there. A version is told from all others by the digest under which the archive that saw it sealed it,
however often it is merged on.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from core import times
from core.post import View
from db.proof import digests

LATE = "late"
GONE = "gone"
CONTENT = ("text", "links", "media", "view", "text_sha256")
Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class State:
    """A version with what it says about where it comes from."""

    row: Row

    @property
    def _merged(self) -> Row:
        found: Row = self.row["facts"].get("merged") or {}
        return found

    @property
    def origin(self) -> str:
        """The digest of the version of the archive that saw it."""
        return str(self._merged.get("digest") or self.row["digest"])

    @property
    def seen(self) -> datetime:
        found = self._merged.get("seen_at")
        return times.parse(found) if found else self.row["seen_at"]

    @property
    def gone(self) -> bool:
        return "delete" in (self.row["change"], self._merged.get("change")) or bool(
            self.row["facts"].get("deleted")
        )

    @property
    def content(self) -> str:
        row = self.row
        return str(digests.of([row["text_sha256"], row["links"], row["media"]]))

    @property
    def shows(self) -> set[str]:
        """The states that it tells of: two, where a post was gone already when it was seen first."""
        deletion = "delete" in (self.row["change"], self._merged.get("change"))
        return {GONE} if deletion else {self.content, GONE} if self.gone else {self.content}

    @property
    def erased(self) -> bool:
        return self.row["erasure_id"] is not None

    @property
    def view(self) -> int:
        return int(self.row["view"])

    def after(self, now: "State") -> bool:
        """Whether it tells more, or later, than the state `now`, by the rules of `db.archive`."""
        if self.row["change"] == LATE or self.erased or self._stale(now):
            return False
        if self.gone != now.gone:
            return self.seen > now.seen and (self.gone or self.view > View.QUOTE)
        if self.view != now.view or self.gone:
            return self.view > now.view
        if self.view == View.QUOTE:
            return len(self.row["text"]) > len(now.row["text"])
        return self.seen > now.seen and (self.view == View.FULL or self._eyes == now._eyes)

    @property
    def _eyes(self) -> str | None:
        found: str | None = self.row["facts"].get("source")
        return found

    def _stale(self, now: "State") -> bool:
        mine, other = self.row["facts"].get("revised_at"), now.row["facts"].get("revised_at")
        return bool(mine and other and times.parse(mine) < times.parse(other))

    def differs(self, now: "State") -> bool:
        return self.gone != now.gone or (not self.gone and self.content != now.content)

    def change_after(self, now: "State") -> str:
        if self.gone or now.gone:
            return "delete" if self.gone else "restore"
        return "fuller" if self.view > now.view or self.view == View.QUOTE else "edit"

    def without_deletion(self) -> "State":
        """What it showed, where that it was gone is known."""
        return State({**self.row, "facts": {n: v for n, v in self.row["facts"].items() if n != "deleted"}})

    def on(self, now: "State") -> "State":
        """It as the current state after `now`, whose content stays where that shows more."""
        return State({**self.row, **{name: now.row[name] for name in CONTENT}}) if less(self, now) else self


def less(state: State, now: State) -> bool:
    """That it is gone or back is all that a lesser view tells."""
    return state.view < now.view


def new_states(ours: Sequence[State], current: State, theirs: Sequence[State]) -> Iterator[tuple[State, str]]:
    """What is to be added, in order, each with its change: the last one that is not `late` becomes current."""
    origins, shown, now = {s.origin for s in ours}, set().union(*(s.shows for s in ours)), current
    for state in theirs:
        if state.origin in origins or state.erased:
            continue
        missing = state.shows - shown
        if state.after(now) and state.differs(now):
            yield state, state.change_after(now)
            missing -= {GONE} if state.gone else set() if less(state, now) else {state.content}
            now = state.on(now)
        if missing:
            yield state if GONE in missing else state.without_deletion(), LATE
        shown |= state.shows
