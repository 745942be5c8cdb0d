"""Another maker's model by KLE_MODEL, from the settings to tags."""

import json

import pytest

from classifier.foreign.model import Foreign
from classifier.model import Model
from classifier.own import background
from core import settings
from core.errors import SettingsError
from kle import runtime
from tests.classifier.own.conftest import UNSEEN, topic
from tests.kle.conftest import _logs_as_they_were, kle  # noqa: F401  the terminal
from tests.kle.test_import import record, write_lines

pytestmark = pytest.mark.usefixtures("torch")


def test_kle_model_names_another_makers_folder(monkeypatch, tuned):
    monkeypatch.setenv("KLE_MODEL", str(tuned))
    found = runtime.model(settings.load())
    assert isinstance(found, Foreign) and found.path == tuned


def test_the_settings_say_what_labels_mean_and_from_where_to_tag(make, tmp_path):
    folder = make(("LABEL_0", "LABEL_1"))
    (tmp_path / "kle.toml").write_text(f'model = "{folder}"\nmodel_threshold = 0.7\n', "utf-8")
    with pytest.raises(SettingsError, match=r"KLE_MODEL = .*its label 'LABEL_0' is no topic.*model_labels"):
        runtime.model(settings.load())
    with (tmp_path / "kle.toml").open("a", encoding="utf-8") as file:
        file.write('[model_labels]\nLABEL_0 = "stability"\nLABEL_1 = "none"\n')
    found = runtime.model(settings.load())
    assert found and found.topics == ("stability",) and found.thresholds.tolist() == [0.7]


def test_its_tags_are_stored_searched_and_named_by_its_digest(monkeypatch, kle, tuned, tmp_path):  # noqa: F811
    monkeypatch.setenv("KLE_MODEL", str(tuned))
    kle(
        "import",
        write_lines(tmp_path / "posts.jsonl", [record(1, text="A plan of reform."), record(2, text="Rain.")]),
    )
    assert kle("classify").exit_code == 0
    (post,) = json.loads(kle("search", "topic:reform", "--json").stdout)["items"]
    (tag,) = [tag for tag in post["tags"] if tag["decision"] == "tagged"]
    assert (
        tag["topic"] == "reform" and post["text"][tag["evidence"]["start"] : tag["evidence"]["end"]] == post["text"]
    )
    info = json.loads(kle("model", "info", "--json").stdout)
    assert info["digest"] == tag["model"] and info["topics"] == {"training": 0.5, "reform": 0.5}


def test_own_topics_stand_beside_it_on_the_shipped_encoder(monkeypatch, tuned, tmp_path):
    few = background.posts(60)
    monkeypatch.setattr(background, "posts", lambda: few)
    monkeypatch.setenv("KLE_MODEL", str(tuned))
    own = topic().model_dump()
    table = "\n".join(f"{name} = {json.dumps(value, ensure_ascii=False)}" for name, value in own.items())
    (tmp_path / "kle.toml").write_text(f"[[topic]]\n{table}\n", "utf-8")
    found = runtime.model(settings.load())
    assert found and not isinstance(found, Model) and found.topics == ("training", "reform", "drones")
    assert found.predict([UNSEEN])[0].tagged >= {"drones"}
    assert found.predict(["A plan of reform."])[0].tagged >= {"reform"}
