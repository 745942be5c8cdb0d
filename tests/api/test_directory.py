"""Topics, actors, accounts, references: what the configuration says, in the forms of their schemas."""

import pytest

from api.schemas import of_archive
from tests.api.site import TOPICS


@pytest.mark.parametrize(
    ("name", "form"),
    [
        ("topics", of_archive.Topics),
        ("actors", of_archive.Actors),
        ("accounts", of_archive.Accounts),
        ("references", of_archive.References),
        ("sources", of_archive.Sources),
        ("runs", of_archive.Runs),
    ],
)
def test_every_list_is_in_the_form_of_its_schema(inside, name, form):
    answer = inside.get(f"/api/v1/{name}").json()
    assert form.model_validate(answer).items
    assert set(answer) - {"storage"} == {"items", "next_cursor"}


def test_topics_come_in_the_order_of_the_taxonomy(inside):
    items = inside.get("/api/v1/topics").json()["items"]
    assert [(t["slug"], t["name"], t["definition"]) for t in items] == TOPICS


def test_a_topic_of_the_model_is_not_an_own_one_and_has_no_figures(inside):
    for topic in inside.get("/api/v1/topics").json()["items"]:
        assert (topic["own"], topic["retired"], topic["figures"]) == (False, False, None)


def test_the_example_of_figures_fits_its_schema():
    one = {"value": 0.8, "low": 0.6, "high": 1.0}
    told = {"examples": 9, "counter_examples": 2, "background": 600, "as_if_share": 0.05}
    figures = {**told, "precision": one, "recall": one, "f1": one, "average_precision": one}
    assert of_archive.TopicFigures.model_validate(figures).model_dump() == figures


def test_an_actor_names_its_accounts(inside):
    (actor,) = inside.get("/api/v1/actors").json()["items"]
    assert [a["handle"] for a in actor["accounts"]] == ["@office.example"]


def test_an_account_counts_its_posts(inside):
    items = {a["handle"]: a for a in inside.get("/api/v1/accounts").json()["items"]}
    assert items["@brigade.example"]["posts"] == 1
    assert items["@office.example"]["actor"] == "office"


def test_references_keep_their_precision_and_figures(inside):
    items = {r["title"]: r for r in inside.get("/api/v1/references").json()["items"]}
    assert items["Report of a summer"]["figures"] == {"counted": 72000}
    assert items["Memorandum of a year"]["date_precision"] == "year"
    assert items["Plan without a date"]["date"] is None
