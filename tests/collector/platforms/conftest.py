"""An API on the loopback, and a source that is looked at again and again as the collector does it."""

from collections.abc import Iterator

import pytest

from tests.collector.platforms.api import Api, running


@pytest.fixture
def api() -> Iterator[Api]:
    with running() as started:
        yield started
