"""A post of a release with its history, as `collector.releases` puts it together: {"archive", "audience", "post",
"versions", "metrics"}."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from collector.formats._reading import About
from collector.formats._start import Start
from core import post as posts
from core import times
from core.errors import ParseError
from core.post import OWN_VIEW, Counted, Elsewhere, SeenPost, View, Word

LATE = "late"
_NEEDED = ("number", "change", "seen_at", "digest")
_STATE = ("text", "text_sha256", "links", "media")
Row = Mapping[str, Any]


def looks_like(start: Start) -> bool:
    return start.shape != "table" and start.any("post", "versions", "metrics")


def read(record: Row, about: About) -> SeenPost:
    row = _named(record["post"])
    post = posts.from_json(row)
    archive = str(record.get("archive") or "")
    versions = [v for v in record["versions"] if not v.get("erased") and v.get("text") is not None]
    if not archive or not versions or any(v.get(name) is None for v in versions for name in _NEEDED):
        return post
    states = _states(row, post, versions, archive)
    number = max(n for n, state in enumerate(states) if state.elsewhere and state.elsewhere.change != LATE)
    current = states[number] = replace(states[number], labels=post.labels)
    if current.text != post.text:
        raise ParseError("its row in posts shows another text than its last version")
    words = _words(row) if record.get("audience") == "internal" else ()
    return replace(
        post,
        view=current.view,
        revised_at=None,
        elsewhere=current.elsewhere,
        history=tuple(states) if len(states) > 1 else (),
        observed=tuple(_counted(counts) for counts in record["metrics"]),
        words=words,
    )


def _named(row: Row) -> dict[str, Any]:
    """Whoever chose columns may have left out what its id says."""
    platform, _, platform_id = str(row.get("id") or "").partition(":")
    return {"platform": platform, "platform_id": platform_id, **row}


def _states(row: Row, post: SeenPost, versions: Sequence[Row], archive: str) -> list[SeenPost]:
    """In order, but that no late one begins."""
    first = next((v for v in versions if v["change"] != LATE), None)
    if first is None:
        raise ParseError("none of its versions was ever its current one")
    states: list[SeenPost] = []
    view = View.QUOTE
    for version in [first, *(v for v in versions if v is not first)]:
        view = _view(post, version, view)
        states.append(_state(row, post, version, _elsewhere(version, archive), view))
    if post.deleted and all(v["change"] != "delete" for v in versions):
        states[0] = replace(states[0], deleted=True)  # it was gone already when it was seen first
    return states


def _view(post: SeenPost, version: Row, before: View) -> View:
    """Of a feed's entry whose page was read later on, that one shows more."""
    if version.get("first_hand") is False:
        return View.QUOTE
    own = OWN_VIEW.get(post.platform, View.FULL)
    read_on = version["change"] == "fuller" and before is not View.QUOTE and own is View.ENTRY
    return View.PAGE if read_on else max(own, before) if before is View.PAGE else own


def _state(row: Row, post: SeenPost, version: Row, elsewhere: Elsewhere, view: View) -> SeenPost:
    shown = post
    if any(version.get(name) != row.get(name) for name in _STATE if name in version):
        shown = posts.from_json({**row, "metrics": None, **{name: version.get(name) for name in _STATE}})
    plain: dict[str, Any] = {"metrics": {}, "places": (), "labels": (), "revised_at": None, "measured_at": None}
    return replace(shown, **plain, deleted=version["change"] == "delete", view=view, elsewhere=elsewhere)


def _elsewhere(version: Row, archive: str) -> Elsewhere:
    before = version.get("merged")
    there = _mark(before, before["archive"]) if before and before.get("digest") else None
    return replace(_mark(version, archive), before=there)


def _mark(row: Row, archive: Any) -> Elsewhere:
    seen_at = times.parse(row["seen_at"])
    return Elsewhere(str(archive), int(row["number"]), str(row["change"]), seen_at, str(row["digest"]))


def _counted(row: Row) -> Counted:
    return Counted(times.parse(row["observed_at"]), posts.counts(row))


def _words(row: Row) -> tuple[Word, ...]:
    """What people said of its topics, where the release says who they are."""
    said = [(tag, tag.get("correction") or {}) for tag in row.get("tags") or () if tag.get("by") == "person"]
    return tuple(
        Word(tag["topic"], tag["decision"], word["name"], word.get("note"), times.parse(word["at"]))
        for tag, word in said
        if word.get("name") and word.get("at")
    )
