"""The collector's loopback server, its fetcher, and tries that do not wait."""

from tests.collector.conftest import _no_waiting_between_tries, fetcher
from tests.collector.platforms.conftest import api

__all__ = ["_no_waiting_between_tries", "api", "fetcher"]
