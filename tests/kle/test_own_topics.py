"""Topics of one's own from kle.toml to tags, and what is left when they go."""

import json
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from classifier.own import background
from core import settings
from core.errors import SettingsError
from db import directory
from db.models import Tag, Topic
from kle import runtime
from tests.classifier.own.conftest import INSIDE, UNSEEN
from tests.kle.conftest import Kle
from tests.kle.test_archive_commands import out
from tests.kle.test_import import record, write_lines

OTHER = "The ambassador met the minister of defence in his office today."


def table(slug: str = "drones") -> str:
    return (
        f'[[topic]]\nslug = "{slug}"\nname = "Drones"\n'
        'definition = "Attacks with drones, or defence against them."\n'
        f"examples = {json.dumps(INSIDE, ensure_ascii=False)}\n"
    )


@pytest.fixture(autouse=True)
def _with_model(_no_model: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """The shipped model, and a background that is quickly read."""
    few = background.posts(80)
    monkeypatch.delenv("KLE_MODEL")
    monkeypatch.setattr(background, "posts", lambda: few)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "kle.toml").write_text(table(), "utf-8")
    return tmp_path


def told() -> dict[str, dict[str, Any]]:
    with runtime.archive() as (_, database), database.read() as session:
        return {topic["slug"]: topic for topic in directory.topics(session)}


def found(kle: Kle, query: str) -> list[str]:
    return [post["text"] for post in out(kle, "search", query)["items"]]


def test_an_own_topic_tags_and_when_it_goes_its_old_tags_stay(kle: Kle, home: Path) -> None:
    kle("import", write_lines(home / "posts.jsonl", [record(1, text=UNSEEN), record(2, text=OTHER)]))
    assert kle("classify").exit_code == 0
    assert found(kle, "topic:drones") == [UNSEEN]
    assert found(kle, "topic:key_leader_engagement") == [OTHER]
    shown = told()["drones"]
    assert shown["own"] and not shown["retired"] and shown["figures"]["examples"] == len(INSIDE)

    (home / "kle.toml").write_text("", "utf-8")
    assert kle("classify", "--all").exit_code == 0
    assert found(kle, "topic:drones") == []
    assert found(kle, "topic:key_leader_engagement") == [OTHER]
    left = told()["drones"]
    assert left["retired"] and not left["own"] and left["figures"] is None
    with runtime.archive() as (_, database), database.read() as session:
        ended = session.execute(select(Tag.valid_to).join(Topic).where(Topic.slug == "drones")).scalars().all()
    assert len(ended) == 2 and None not in ended
    assert out(kle, "verify")["ok"]


def test_an_own_topic_that_comes_later_gets_its_tags_by_another_digest(kle: Kle, tmp_path: Path) -> None:
    kle("import", write_lines(tmp_path / "posts.jsonl", [record(1, text=f"{OTHER} {UNSEEN}")]))
    models = []
    for config in ("", table()):
        (tmp_path / "kle.toml").write_text(config, "utf-8")
        assert kle("classify", "--all").exit_code == 0
        (post,) = out(kle, "search", "topic:key_leader_engagement")["items"]
        models.append({tag["topic"]: tag["model"] for tag in post["tags"]})
    assert "drones" not in models[0]
    assert models[1]["drones"] == models[1]["key_leader_engagement"] != models[0]["key_leader_engagement"]


def test_model_info_shows_what_the_topic_is_worth(kle: Kle, home: Path) -> None:
    said = out(kle, "model", "info")
    assert said["topics"]["drones"] < 1 and said["card"]["own_topics"]["drones"]["recall"]["value"] > 0.3
    shown = kle("model", "info").stdout
    assert "drones" in shown and "judged out of fold" in shown


def test_model_info_without_own_topics_does_not_speak_of_them(kle: Kle) -> None:
    assert "own topic" not in kle("model", "info").stdout.lower()


def test_evaluate_knows_the_own_topic(kle: Kle, home: Path) -> None:
    lines = [
        {"text": UNSEEN, "labels": ["drones"], "language": "en"},
        {"text": "Rain.", "labels": [], "language": "en"},
    ]
    (home / "labelled.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines), "utf-8")
    said = out(kle, "model", "evaluate", home / "labelled.jsonl")
    drones = said["topics"]["drones"]
    assert [drones[name] for name in ("precision", "recall", "f1", "support")] == [1, 1, 1, 1]


def test_a_slug_of_the_shipped_taxonomy_is_taken(tmp_path: Path) -> None:
    (tmp_path / "kle.toml").write_text(table("reform"), "utf-8")
    with pytest.raises(SettingsError, match=r"\[\[topic\]\] slug = 'reform': is the model's own"):
        runtime.model(settings.load())
    with pytest.raises(SettingsError, match="is the model's own"), runtime.archive(sync=True):
        pass


def test_without_a_model_the_topic_is_known_and_has_no_figures(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KLE_MODEL", "none")
    with runtime.archive(sync=True):
        assert told()["drones"]["own"] and told()["drones"]["figures"] is None


def test_figures_outlive_a_start_without_the_model(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with runtime.archive(sync=True) as (knobs, database):
        runtime.model(knobs, database)
    monkeypatch.setenv("KLE_MODEL", "none")
    with runtime.archive(sync=True):
        assert told()["drones"]["figures"]["examples"] == len(INSIDE)
