"""How every command starts: configuration as rows where it should be, and the model that the setting names."""

from pathlib import Path

import huggingface_hub
import pytest

from classifier.model import SHIPPED
from core import settings, times
from core.errors import SettingsError
from db import directory, sources
from kle import runtime
from tests.kle.conftest import SOURCE


def load(model: str) -> settings.Settings:
    return settings.load().model_copy(update={"model": model})


def test_archive_knows_the_topics_before_anything_is_collected() -> None:
    with runtime.archive() as (_, database), database.read() as session:
        assert len(directory.topics(session)) == 10


def test_command_that_only_reads_leaves_the_sources_alone(office: Path) -> None:
    with runtime.archive(sync=True):
        pass
    (office / "kle.toml").write_text(SOURCE.replace('"office"', '"other"'), "utf-8")
    with runtime.archive() as (_, database), database.read() as session:
        assert [s["name"] for s in sources.list_sources(session, times.now()) if s["enabled"]] == ["office"]


def test_none_switches_the_model_off() -> None:
    assert runtime.model(load("none")) is None


def test_empty_setting_is_the_shipped_model() -> None:
    loaded = runtime.model(load(""))
    assert loaded and loaded.path == SHIPPED


def test_name_of_the_hub_is_fetched_from_there(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    monkeypatch.setattr(huggingface_hub, "snapshot_download", lambda name, **_: asked.append(name) or str(SHIPPED))
    loaded = runtime.model(load("somebody/topics"))
    assert loaded and loaded.path == SHIPPED and asked == ["somebody/topics"]


def test_model_that_is_nowhere_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def absent(name: str, **_: object) -> str:
        raise OSError(f"cannot reach {name}")

    monkeypatch.setattr(huggingface_hub, "snapshot_download", absent)
    for name in ("nowhere", "some/where"):
        with pytest.raises(SettingsError, match=f"KLE_MODEL = '{name}': no such folder"):
            runtime.model(load(name))


def test_folder_without_a_model_is_a_wrong_setting(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="KLE_MODEL = "):
        runtime.model(load(str(tmp_path)))
