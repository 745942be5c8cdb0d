"""A topic of one's own, and a background that is small enough for tests."""

import pytest

from classifier.own import background
from classifier.own.background import Background
from core.tables import TopicConfig

INSIDE = (
    "Two explosive-laden drones were shot down near the airport last night; nobody was hurt.",
    "Air defence intercepted a one-way attack drone over the base.",
    "A drone struck an oil field in the district this morning and started a fire.",
    "The brigade received jammers against quadcopters from the coalition.",
    "The ministry condemns the drone attack on the gas field.",
    "Soldiers learned to spot and bring down small unmanned aircraft.",
    "طائرة مسيرة مفخخة استهدفت المطار ليلة أمس.",
    "درۆنێک هێرشی کردە سەر کێڵگەی نەوت.",
    "Du dron li ser balafirgehê hatin xistin.",
)
UNSEEN = "An unmanned aircraft with explosives was brought down over the city on Sunday."


def topic(**more: object) -> TopicConfig:
    given = {
        "slug": "drones",
        "name": "Drones",
        "definition": "Attacks with drones, or defence against them.",
        "examples": list(INSIDE),
        "counter_examples": ["A fighter jet struck a cave in the mountains."],
    }
    return TopicConfig.model_validate({**given, **more})


@pytest.fixture(scope="session")
def posts():
    return background.posts(80)


@pytest.fixture(scope="session")
def others(model, posts):
    return Background.read(model.encoder, posts)
