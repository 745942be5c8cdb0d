"""Two sides in a file of their own: each question is answered in order, and nothing is left behind."""

from pathlib import Path

import pytest

from db.comparing import Erased, State, comparing


def state(public_id: str, **more: object) -> State:
    said = dict.fromkeys(State._fields) | {"topics": b"{}", "rest": b""} | {"id": public_id} | more
    return State(**said)  # type: ignore[arg-type]


def test_what_is_on_one_side_alone_comes_in_its_order() -> None:
    with comparing() as room:
        room.put("a", [state("c"), state("a"), state("b")])
        room.put("b", [state("b"), state("z"), state("y")])
        room.filled()
        assert [s.id for s in room.alone("a", "b")] == ["c", "a"]
        assert [s.id for s in room.alone("b", "a")] == ["z", "y"]


@pytest.mark.parametrize(
    ("was", "now"),
    [
        ({"text": "1"}, {"text": "2"}),
        ({"deleted": None}, {"deleted": "t"}),
        ({"withheld": 0}, {"withheld": None}),
        ({"topics": b"{}"}, {"topics": b"[]"}),
        ({"rest": b"1"}, {"rest": b"2"}),
    ],
)
def test_any_difference_makes_a_pair_and_none_makes_none(was: dict[str, object], now: dict[str, object]) -> None:
    with comparing() as room:
        room.put("a", [state("x", **was), state("same", text="t")])
        room.put("b", [state("same", text="t", words="other words"), state("x", **now)])
        room.filled()
        assert list(room.differing()) == [(state("x", **was), state("x", **now))]


def test_erasures_are_new_where_more_versions_are_erased_than_before() -> None:
    with comparing() as room:
        room.put("a", [state("old"), state("new"), state("more")])
        room.put("b", [state("more")])
        room.put_erased("a", [Erased("old", None, "request"), Erased("more", None, "request")])
        room.put_erased("b", [Erased(x, "t", "deleted") for x in ("old", "new", "more", "more", "never listed")])
        room.filled()
        assert [(s.id, e.cause, listed) for s, e, listed in room.newly_erased()] == [
            ("new", "deleted", False), ("more", "deleted", True),
        ]  # fmt: skip
        assert room.erased("b", "new") == Erased("new", "t", "deleted") and room.erased("a", "new") is None


def test_an_id_that_is_there_twice_is_found() -> None:
    with comparing() as room:
        room.put("a", [state("x"), state("y"), state("x")])
        room.put("b", [state("x")])
        room.filled()
        assert (room.twice("a"), room.twice("b")) == ("x", None)


def test_notes_come_back_in_their_order_and_no_more_than_asked_for() -> None:
    with comparing() as room:
        for number in range(3):
            room.note("kind", b"%d" % number)
        room.note("another", b"x")
        assert (list(room.noted("kind")), list(room.noted("kind", 2))) == ([b"0", b"1", b"2"], [b"0", b"1"])


@pytest.mark.skipif(
    not Path("/proc/self/fd").is_dir(), reason="the open files of a process are told by Linux alone"
)
def test_its_file_has_no_name_that_could_be_left_behind() -> None:
    """Whatever ends the process."""
    with comparing() as room:
        before = _open_files()
        room.note("kind", bytes(100_000_000))
        (place,) = _open_files() - before  # on disk, not in memory
        assert place.endswith("(deleted)")
        assert len(next(room.noted("kind"))) == 100_000_000


def _open_files() -> set[str]:
    """The temporary ones of SQLite."""
    held = (str(fd.readlink()) for fd in Path("/proc/self/fd").iterdir() if fd.is_symlink())
    return {place for place in held if "etilqs_" in place}
