"""The shipped model, loaded once for the whole room."""

import pytest

from classifier.model import SHIPPED, Model


@pytest.fixture(scope="session")
def model() -> Model:
    return Model.load(SHIPPED)
