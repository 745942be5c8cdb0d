"""The archives of the database's tests."""

from tests.db.conftest import room
from tests.db.test_query import small

__all__ = ["room", "small"]
