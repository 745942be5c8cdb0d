"""A post in the API's form -> what its card and its page show."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any
from urllib.parse import urlencode

from api.render import formats
from api.render.formats import When
from api.render.marks import Piece, pieces
from core import addresses, ids
from core.snippets import Wanted, snippet

_CAUSES = {
    "request": "on request",
    "deleted": "as its platform's terms ask",
    "retention": "as its source is kept for a time only",
}
CARD_LENGTH = 560  # code points of text on the timeline; the post's page has all of it


@dataclass(frozen=True, slots=True)
class Correction:
    """A person's word as people read it; `name` and `note` are empty for outside readers."""

    name: str
    note: str
    at: str
    version: int
    text_changed: bool


@dataclass(frozen=True, slots=True)
class Label:
    """A tag as people read it; `share` is how sure, or whose word it is."""

    slug: str
    name: str
    percent: str
    share: str
    probability: float
    unsure: bool
    decision: str
    by: str
    evidence: str
    correction: Correction | None


@dataclass(frozen=True, slots=True)
class Seen:
    source: str
    first_hand: bool
    url: str | None
    host: str
    at: str


@dataclass(frozen=True, slots=True)
class Erased:
    """Why and when its texts went; `reason` is empty for outside readers, `gone` while a trace may be left."""

    why: str
    reason: str
    at: str
    deleted: str
    gone: str


@dataclass(frozen=True, slots=True)
class Card:
    """`pieces` are of the text or, where it is `shortened`, of a part of it; `begun`: some of it stands before.
    `href` is the post's page here, as of the moment `as_of` if there is one; `url` is where it was published,
    None if that is no web address."""

    id: str
    href: str
    url: str | None
    author: str
    handle: str
    actor: str | None
    platform: str
    kind: str
    when: When
    pieces: list[Piece]
    begun: bool
    shortened: bool
    withheld: bool
    lang: str | None
    direction: str
    labels: list[Label]
    pending: bool
    seen: list[Seen]
    versions: int
    edits: str
    changed: str
    deleted: str | None
    until: str | None
    as_of: str | None
    synthetic: bool
    erased: Erased | None

    @property
    def passages(self) -> list[tuple[tuple[str, ...], list[Piece]]]:
        """The pieces of each sentence that speaks for some topics, and what stands between, together: a word that
        was searched does not break a sentence in two."""
        return [(topics, list(some)) for topics, some in groupby(self.pieces, lambda piece: piece.topics)]

    @property
    def second_hand(self) -> list[Seen]:
        return [s for s in self.seen if not s.first_hand]

    @property
    def sources(self) -> list[str]:
        return sorted({s.source for s in self.seen if s.source})


def href(public_id: str, as_of: str | None = None) -> str:
    return ids.page(public_id) + (f"?{urlencode({'as_of': as_of})}" if as_of else "")


def card(
    post: dict[str, Any],
    names: Mapping[str, str],
    limit: int | None = CARD_LENGTH,
    as_of: str | None = None,
    wanted: Sequence[Wanted] = (),
) -> Card:
    """`names` are the topics' by slug; `limit` None keeps the whole text; the words `wanted` are marked."""
    whole = post["text"] or ""
    text, start, hits = snippet(whole, wanted, len(whole) if limit is None else limit)
    account = post["account"] or {"handle": "", "name": None, "actor": None}
    return Card(
        id=post["id"],
        href=href(post["id"], as_of),
        url=addresses.safe_url(post["url"]),
        author=account["name"] or account["handle"] or "Unknown author",
        handle=account["handle"] if account["name"] else "",
        actor=account["actor"],
        platform=formats.platform(post["platform"]),
        kind=post["kind"],
        when=formats.when(post),
        pieces=pieces(text, post["tags"], hits, start),
        begun=start > 0,
        shortened=len(text) < len(whole),
        withheld=post["rights"]["text_withheld"],
        lang=post["lang"],
        direction=formats.direction(post["lang"]),
        labels=[_label(tag, names, whole) for tag in sorted(post["tags"], key=_surest_first)],
        pending=post["tagging"] == "pending",
        seen=[_seen(s) for s in post["sightings"]],
        versions=post["versions"],
        edits=_times(post["edits"]) if post["edits"] else "",
        changed=formats.moment(post["changed_at"]),
        deleted=formats.moment(post["deleted_at"]) if post["deleted_at"] else None,
        until=formats.moment(post["seen_until"]) if post["seen_until"] else None,
        as_of=as_of,
        synthetic=post["synthetic"],
        erased=_erased(post["erasure"]) if post["erasure"] else None,
    )


def _erased(erasure: dict[str, Any]) -> Erased:
    return Erased(
        why=_CAUSES[erasure["cause"]],
        reason=erasure["reason"] or "",
        at=formats.moment(erasure["at"]),
        deleted=formats.moment(erasure["deleted_at"]) if erasure["deleted_at"] else "",
        gone=formats.moment(erasure["erased_at"]) if erasure["erased_at"] else "",
    )


def _times(count: int) -> str:
    return "1 time" if count == 1 else f"{formats.number(count)} times"


def _surest_first(tag: dict[str, Any]) -> tuple[bool, float]:
    return tag["decision"] != "tagged", -tag["probability"]


def _label(tag: dict[str, Any], names: Mapping[str, str], text: str) -> Label:
    evidence, said = tag["evidence"], tag["correction"]
    decided = {"tagged": "", "unsure": ", unsure", "not": "not, "}[tag["decision"]]
    return Label(
        slug=tag["topic"],
        name=names.get(tag["topic"], tag["topic"]),
        percent=formats.percent(tag["probability"]),
        share=f"{decided}by a person" if said else formats.percent(tag["probability"]) + decided,
        probability=tag["probability"],
        unsure=tag["decision"] == "unsure",
        decision=tag["decision"],
        by=(said["name"] or "a person") if said else f"model {tag['model'][:12]}",
        evidence=text[evidence["start"] : evidence["end"]] if evidence else "",
        correction=_correction(said) if said else None,
    )


def _correction(said: dict[str, Any]) -> Correction:
    return Correction(
        name=said["name"] or "",
        note=said["note"] or "",
        at=formats.moment(said["at"]),
        version=said["version"],
        text_changed=said["text_changed"],
    )


def _seen(sighting: dict[str, Any]) -> Seen:
    return Seen(
        source=sighting["source"] or "",
        first_hand=sighting["first_hand"],
        url=addresses.safe_url(sighting["url"]),
        host=addresses.host(sighting["url"]),
        at=formats.moment(sighting["seen_at"]),
    )
