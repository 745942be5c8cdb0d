"""Two releases: every post that came, went or changed is told once, with why, and the sums fit."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core import plugins
from core.errors import BadRequest
from exports import diff
from tests.exports.made import MODEL, OTHER_MODEL, post, release, tag, version, withheld, zipped

FORMATS = sorted(plugins.load("exports.formats"))


def ids(found: dict[str, Any], kind: str) -> list[int]:
    return [int(entry["id"].rpartition("/")[2]) for entry in found[kind]]


def compare(tmp_path: Path, a: Any, b: Any, versions: Any = (), **more: Any) -> dict[str, Any]:
    return diff.diff(release(tmp_path / "a", a), release(tmp_path / "b", b, versions, **more))


def test_the_same_release_is_identical(tmp_path: Path) -> None:
    found = compare(tmp_path, [post(1)], [post(1)])
    assert found["identical"] and found["differs"] == [] and found["counts"]["posts"] == {"a": 1, "b": 1, "both": 1}
    assert [kind for kind in diff.KINDS if found[kind]] == []


def test_each_change_is_told_as_what_it_is(tmp_path: Path) -> None:
    gone = "2026-01-30T00:00:00Z"
    a = [post(n, tags=[tag("reform")]) for n in range(1, 9)]
    b = [
        post(1, tags=[tag("reform")]),
        post(2, tags=[tag("reform")], deleted_at=gone),
        post(3, "Another text.", tags=[tag("reform")]),
        post(4, tags=[tag("reform", "unsure"), tag("training")]),
        withheld(post(5, tags=[tag("reform")])),
        post(6, tags=[tag("reform")], metrics={"likes": 3}),
        post(9),
    ]
    erased = version(7, erased=True, erased_at=gone, erased_cause="request")
    found = compare(tmp_path, a, b, [erased])
    kinds = {kind: ids(found, kind) for kind in diff.KINDS}
    assert kinds == {
        "added": [9], "deleted": [2], "erased": [7], "no_longer_matching": [8], "withheld": [5],
        "changed_text": [3], "retagged": [4], "other": [6],
    }  # fmt: skip
    assert {kind: found["counts"][kind] for kind in diff.KINDS} == dict.fromkeys(diff.KINDS, 1)
    assert found["counts"]["removed"] == 2 and not found["identical"]
    assert found["deleted"][0] | {"deleted_at": gone, "listed": True} == found["deleted"][0]
    assert found["erased"][0] | {"cause": "request", "erased_at": gone, "listed": False} == found["erased"][0]
    assert found["fields"] == {"metrics": 1}


def test_words_are_told_of_what_both_sides_may_still_show_alone(tmp_path: Path) -> None:
    found = compare(
        tmp_path, [post(1), post(2), post(3, "A secret.")], [post(2, "New words."), withheld(post(3, "A secret."))],
        [version(1, erased=True, erased_cause="request")],
    )  # fmt: skip
    told = {kind: [entry["words"] for entry in found[kind]] for kind in ("erased", "withheld", "changed_text")}
    assert told == {"erased": [None], "withheld": [None], "changed_text": ["New words."]}


def test_no_words_are_told_of_what_is_gone_for_whatever_reason(tmp_path: Path) -> None:
    """Words of a query do not find a post that was erased: nobody can tell it from one that matches no longer."""
    found = compare(tmp_path, [post(1, "Talks that were erased")], [], query="talks")
    assert (ids(found, "no_longer_matching"), ids(found, "erased")) == ([1], [])
    assert found["no_longer_matching"][0]["words"] is None
    assert any("no words of a query find what was erased" in note for note in found["notes"])


def test_a_post_deleted_there_and_erased_here_is_both(tmp_path: Path) -> None:
    found = compare(tmp_path, [post(1)], [], [version(1, erased=True, erased_cause="deleted")])
    assert (ids(found, "deleted"), ids(found, "erased"), ids(found, "no_longer_matching")) == ([1], [1], [])
    assert found["deleted"][0]["listed"] is False


def test_an_erasure_that_both_know_is_no_news(tmp_path: Path) -> None:
    known = [version(1, erased=True)]
    one = release(tmp_path / "a", [post(1)], known)
    assert diff.diff(one, release(tmp_path / "b", [post(1)], known))["erased"] == []
    more = [*known, version(1, number=2, erased=True)]
    found = diff.diff(one, release(tmp_path / "c", [post(1)], more))
    assert [(e["id"][-1], e["listed"]) for e in found["erased"]] == [("1", True)]


def test_a_text_that_is_withheld_on_both_sides_still_tells_that_it_changed(tmp_path: Path) -> None:
    found = compare(tmp_path, [withheld(post(1, "One."))], [withheld(post(1, "Two."))])
    assert ids(found, "changed_text") == [1] and found["changed_text"][0]["words"] is None


def test_decisions_are_counted_by_the_model_that_moved_them(tmp_path: Path) -> None:
    new = {"model": OTHER_MODEL}
    a = [post(1, tags=[tag("reform")]), post(2), post(3, tags=[tag("reform")]), post(4, tags=[tag("reform")])]
    b = [
        post(1, tags=[tag("reform", **new)]),
        post(2, tags=[tag("reform", **new)]),
        post(3, tags=[tag("reform", "unsure", **new)]),
        post(4, tags=[tag("reform", model=None, by="person")]),
    ]
    found = compare(tmp_path, a, b)
    none = {"gained": 0, "lost": 0, "to_unsure": 0, "from_unsure": 0, "same": 0}
    moves = {(m.pop("from"), m.pop("to")): m for m in found["models"]}
    assert moves == {
        (MODEL, OTHER_MODEL): {"decisions": 2, **none, "same": 1, "lost": 1},
        (None, OTHER_MODEL): {"decisions": 1, **none, "gained": 1},
        (MODEL, "person"): {"decisions": 1, **none, "same": 1},
    }
    assert ids(found, "retagged") == [2, 3]
    assert found["retagged"][1]["topics"] == {
        "reform": {"from": "tagged", "to": "unsure", "by": {"from": MODEL, "to": OTHER_MODEL}}
    }


def test_what_nobody_has_judged_yet_is_told_apart_from_what_does_not_hold(tmp_path: Path) -> None:
    no = {"reform": {"probability": 0.1, "decision": "not"}, "training": {"probability": 0.1, "decision": "not"}}
    a = release(tmp_path / "a", [post(n, tags=[tag("reform")]) for n in (1, 2)])
    b = release(tmp_path / "b", [post(1), post(2, topics=no)])
    found = diff.diff(a, b)
    assert [row["topics"]["reform"]["to"] for row in found["retagged"]] == [None, None]
    assert [row["not_judged_yet"] for row in found["retagged"]] == [
        {"from": [], "to": ["reform"]}, {"from": [], "to": []},
    ]  # fmt: skip
    assert any(note.startswith("of 1 of the re-tagged posts nobody has judged") for note in found["notes"])
    back = diff.diff(b, a)
    assert back["retagged"][0]["not_judged_yet"] == {"from": ["reform"], "to": []}
    assert not any("nobody has judged" in note for note in back["notes"])


def test_what_one_side_lacks_is_not_compared_and_said(tmp_path: Path) -> None:
    few = {"posts": ["id", "text", "tags"]}
    a = [post(1, tags=[tag("reform")]), post(2)]
    b = [{name: row[name] for name in few["posts"]} for row in (post(1, "Edited."), post(3))]
    other = release(tmp_path / "b", b, tables=few)
    manifest = json.loads((other / "manifest.json").read_text())
    del manifest["content"]["versions"]
    (other / "manifest.json").write_text(json.dumps(manifest))
    found = diff.diff(release(tmp_path / "a", a), other)
    assert (ids(found, "changed_text"), ids(found, "retagged"), ids(found, "other")) == ([1], [1], [])
    assert any("no table versions" in note for note in found["notes"])


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"query": "reform"}, "only the query differs"),
        ({"query": "reform", "audience": "internal"}, "the query and the audience differ"),
        ({"archive": {"id": "another"}}, "two archives"),
        ({}, "query, moment and audience are the same"),
    ],
)
def test_why_posts_no_longer_match_is_said(tmp_path: Path, more: dict[str, Any], said: str) -> None:
    found = compare(tmp_path, [post(1)], [], **more)
    assert any(said in note for note in found["notes"]), found["notes"]
    assert set(more) <= set(found["differs"])


@pytest.mark.parametrize("inside", ["", "my-release/"])
def test_a_zip_is_read_as_its_folder(tmp_path: Path, inside: str) -> None:
    one, other = release(tmp_path / "a", [post(1)]), release(tmp_path / "b", [post(2)])
    found = diff.diff(zipped(one, inside), other)
    assert (ids(found, "added"), ids(found, "no_longer_matching")) == ([2], [1])


@pytest.mark.parametrize("one", FORMATS)
@pytest.mark.parametrize("other", FORMATS)
def test_formats_tell_the_same(tmp_path: Path, one: str, other: str) -> None:
    """What a format cannot hold apart, or writes otherwise, would look like a change."""
    sight = {
        "source": None,
        "first_hand": True,
        "url": "https://a.example",
        "seen_at": "2026-01-01T00:00:00.500000Z",
    }
    counts = {"likes": 3, "reposts": None, "replies": 0, "quotes": None, "views": None}
    rows = [
        _complete(post(1, "=1+1", tags=[tag("reform"), tag("training", "unsure")], sightings=[sight])),
        _complete(
            post(2, "", metrics={**counts, "observed_at": "2026-01-01T00:00:00Z"}, links=["https://b.example"])
        ),
        _complete(post(3, "line one\nline two", account=None)),
    ]
    found = diff.diff(
        release(tmp_path / "a", rows, format_=one), release(tmp_path / "b", [*rows[:2]], format_=other)
    )
    assert {kind: ids(found, kind) for kind in diff.KINDS if found[kind]} == {"no_longer_matching": [3]}


def _complete(row: dict[str, Any]) -> dict[str, Any]:
    """Without nulls where the table allows none."""
    at = "2026-01-01T00:00:00Z"
    said = {"kind": "post", "created_at_precision": "second", "first_seen_at": at, "changed_at": at}
    flags = {"synthetic": False, "is_kle": False, "tagging": "done", "versions": 1, "edits": 0}
    return row | said | flags


def test_the_stream_is_the_same_as_the_whole(tmp_path: Path) -> None:
    import orjson

    one, other = release(tmp_path / "a", [post(1), post(2)]), release(tmp_path / "b", [post(2, "x"), post(3)])
    with diff.compared(one, other) as found:
        streamed = orjson.loads(b"".join(found.json()))
    assert streamed == diff.diff(one, other)


def test_a_post_that_is_there_twice_is_told(tmp_path: Path) -> None:
    with pytest.raises(BadRequest, match=r"the post mastodon:.* twice"):
        compare(tmp_path, [post(1), post(1)], [])


DECISIONS = st.sampled_from([None, "tagged", "unsure", "not"])
SIDE = st.dictionaries(st.integers(1, 6), st.tuples(DECISIONS, DECISIONS, st.sampled_from(["one", "two"])))


@given(SIDE, SIDE)
def test_sums_of_each_topic_fit_whatever_changes(tmp_path_factory: Any, one: Any, other: Any) -> None:
    def side(decided: Any) -> list[dict[str, Any]]:
        return [
            post(n, text, [tag(s, d) for s, d in (("reform", r), ("training", t)) if d])
            for n, (r, t, text) in decided.items()
        ]

    found = compare(tmp_path_factory.mktemp("diff"), side(one), side(other))
    counts = found["counts"]
    assert counts["posts"]["both"] + counts["added"] == counts["posts"]["b"] == len(other)
    assert counts["posts"]["both"] + counts["removed"] == counts["posts"]["a"] == len(one)
    for sums in found["topics"].values():
        assert sums["a"] + sums["gained"]["posts"] - sums["lost"]["posts"] == sums["b"]
