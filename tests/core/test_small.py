"""Errors, plugins, cursors, times and outcomes."""

import importlib
import inspect
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core import cursor, errors, outcome, plugins, times
from core.errors import CursorError, KleError


def _classes() -> list[type[KleError]]:
    return [c for c in vars(errors).values() if inspect.isclass(c) and issubclass(c, KleError)]


@pytest.mark.parametrize("failure", _classes(), ids=lambda c: c.__name__)
def test_the_tree_in_the_docstring_shows_every_failure_under_its_parent(failure):
    lines = (errors.__doc__ or "").splitlines()
    column = {line.replace("│", " ").replace("├── ", "    ").replace("└── ", "    ").split()[0]: _depth(line)
              for line in lines if "──" in line or line.strip() == "KleError"}  # fmt: skip
    ancestors = [c for c in failure.__mro__[1:] if issubclass(c, KleError)] if failure is not KleError else []
    assert column[failure.__name__] == len(ancestors)


def _depth(line: str) -> int:
    return (len(line) - len(line.lstrip(" │├└─")) - 4) // 4


def test_a_failure_carries_its_message_status_and_what_else_is_known():
    told = errors.QueryError("not this", 7, ["a word"])
    assert (told.status, told.message, str(told)) == (422, "not this", "not this")
    assert told.extra == {"position": 7, "expected": ["a word"]}
    assert errors.RateLimited("slow down", retry_after=30).retry_after == 30


@pytest.mark.parametrize("failure", _classes(), ids=lambda c: c.__name__)
def test_only_what_may_pass_by_itself_is_transient(failure):
    passing = (
        errors.NotReady,
        errors.Busy,
        errors.TooSlow,
        errors.NoRoom,
        errors.FetchError,
        errors.RateLimited,
        errors.OverBudget,
        errors.DeliveryError,
    )
    assert failure.transient == (failure in passing)


def test_a_module_in_a_package_is_a_plugin_and_a_private_one_is_not(monkeypatch, tmp_path):
    home = tmp_path / "rooms_of_a_test"
    home.mkdir()
    for name in ("__init__", "b", "a", "_hidden"):
        (home / f"{name}.py").write_text("", "utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    importlib.invalidate_caches()
    assert list(plugins.load("rooms_of_a_test")) == ["a", "b"]
    assert plugins.load("rooms_of_a_test")["a"].__name__ == "rooms_of_a_test.a"


@given(st.lists(st.integers(-(1 << 63) + 1, (1 << 63) - 1), min_size=1, max_size=3))
def test_a_cursor_brings_back_the_place_that_it_was_made_for(place):
    made = cursor.encode("newest", *place)
    assert cursor.decode(made, "newest", len(place)) == place
    assert made.isascii() and "=" not in made
    with pytest.raises(CursorError):
        cursor.decode(made, "oldest", len(place))
    with pytest.raises(CursorError):
        cursor.decode(made, "newest", len(place) + 1)


@pytest.mark.parametrize("place", [["newest"], ["newest", "a"], ["newest", 1.5], ["newest", True],
                                   ["newest", 1 << 63], ["newest", 1, -(1 << 64)], [], "newest", 7])  # fmt: skip
def test_a_forged_cursor_is_refused(place):
    import base64
    import json

    forged = base64.urlsafe_b64encode(json.dumps(place).encode()).decode()
    with pytest.raises(CursorError) as told:
        cursor.decode(forged, "newest", max(1, len(place) - 1) if isinstance(place, list) else 1)
    assert told.value.extra == {"parameter": "cursor"}
    assert told.value.status == 422


@given(st.text(max_size=40))
def test_no_garbage_is_a_cursor(garbage):
    with pytest.raises(CursorError):
        cursor.decode(garbage, "newest")


@pytest.mark.parametrize(
    ("written", "moment"),
    [
        ("2025-08-18", datetime(2025, 8, 18, tzinfo=UTC)),
        ("2025-08-18T14:30:00Z", datetime(2025, 8, 18, 14, 30, tzinfo=UTC)),
        (" 2025-08-18T14:30:00 ", datetime(2025, 8, 18, 14, 30, tzinfo=UTC)),
        ("2025-08-18T17:30:00.25+03:00", datetime(2025, 8, 18, 14, 30, 0, 250000, UTC)),
    ],
)
def test_times_are_read_into_utc(written, moment):
    assert times.parse(written) == moment
    assert times.parse(written).tzinfo is UTC
    assert times.parse(times.text(moment)) == moment


@pytest.mark.parametrize("written", ["", "today", "2025-13-01", "18.08.2025", "2025-08-18T25:00"])
def test_what_is_no_time_is_refused(written):
    with pytest.raises(ValueError):
        times.parse(written)


def test_times_are_written_with_z_and_fractions_only_where_there_are_some():
    baghdad = timezone(timedelta(hours=3))
    assert times.text(datetime(2025, 8, 18, 17, 30, tzinfo=baghdad)) == "2025-08-18T14:30:00Z"
    naive = datetime(2025, 8, 18, 14, 30, 0, 5, UTC).replace(tzinfo=None)
    assert times.text(naive) == "2025-08-18T14:30:00.000005Z"


@pytest.mark.parametrize(
    ("written", "span"),
    [
        ("30s", timedelta(seconds=30)),
        ("15m", timedelta(minutes=15)),
        (" 1 H ", timedelta(hours=1)),
        ("7d", timedelta(7)),
        ("1h 30m", timedelta(hours=1, minutes=30)),
    ],
)
def test_time_spans(written, span):
    assert times.parse_every(written) == span


@pytest.mark.parametrize("written", ["", "15", "m", "0s", "-5m", "1.5h", "1w", "1h 30", "3651d", "9" * 30 + "s"])
def test_what_is_no_time_span_is_refused(written):
    with pytest.raises(ValueError):
        times.parse_every(written)


def test_good_outcomes_are_those_where_somebody_looked():
    assert outcome.GOOD == ("ok", "empty", "not_modified")
    assert outcome.Outcome().ending == "empty"


@pytest.mark.parametrize("written", ["30s", "15m", "1h", "7d", "1h 30m", "2d 3h 4m 5s"])
def test_a_span_is_written_as_it_is_read(written):
    assert times.every(times.parse_every(written)) == written
