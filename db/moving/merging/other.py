"""Posts of the other archive with all that hangs on them, some hundred at a time."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select
from sqlmodel import Session, SQLModel

from core import ids
from core.post import Account as SeenAccount
from core.post import Media, SeenPost, View
from db.entries import next_keys
from db.models import (
    Account,
    Alias,
    Correction,
    Erasure,
    Exhibit,
    MediaFile,
    Metrics,
    Post,
    Sighting,
    Tag,
    Version,
)  # fmt: skip
from db.upsert import Row, table

SLICE = 250  # posts of one transaction
_FIRST = -(1 << 62)


@dataclass(slots=True)
class Other:
    """One post there: its row, its author and the rows of each table that refer to it, oldest first."""

    row: Row
    account: Row | None
    versions: list[Row] = field(default_factory=list)
    sightings: list[Row] = field(default_factory=list)
    exhibits: list[Row] = field(default_factory=list)
    metrics: list[Row] = field(default_factory=list)
    aliases: list[Row] = field(default_factory=list)
    media_files: list[Row] = field(default_factory=list)
    tags: list[Row] = field(default_factory=list)
    corrections: list[Row] = field(default_factory=list)
    erasures: list[Row] = field(default_factory=list)

    @property
    def public_id(self) -> str:
        return ids.public_id(self.row["platform"], self.row["platform_id"])

    @property
    def names(self) -> list[str]:
        """All its public ids, its own first."""
        return [self.public_id, *(alias["public_id"] for alias in self.aliases)]

    @property
    def current(self) -> Row:
        return next(v for v in self.versions if v["number"] == self.row["current"])

    @property
    def seen(self) -> SeenPost:
        """As a source would show it, so that it is found as posts are."""
        row, shown = self.row, self.current
        own = f"{row['platform']}:"
        exact = row["precision"] != "seen"
        return SeenPost(
            platform=row["platform"],
            platform_id=row["platform_id"],
            kind=row["kind"],
            account=SeenAccount(self.account["platform"], self.account["handle"]) if self.account else None,
            text=shown["text"],
            url=row["url"],
            lang=row["lang"],
            created_at=row["created_at"] if exact else None,
            precision=row["precision"],
            links=tuple(shown["links"]),
            media=tuple(Media(m["type"], m["url"], m["alt"]) for m in shown["media"]),
            synthetic=row["synthetic"],
            deleted=row["deleted_at"] is not None,
            view=View(shown["view"]),
            other_ids=tuple(name.removeprefix(own) for name in self.names[1:] if name.startswith(own)),
        )


_CHILDREN: dict[str, tuple[type[SQLModel], str]] = {
    "versions": (Version, "number"), "sightings": (Sighting, "id"), "exhibits": (Exhibit, "capture_id"),
    "metrics": (Metrics, "observed_at"), "aliases": (Alias, "public_id"), "media_files": (MediaFile, "id"),
    "tags": (Tag, "id"), "erasures": (Erasure, "id"),
}  # fmt: skip


def slices(session: Session, size: int = SLICE) -> Iterator[list[Other]]:
    last = _FIRST
    while keys := next_keys(session, last, size):
        yield load(session, keys)
        last = keys[-1]


def load(session: Session, keys: Sequence[int]) -> list[Other]:
    posts = {row["id"]: row for row in _rows(session, Post, table(Post).c.id.in_(keys))}
    owners = {row["account_id"] for row in posts.values() if row["account_id"]}
    accounts = {row["id"]: row for row in _rows(session, Account, table(Account).c.id.in_(owners))}
    found = {key: Other(posts[key], accounts.get(posts[key]["account_id"])) for key in keys}
    for name, (model, order) in _CHILDREN.items():
        children = table(model)
        for row in _rows(session, model, children.c.post_id.in_(keys), children.c[order]):
            getattr(found[row["post_id"]], name).append(row)
    version = table(Version)
    said = select(table(Correction), version.c.post_id).join_from(table(Correction), version)
    words = session.execute(said.where(version.c.post_id.in_(keys)).order_by(table(Correction).c.id)).mappings()
    for word in words:
        found[word["post_id"]].corrections.append(dict(word))
    return list(found.values())


def _rows(session: Session, model: type[SQLModel], condition: Any, *order: Any) -> list[Row]:
    statement = select(table(model)).where(condition).order_by(*order)
    return [dict(row) for row in session.execute(statement).mappings()]
