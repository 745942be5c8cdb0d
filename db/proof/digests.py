"""Digests of rows, as the ledger seals them: SHA-256 of their canonical JSON, in hex.

A row's digest covers the digest of a text or of bytes, never these themselves, so that they can be erased one day
and the chain still verifies. Each takes a mapping with the columns of its table.
"""

import hashlib
from collections.abc import Iterable, Mapping
from operator import attrgetter
from typing import Any

import orjson

from core import times
from core.page import FILE, HOPS

Row = Mapping[Any, Any]
HIDDEN = "sha256:"  # how an address begins of which only the digest is left
_VERSION = ("number", "change", "text_sha256", "links", "media", "view", "facts")
_TAG = ("slug", "model_id", "probability", "threshold", "decision", "evidence_start", "evidence_end")
_of_tag = attrgetter(*_TAG)
_CORRECTION = ("version_id", "slug", "tag_id", "decision", "credential_id", "name")
_CAPTURE = ("url", "status", "headers", "sha256", "tool")
_TELLING = frozenset({HOPS, FILE, "content-disposition", "content-location", "link"})  # headers with addresses
_MEDIA = ("url", "sha256", "content_type", "size")
_ERASURE = ("public_id", "cause", "reason", "by", "said")
KEPT_FACTS = ("id", "kind", "account", "created_at", "precision", "synthetic", "source")  # of an erased version
_KEPT_VERSION = ("id", "number", "change", "view", "facts", "text_sha256", "digest")
_KEPT_CORRECTION = ("id", *_CORRECTION)


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def of_text(text: str) -> str:
    return sha256(text.encode("utf-8", "surrogatepass"))


def of_address(url: str) -> str:
    """What stands for an address whose post was erased, and for each address in a digest: so it can be erased."""
    return url if not url or url.startswith(HIDDEN) else HIDDEN + of_text(url)


def of(value: Any) -> str:
    """Of anything that JSON can say; the order of keys does not matter."""
    return sha256(orjson.dumps(value, option=orjson.OPT_SORT_KEYS))


def of_version(row: Row) -> str:
    """Over everything that a version says."""
    return of({**_picked(row, _VERSION), "seen_at": times.text(row["seen_at"])})


def of_tags(rows: Iterable[Any]) -> str:
    """Over one round of tagging of one version; rows with slug, model_id, probability, threshold and so on."""
    said = [[*_of_tag(r), times.text(r.valid_from)] for r in rows]
    return of(sorted(said, key=lambda s: str(s[0])))


def of_correction(row: Row) -> str:
    """Over what a person said; `row` has the topic's slug too. Of the note only its SHA-256, as of a text."""
    note = None if row["note"] is None else of_text(row["note"])
    return of({**_picked(row, _CORRECTION), "note_sha256": note, "at": times.text(row["at"])})


def of_capture(row: Row) -> str:
    """Over one answer: where, when, with which headers, and the digest of its bytes."""
    plain = {**_picked(row, _CAPTURE), **addresses_hidden(row)}
    return of({**plain, "fetched_at": times.text(row["fetched_at"])})


def addresses_hidden(row: Row) -> dict[str, Any]:
    """The address of a capture and its headers, with digests for what tells addresses: what an erasure leaves."""
    headers = {name: of_address(said) if name in _TELLING else said for name, said in row["headers"].items()}
    return {"url": of_address(row["url"]), "headers": headers}


def of_media(row: Row) -> str:
    """Over one fetched file of a post."""
    return of({**_picked(row, _MEDIA), "url": of_address(row["url"]), "fetched_at": times.text(row["fetched_at"])})


def of_erasure(row: Row) -> str:
    """Over a tombstone; when its last trace was purged is not part of it."""
    gone = times.text(row["deleted_at"]) if row["deleted_at"] else None
    return of({**_picked(row, _ERASURE), "deleted_at": gone, "at": times.text(row["at"])})


def of_kept(row: Row) -> str:
    """Over what is left of an erased version: the row as it stands once its text is gone, its facts KEPT_FACTS."""
    return of({**_picked(row, _KEPT_VERSION), "seen_at": times.text(row["seen_at"])})


def of_kept_correction(row: Row) -> str:
    """Over what is left of a correction whose note was erased; `row` has the topic's slug too."""
    return of({**_picked(row, _KEPT_CORRECTION), "at": times.text(row["at"])})


def _picked(row: Row, names: Iterable[str]) -> dict[str, Any]:
    return {name: row[name] for name in names}
