"""How long a server asks to be left alone."""

from datetime import UTC, datetime

import pytest

from core.waits import retry_after


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("90", 90.0),
        ("Mon, 04 May 2026 10:01:00 GMT", 60.0),
        ("Mon, 04 May 2026 09:00:00 GMT", 0.0),
        ("", None),
        ("soon", None),
        ("-5", None),
    ],
)
def test_retry_after_is_seconds_or_a_date(value: str, seconds: float | None) -> None:
    assert retry_after(value, datetime(2026, 5, 4, 10, tzinfo=UTC)) == seconds
