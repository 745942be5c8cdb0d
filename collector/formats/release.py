"""A post of a release with its history, as `collector.releases` puts it together: {"archive", "audience", "post",
"versions", "metrics"}."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from collector.formats._reading import About
from collector.formats._start import Start
from core import post as posts
from core import times
from core.errors import ParseError
from core.post import OWN_VIEW, Counted, Elsewhere, SeenPost, View, Word

LATE = "late"
_NEEDED = ("number", "change", "seen_at", "digest")
_AHEAD = timedelta(days=1)  # clocks differ
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
    _check(row, versions)
    words = _words(row) if record.get("audience") == "internal" else ()
    if (latest := max(_times(versions, record["metrics"], words))) > about.seen_at + _AHEAD:
        raise ParseError(f"it was seen, counted or judged at {times.text(latest)}, which is still to come")
    told: dict[str, Any] = {
        "revised_at": None,  # of the post there is only told when the archive saw it changed
        "observed": tuple(_counted(counts) for counts in record["metrics"]),
        "words": words,
    }
    if len(versions) > 1:
        told |= _history(_states(row, post, versions, archive), post.labels)
    else:
        told |= {"view": _view(post, versions[0], View.QUOTE), "elsewhere": _elsewhere(versions[0], archive)}
    return replace(post, **told)


def _check(row: Row, versions: Sequence[Row]) -> None:
    """The last version that was its current one is what its row shows."""
    current = next((v for v in reversed(versions) if v["change"] != LATE), None)
    if current is None:
        raise ParseError("none of its versions was ever its current one")
    if "text" in row and current["text"] != row["text"]:
        raise ParseError("its row in posts shows another text than its last version")


def _times(versions: Sequence[Row], counts: Sequence[Row], words: Sequence[Word]) -> Iterator[datetime]:
    """When all of it was learnt. What is still to come would win over whatever is learnt here, and the ledger,
    whose times never fall, would stand there for good."""
    for version in versions:
        yield times.parse(version["seen_at"])
        if (merged := version.get("merged") or {}).get("seen_at"):
            yield times.parse(merged["seen_at"])
    yield from (times.parse(row["observed_at"]) for row in counts)
    yield from (word.at for word in words)


def _history(states: list[SeenPost], labels: tuple[str, ...]) -> dict[str, Any]:
    """With the labels that it has now, which are told of no state of before."""
    last = max(n for n, state in enumerate(states) if state.elsewhere and state.elsewhere.change != LATE)
    current = states[last] = replace(states[last], labels=labels)
    return {"history": tuple(states), "view": current.view, "elsewhere": current.elsewhere}


def _named(row: Row) -> dict[str, Any]:
    """Whoever chose columns may have left out what its id says."""
    platform, _, platform_id = str(row.get("id") or "").partition(":")
    return {"platform": platform, "platform_id": platform_id, **row}


def _states(row: Row, post: SeenPost, versions: Sequence[Row], archive: str) -> list[SeenPost]:
    """In order, but that no late one begins."""
    first = next(v for v in versions if v["change"] != LATE)
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
    return _mark(version, archive, there)


def _mark(row: Row, archive: Any, before: Elsewhere | None = None) -> Elsewhere:
    seen_at = times.parse(row["seen_at"])
    return Elsewhere(str(archive), int(row["number"]), str(row["change"]), seen_at, str(row["digest"]), before)


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
