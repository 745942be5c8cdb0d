"""Topics as rows: those of the model, those of one's own, and those that left the configuration."""

from typing import Any

from core.settings import Settings
from db import directory
from db.database import Database

SHIPPED = [("reform", "Reform", "Unification of forces."), ("training", "Training", "Courses.")]
OWN = {"slug": "drones", "name": "Drones", "definition": "Attacks.", "examples": [f"Text {n}." for n in range(8)]}
FIGURES = {"drones": {"f1": {"value": 0.8, "low": 0.6, "high": 0.9}}}


def synced(database: Database, *own: dict[str, Any]) -> dict[str, dict[str, Any]]:
    settings = Settings(tables={"topic": list(own)})
    rows = [(topic.slug, topic.name, topic.definition) for topic in settings.topics]
    with database.write() as session:
        directory.sync_topics(session, settings, SHIPPED + rows)
    return topics(database)


def topics(database: Database) -> dict[str, dict[str, Any]]:
    with database.read() as session:
        return {topic["slug"]: topic for topic in directory.topics(session)}


def show(database: Database, figures: dict[str, Any]) -> None:
    with database.write() as session:
        directory.show_figures(session, figures)


def test_own_topics_come_after_those_of_the_model(database: Database) -> None:
    found = synced(database, OWN)
    assert [(t["slug"], t["own"], t["retired"]) for t in found.values()] == [
        ("reform", False, False),
        ("training", False, False),
        ("drones", True, False),
    ]


def test_figures_are_those_of_the_last_fit_and_stay_with_the_topic(database: Database) -> None:
    synced(database)
    synced(database, OWN)
    assert topics(database)["drones"]["figures"] is None
    show(database, {**FIGURES, "unknown": {}})
    assert synced(database, OWN)["drones"]["figures"] == FIGURES["drones"]
    assert "unknown" not in topics(database) and topics(database)["reform"]["figures"] is None
    show(database, {})
    assert topics(database)["drones"]["figures"] is None


def test_a_topic_that_left_is_retired_and_back_when_it_comes_again(database: Database) -> None:
    synced(database, OWN)
    show(database, FIGURES)
    left = synced(database)["drones"]
    assert (left["own"], left["retired"], left["figures"]) == (False, True, None)
    back = synced(database, {**OWN, "name": "Unmanned aircraft"})["drones"]
    assert (back["own"], back["retired"], back["name"]) == (True, False, "Unmanned aircraft")
